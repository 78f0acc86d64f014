use std::fs;
use std::time::Duration;

use super::*;
use crate::tls::fixture as tls;

/// A file, and the command line that names it before `flags`.
fn started_with(text: &str, flags: &[&str]) -> (tempfile::NamedTempFile, Vec<OsString>) {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), text).expect("written");
    let mut args: Vec<_> = ["cached", "--config"].map(OsString::from).into();
    args.push(file.path().into());
    args.extend(flags.iter().map(OsString::from));
    (file, args)
}

fn fate(changes: &[Change], key: &str) -> Fate {
    let change = changes.iter().find(|change| change.key == key);
    change.expect("every key").fate
}

#[test]
fn a_setting_would_be_changed_that_needs_a_restart_or_one_be_left_that_does_not() {
    let (file, args) = started_with("[server]\nport = 1\n", &["--idle-timeout", "7s"]);
    let reloader = fixture::reloader(args, None);
    let text = "[server]\nport = 2\n[limits]\nmax_connections = 2000\nidle_timeout = \"8s\"\n";
    fs::write(file.path(), text).expect("written");
    let changes = reloader
        .reload(Certificates::IfChanged)
        .expect("a good file");
    assert_eq!(fate(&changes, "server.port"), Fate::Restart);
    assert_eq!(fate(&changes, "limits.max_connections"), Fate::Applied);
    let kept = fate(&changes, "limits.idle_timeout");
    assert_eq!(kept, Fate::Unchanged, "an option goes before the file");
    let config = &reloader.live.now().config;
    assert_eq!((config.port, config.max_connections), (1, 2000));
    assert_eq!(config.idle_timeout, Some(Duration::from_secs(7)));

    let changes = reloader
        .reload(Certificates::IfChanged)
        .expect("a good file");
    assert_eq!(fate(&changes, "server.port"), Fate::Restart, "still");
    assert_eq!(fate(&changes, "limits.max_connections"), Fate::Unchanged);
}

#[test]
fn a_bad_file_would_change_something() {
    let (file, args) = started_with("[limits]\nmax_connections = 10\n", &[]);
    let reloader = fixture::reloader(args, None);
    let before = reloader.live.now();
    for (text, why) in [
        (
            "[limits]\nmax_connections = 11\nidle_timeuot = \"1s\"\n",
            ":3:1: limits.idle_timeuot: unknown key; did you mean limits.idle_timeout?",
        ),
        (
            "[limits]\nmax_connections = 11\ninput_buffer = \"1B\"\n",
            ":3:16: limits.input_buffer: must be from 4KiB to 256KiB, not 1B",
        ),
        (
            "[limits]\nmax_connections = 11\nmax_request_line = \"64MiB\"\n",
            "need session buffers",
        ),
    ] {
        fs::write(file.path(), text).expect("written");
        let refusal = reloader.reload(Certificates::Always).expect_err("refused");
        let says_so = refusal.starts_with("nothing is changed: ");
        assert!(says_so && refusal.contains(why), "{refusal}");
        assert!(Arc::ptr_eq(&before, &reloader.live.now()));
    }
    assert_eq!(reloader.history.read().failed, 3);
    assert!(reloader.history.read().last_failed);
}

#[test]
fn connections_beyond_the_open_files_would_be_promised() {
    let (file, args) = started_with("[limits]\nmax_connections = 10\n", &[]);
    let reloader = fixture::reloader(args, None);
    fs::write(file.path(), "[limits]\nmax_connections = 1048576\n").expect("written");
    match reloader.reload(Certificates::IfChanged) {
        // Where the system lets a process have a million of them.
        Ok(_) => assert!(process::raise_open_files(0).expect("a limit") > 1 << 20),
        Err(why) => {
            assert!(
                why.contains("limits.max_connections: 1048576 need"),
                "{why}"
            );
            assert_eq!(reloader.live.now().config.max_connections, 10);
        }
    }
}

#[test]
fn what_holds_between_two_settings_would_be_lost_when_one_needs_a_restart() {
    let files = tls::tls();
    let (file, mut args) = started_with("", &["--admin-socket", "off"]);
    args.extend(files.arguments().into_iter().skip(1));
    // TLS is on by an option, and the file takes the certificates away from under it.
    let reloader = fixture::reloader(args.clone(), Some(Arc::clone(&files.tls)));
    let without: Vec<_> = args[..args.len() - 6].to_vec();
    let reloader = Reloader {
        args: without,
        ..reloader
    };
    fs::write(file.path(), "[limits]\nmax_connections = 11\n").expect("written");
    let why = reloader.reload(Certificates::Always).expect_err("refused");
    assert!(why.contains("TLS needs a certificate"), "{why}");
    assert_eq!(reloader.live.now().config.max_connections, 1024);
}

#[test]
fn certificates_that_are_the_same_would_make_tickets_void() {
    let files = tls::tls();
    let reloader = fixture::reloader(files.arguments(), Some(Arc::clone(&files.tls)));
    for (certificates, reloads) in [(Certificates::IfChanged, 0), (Certificates::Always, 1)] {
        reloader.reload(certificates).expect("good files");
        assert_eq!(files.tls.status().reloads, reloads);
    }
    files.renew(80);
    reloader
        .reload(Certificates::IfChanged)
        .expect("good files");
    assert_eq!(files.tls.status().reloads, 2);
    files.spoil();
    let why = reloader.reload(Certificates::IfChanged);
    assert!(why.expect_err("nonsense").contains("server.pem"));
    assert_eq!(files.tls.status().failed_reloads, 1);
}

#[test]
fn other_settings_of_tls_would_wait_for_other_certificates() {
    let files = tls::tls();
    let args = files.arguments();
    let reloader = fixture::reloader(args.clone(), Some(Arc::clone(&files.tls)));
    let more = ["--tls-min-version", "1.3"].map(OsString::from);
    let reloader = Reloader {
        args: args.into_iter().chain(more).collect(),
        ..reloader
    };
    let changes = reloader.reload(Certificates::IfChanged).expect("sound");
    assert_eq!(fate(&changes, "tls.min_version"), Fate::Applied);
    assert_eq!(files.tls.status().reloads, 1);
}

#[test]
fn certificates_would_be_told_to_be_in_effect_where_tls_is_not_spoken() {
    let (file, args) = started_with("", &[]);
    let reloader = fixture::reloader(args, None);
    let text = "[tls]\nlisten = [\"127.0.0.1:0\"]\ncert = [\"none.pem\"]\nkey = [\"none.pem\"]\n";
    fs::write(file.path(), text).expect("written");
    let changes = reloader.reload(Certificates::Always).expect("a good file");
    for key in ["tls.listen", "tls.cert", "tls.key"] {
        assert_eq!(fate(&changes, key), Fate::Restart, "{key}");
    }
    assert!(reloader.live.now().config.tls.certificates.is_empty());
}
