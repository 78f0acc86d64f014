//! `top` in a terminal, beside a daemon under load.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::daemon::{Daemon, cachectl, text};
use crate::tmux::Terminal;

/// Clients that store and ask until they are dropped.
struct Load {
    stops: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    fn on(address: SocketAddr) -> Load {
        let stops = Arc::new(AtomicBool::new(false));
        let clients = (0..3).map(|number| {
            let stops = Arc::clone(&stops);
            thread::spawn(move || {
                while !stops.load(Ordering::Relaxed) {
                    // An operator may end a connection: another takes its place.
                    let _ = requests(address, number, &stops);
                }
            })
        });
        Load {
            clients: clients.collect(),
            stops,
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::Relaxed);
        for client in self.clients.drain(..) {
            let _ = client.join();
        }
    }
}

fn requests(address: SocketAddr, client: usize, stops: &AtomicBool) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut replies = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    for number in 0_u64.. {
        if stops.load(Ordering::Relaxed) {
            break;
        }
        let key = format!("client{client}:{}", number % 100);
        // Of the keys asked for, half are there.
        let absent = number % 2;
        // Processors that are never idle have been seen to leave a screen waiting for a minute.
        thread::sleep(Duration::from_millis(1));
        let lines = format!("set {key} 0 60 5\r\nvalue\r\nget {key}{absent}\r\nget {key}\r\n");
        stream.write_all(lines.as_bytes())?;
        let mut ends = 0;
        while ends < 3 {
            line.clear();
            if replies.read_line(&mut line)? == 0 {
                return Ok(());
            }
            ends += usize::from(line == "STORED\r\n" || line == "END\r\n");
        }
    }
    Ok(())
}

fn top(daemon: &Daemon, words: &str) -> String {
    let program = env!("CARGO_BIN_EXE_cachectl");
    let socket = text(&daemon.socket());
    format!("{program} --socket {socket} top --interval 200ms {words}")
}

/// The screen with this number is shown, and says this.
fn shows(screen: &str, number: usize, words: &[&str]) -> bool {
    let tab = format!("[{number} ");
    screen.contains(&tab) && words.iter().all(|words| screen.contains(words))
}

#[test]
fn a_connection_would_be_ended_that_nobody_pointed_at() {
    let daemon = Daemon::start(&[]);
    let _load = Load::on(daemon.address("memcached"));
    let terminal = Terminal::run(&top(&daemon, "--screen connections"), 80, 24);
    terminal.wait_for("three connections", |screen| screen.contains("3 of 1024"));
    terminal.press(&["K", "n"]);
    terminal.wait_for("that all are left", |screen| screen.contains("3 of 1024"));
    terminal.press(&["K"]);
    let question = terminal.wait_for("a question", |screen| screen.contains("End connection"));
    let (_, rest) = question.split_once("End connection ").expect("just seen");
    let (id, _) = rest.split_once('?').expect("it is a question");
    terminal.press(&["y"]);
    let ended = format!("connection {id} is ended");
    terminal.wait_for(&ended, |screen| screen.contains(&ended));
    let told = daemon.operate(&["stats", "cached"]).out;
    let killed = told.lines().find(|line| line.starts_with("closed_killed"));
    let killed: Vec<_> = killed.expect("a row").split_whitespace().collect();
    assert_eq!(killed[1], "1", "{told}");
}

#[test]
fn typing_through_the_screens_would_not_show_them() {
    let daemon = Daemon::start(&[]);
    let _load = Load::on(daemon.address("memcached"));
    let terminal = Terminal::run(&top(&daemon, ""), 80, 24);
    // What each says of this daemon under this load.
    let screens: &[&[&str]] = &[
        &[
            "Requests ",
            "/s ",
            "Hit ratio ",
            "p99 ",
            "3 of 1024 connections",
            "Alarms none",
        ],
        &["Commands (now) 2", "get ", "store ", "▼"],
        &["live of 64MiB", "Segments by TTL 1", "to 1m0"],
        &["Expired items 0/s", "TTLs 1", "to 1m0"],
        &["Keys (by requests)", "one in 100"],
        &["3 of 1024 connections", "127.0.0.1:", "reading"],
        &["TLS is not spoken", "--tls-listen"],
        &["server.listen", "--port", "restart"],
        &["Lines ", "notice", "listening on 127.0.0.1:"],
    ];
    for (columns, lines) in [("80", "24"), ("140", "45"), ("80", "24")] {
        terminal.tmux(&["resize-window", "-x", columns, "-y", lines]);
        for (number, words) in (1..).zip(screens) {
            terminal.press(&[&number.to_string()]);
            let what = format!("screen {number} with {words:?} at {columns}x{lines}");
            terminal.wait_for(&what, |screen| shows(screen, number, words));
        }
        terminal.press(&["1"]);
        for number in (1..=screens.len()).cycle().skip(1).take(screens.len()) {
            terminal.press(&["Tab"]);
            terminal.wait_for("the next screen", |screen| shows(screen, number, &[]));
        }
    }
    terminal.tmux(&["resize-window", "-x", "39", "-y", "10"]);
    terminal.wait_for("that it is too small", |screen| {
        screen.contains("39x10 is too small")
    });
}

