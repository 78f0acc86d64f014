//! A daemon of its own for one test, and the program that asks it.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use net::tls::authority::{Authority, Terms};

/// How long a daemon may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// The daemon's program, built once, with the flags of the tests.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let built = escargot::CargoBuild::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .package("cached")
        .bin("cached")
        .run();
    built.expect("cached can be built").path().to_owned()
});

type Listening = Arc<Mutex<Vec<(String, String)>>>;

/// Listens on free loopback ports and on an admin socket in a folder of its own; stopped by its pid
/// when dropped.
pub(crate) struct Daemon {
    child: Child,
    /// Every address that it has said to listen on, and for whom.
    listening: Listening,
    folder: tempfile::TempDir,
}

impl Daemon {
    /// One that speaks to clients without TLS.
    pub(crate) fn start(flags: &[&str]) -> Daemon {
        Daemon::start_in(tempfile::tempdir().expect("a folder"), flags)
    }

    /// One that speaks TLS to clients besides; `authority.pem` in its folder is who vouches for it,
    /// and whom it trusts if `flags` have it ask for certificates.
    pub(crate) fn start_secure(flags: &[&str]) -> Daemon {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new("the authority of the test").expect("an authority");
        let authorities = authority.write(folder.path(), "authority");
        let authorities = text(&authorities.expect("a file"));
        let signed = authority.issue(&Terms::new(&["127.0.0.1", "localhost"]));
        let signed = signed.expect("a certificate");
        let (certificate, key) = signed.write(folder.path(), "server").expect("two files");
        let (certificate, key) = (text(&certificate), text(&key));
        #[rustfmt::skip]
        let mut secure = vec!["--tls-listen", "127.0.0.1:0", "--tls-cert", &certificate, "--tls-key", &key];
        if flags.contains(&"--tls-client-auth") {
            secure.extend(["--tls-ca", &authorities]);
        }
        secure.extend(flags);
        Daemon::start_in(folder, &secure)
    }

    /// With the admin socket in `folder`, once it listens there.
    pub(crate) fn start_in(folder: tempfile::TempDir, flags: &[&str]) -> Daemon {
        let mut child = Command::new(&*PROGRAM)
            .args(["-p", "0", "-l", "127.0.0.1", "--admin-socket"])
            .arg(folder.path().join("admin.sock"))
            .args(flags)
            .env_remove("XDG_RUNTIME_DIR")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the daemon starts");
        let daemon = Daemon {
            listening: listening(&mut child),
            child,
            folder,
        };
        let socket = text(&daemon.socket());
        daemon.wait_for(|(address, _)| *address == socket);
        daemon
    }

    /// The TCP address where it listens for those whom it calls so: `memcached`, `memcached, tls`,
    /// `admin`, `admin, tls`.
    pub(crate) fn address(&self, whom: &str) -> SocketAddr {
        let (address, _) = self.wait_for(|(address, listens)| {
            listens == whom && address.parse::<SocketAddr>().is_ok()
        });
        address.parse().expect("an address")
    }

    /// What it says of an address.
    fn wait_for(&self, is_meant: impl Fn(&(String, String)) -> bool) -> (String, String) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let said = self.listening.lock().expect("no reader panicked");
            if let Some(told) = said.iter().find(|told| is_meant(told)) {
                return told.clone();
            }
            drop(said);
            thread::sleep(Duration::from_millis(2));
        }
        panic!("the daemon does not say where it listens");
    }

    /// Where its admin socket is.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("admin.sock")
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs cachectl with `words`, as an operator of this daemon.
    pub(crate) fn operate(&self, words: &[&str]) -> Said {
        let socket = text(&self.socket());
        cachectl(&[&["--socket", &socket], words].concat(), b"")
    }

    /// Ends it at once, and starts another one with the same folder.
    pub(crate) fn restart(self, flags: &[&str]) -> Daemon {
        let mut this = self;
        this.end();
        let folder = tempfile::tempdir().expect("a folder");
        let folder = std::mem::replace(&mut this.folder, folder);
        Daemon::start_in(folder, flags)
    }

    fn end(&mut self) {
        // It may have ended already; the pid is ours until it is waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a run of cachectl came to.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs cachectl with `words`, and `input` as its standard input.
pub(crate) fn cachectl(words: &[&str], input: &[u8]) -> Said {
    let output = run(words, input);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Said {
        status: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// As [`cachectl`], for what it prints byte for byte.
pub(crate) fn run(words: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cachectl"))
        .args(words)
        .env_remove("XDG_RUNTIME_DIR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cachectl runs");
    // Not every command reads it.
    let _ = child.stdin.take().expect("it is piped").write_all(input);
    child.wait_with_output().expect("cachectl ends")
}

/// `path` as a word of a command line.
pub(crate) fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

/// Reads standard error to its end, and gathers the addresses in it.
fn listening(child: &mut Child) -> Listening {
    let stderr = child.stderr.take().expect("standard error is piped");
    let listening = Listening::default();
    let gathered = Arc::clone(&listening);
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let told = line
                .strip_prefix("cached: listening on ")
                .and_then(|rest| rest.strip_suffix(')')?.split_once(" ("));
            match told {
                Some((address, whom)) => {
                    let told = (address.to_owned(), whom.to_owned());
                    gathered.lock().expect("no reader panicked").push(told);
                }
                None => eprintln!("{line}"),
            }
        }
    });
    listening
}