#[test]
fn the_keys_of_a_table_would_do_something_else() {
    let daemon = Daemon::start(&[]);
    let _load = Load::on(daemon.address("memcached"));
    let terminal = Terminal::run(&top(&daemon, "--screen commands"), 80, 24);
    let rows = |screen: &str| -> Vec<String> {
        let table = screen
            .lines()
            .skip_while(|line| !line.starts_with("command "));
        let rows = table.skip(1).take_while(|line| !line.is_empty());
        rows.filter_map(|row| Some(row.split_whitespace().next()?.to_owned()))
            .collect()
    };
    terminal.wait_for("two commands", |screen| rows(screen) == ["get", "store"]);
    terminal.press(&["r"]);
    terminal.wait_for("the other order", |screen| rows(screen) == ["store", "get"]);
    terminal.write("/GE");
    terminal.wait_for("one command", |screen| {
        rows(screen) == ["get"] && screen.contains("filter: GE")
    });
    terminal.press(&["Enter"]);
    terminal.press(&["Enter"]);
    terminal.wait_for("its details", |screen| screen.contains("own_p99"));
    terminal.press(&["Escape"]);
    terminal.wait_for("the table", |screen| rows(screen) == ["get"]);
    terminal.press(&["Escape"]);
    terminal.wait_for("both commands", |screen| rows(screen) == ["store", "get"]);
    terminal.press(&["?"]);
    terminal.wait_for("the help", |screen| screen.contains("Help "));
    terminal.press(&["?"]);
    terminal.press(&["Space"]);
    let frozen = terminal.wait_for("that it is frozen", |screen| screen.contains("[FROZEN]"));
    let later = terminal.screen();
    assert_eq!(frozen, later);
    terminal.press(&["Space", "+"]);
    terminal.wait_for("a longer interval", |screen| {
        screen.contains("every 500ms") && !screen.contains("FROZEN")
    });
}

#[test]
fn an_order_would_not_reach_the_server_or_do_so_unasked() {
    let daemon = Daemon::start(&[]);
    let terminal = Terminal::run(&top(&daemon, ""), 80, 24);
    terminal.wait_for("the server", |screen| screen.contains(" up "));
    terminal.press(&["R"]);
    terminal.wait_for("a question", |screen| {
        screen.contains("its configuration again?")
    });
    terminal.press(&["y"]);
    terminal.wait_for("what became of the settings", |screen| {
        screen.contains("What became of the settings") && screen.contains("unchanged")
    });
    terminal.press(&["q"]);

    let stats = daemon.operate(&["stats", "cached"]).out;
    let host = stats.lines().find(|line| line.starts_with("host "));
    let host = host.and_then(|line| line.split_whitespace().nth(1));
    let host = host.expect("it tells its host").to_owned();
    let server = daemon.address("memcached").to_string();
    let ask = |words: &[&str]| cachectl(&[words, &["--server", &server]].concat(), b"");
    assert_eq!(ask(&["set", "key", "value"]).status, Some(0));
    terminal.press(&["F"]);
    terminal.wait_for("a question", |screen| screen.contains("and Enter:"));
    terminal.write("elsewhere");
    terminal.press(&["Enter"]);
    terminal.wait_for("that it is not flushed", |screen| {
        screen.contains("nothing was flushed")
    });
    assert_eq!(ask(&["get", "key"]).out, "value");
    terminal.press(&["F"]);
    terminal.wait_for("a question", |screen| screen.contains("and Enter:"));
    terminal.write(&host);
    terminal.press(&["Enter"]);
    terminal.wait_for("that it is flushed", |screen| {
        screen.contains("everything is flushed")
    });
    assert_eq!(ask(&["get", "key"]).status, Some(1));
}

#[test]
fn a_server_that_starts_again_would_be_lost() {
    let daemon = Daemon::start(&[]);
    let pid = daemon.pid();
    let terminal = Terminal::run(&top(&daemon, ""), 80, 24);
    terminal.wait_for("the server", |screen| screen.contains("Process "));
    let stopped = Command::new("kill")
        .args(["-STOP", &pid.to_string()])
        .status();
    assert!(stopped.expect("kill").success());
    terminal.wait_for("since when it is silent", |screen| {
        screen.contains("!! no answer for ")
    });
    let _daemon = daemon.restart(&[]);
    terminal.wait_for("that it is back", |screen| {
        !screen.contains("no answer") && screen.contains("Alarms none")
    });
}

#[test]
fn the_terminal_would_not_be_as_it_was() {
    let daemon = Daemon::start(&[]);
    let endings: [(&str, &str); 5] = [
        ("q", "0"),
        ("TERM", "143"),
        ("INT", "130"),
        ("HUP", "129"),
        ("QUIT", "131"),
    ];
    for (ending, status) in endings {
        // The files' folder is known only once there is the terminal.
        let script = format!(
            "cd \"${{TMUX%/*}}\"; stty -g > before; {}; echo $? > status; stty -g > after",
            top(&daemon, "")
        );
        let terminal = Terminal::run(&script, 80, 24);
        terminal.wait_for("the server", |screen| screen.contains(" up "));
        assert_eq!(terminal.tmux(&["display", "-p", "#{alternate_on}"]), "1\n");
        if ending == "q" {
            terminal.press(&["q"]);
        } else {
            let shell = terminal.tmux(&["display", "-p", "#{pane_pid}"]);
            let shell = shell.trim_end();
            let children = format!("/proc/{shell}/task/{shell}/children");
            let children = std::fs::read_to_string(children).expect("the shell is there");
            let killed = Command::new("kill")
                .args(["-s", ending, children.trim_end()])
                .status();
            assert!(killed.expect("kill").success());
        }
        let after = terminal.wait_for_line(&terminal.file("after"));
        let before = terminal.wait_for_line(&terminal.file("before"));
        assert_eq!(after, before, "after {ending}");
        let said = terminal.wait_for_line(&terminal.file("status"));
        assert_eq!(said, status, "after {ending}");
        let seen = terminal.tmux(&["display", "-p", "#{alternate_on} #{cursor_flag}"]);
        assert_eq!(seen, "0 1\n", "after {ending}");
    }
}

#[test]
fn a_suspended_screen_would_not_make_room_or_not_come_back() {
    let daemon = Daemon::start(&[]);
    let script = format!(
        "cd \"${{TMUX%/*}}\"; set -m; stty -g > before; {}; stty -g > meanwhile; fg; echo $? > status",
        top(&daemon, "")
    );
    let terminal = Terminal::run(&script, 80, 24);
    terminal.wait_for("the server", |screen| screen.contains(" up "));
    terminal.press(&["C-z"]);
    let meanwhile = terminal.wait_for_line(&terminal.file("meanwhile"));
    let before = terminal.wait_for_line(&terminal.file("before"));
    assert_eq!(meanwhile, before);
    terminal.wait_for("the server again", |screen| {
        shows(screen, 1, &["Alarms none"])
    });
    terminal.press(&["q"]);
    let status = terminal.wait_for_line(&terminal.file("status"));
    assert_eq!(status, "0");
}

#[test]
fn a_screen_as_text_or_a_recording_would_not_be_the_servers() {
    let daemon = Daemon::start(&[]);
    let _load = Load::on(daemon.address("memcached"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("top.jsonl");
    let once = [
        "top",
        "--once",
        "--interval",
        "200ms",
        "--screen",
        "commands",
    ];
    let recorded = daemon.operate(&[&once[..], &["--record", &text(&file)]].concat());
    assert_eq!(recorded.status, Some(0), "{recorded:?}");
    assert!(recorded.out.contains("\nget "), "{}", recorded.out);
    assert_eq!(recorded.out.lines().count(), 24);

    drop(daemon);
    let replayed = cachectl(&[&once[..], &["--replay", &text(&file)]].concat(), b"");
    // The first two lines say where it is from.
    let screen = |out: &str| -> Vec<String> { out.lines().skip(2).map(str::to_owned).collect() };
    let (recorded, replayed) = (screen(&recorded.out), screen(&replayed.out));
    assert_eq!(replayed[..21], recorded[..21]);
}

#[test]
fn top_would_draw_where_there_is_no_terminal() {
    let daemon = Daemon::start(&[]);
    let said = daemon.operate(&["top"]);
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains("--once"), "{said:?}");
    assert!(said.err.contains("watch"), "{said:?}");
    let missing = daemon.operate(&["top", "--once", "--replay", "/nonexistent"]);
    assert_eq!(missing.status, Some(2), "{missing:?}");
    let interval = daemon.operate(&["top", "--once", "--interval", "1ms"]);
    assert_eq!(interval.status, Some(2), "{interval:?}");
}
