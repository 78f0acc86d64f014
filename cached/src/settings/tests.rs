mod include;
mod memcached;
mod pages;
mod tls;

use std::io::Write;

use super::*;
use crate::worker;

fn run(args: &[&str]) -> Result<Command, UsageError> {
    let words = ["cached"].iter().chain(args);
    load(words.map(OsString::from))
}

fn config(args: &[&str]) -> Config {
    match run(args).expect("a sound configuration") {
        Command::Serve(effective, _) => effective.config,
        Command::Print(text) => panic!("asked to print {text}"),
    }
}

fn refusal(args: &[&str]) -> String {
    run(args).expect_err("refused").to_string()
}

fn printed(args: &[&str]) -> String {
    match run(args).expect("a sound configuration") {
        Command::Print(text) => text,
        Command::Serve(..) => panic!("asked to serve"),
    }
}

/// A configuration file with `text`, and the arguments that name it.
fn file(text: &str) -> (tempfile::NamedTempFile, String) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("written");
    let argument = format!("--config={}", file.path().display());
    (file, argument)
}

fn refused_file(text: &str) -> String {
    let (file, argument) = file(text);
    let refusal = refusal(&[&argument]);
    let path = file.path().display().to_string();
    refusal
        .strip_prefix(&path)
        .map(str::to_owned)
        .unwrap_or(refusal)
}

#[test]
fn defaults_are_those_of_memcached_on_loopback() {
    let config = config(&[]);
    assert_eq!(config.memory, 64 << 20);
    assert_eq!(config.max_connections, 1024);
    assert_eq!(config.max_item_size, 1 << 20);
    let address = config.listen[0].resolve(config.port).unwrap()[0];
    assert_eq!(address.to_string(), "127.0.0.1:11211");
}

#[test]
fn a_memcached_command_line_keeps_its_meaning() {
    let config = config(&[
        "-m",
        "128",
        "-p",
        "11300",
        "-c",
        "2000",
        "-t",
        "3",
        "-I",
        "2m",
        "-u",
        "nobody",
        "-l",
        "127.0.0.1,::1",
        "-l",
        "notls:localhost:11400",
        "-vv",
        "-p",
        "11301",
    ]);
    assert_eq!(config.memory, 128 << 20);
    assert_eq!(config.port, 11301, "the last one counts");
    assert_eq!(config.max_connections, 2000);
    assert_eq!(config.workers(), 3);
    assert_eq!(config.max_item_size, 2 << 20);
    assert_eq!(config.user.as_deref(), Some("nobody"));
    assert_eq!(config.listen.len(), 3);
    assert_eq!(config.verbosity, 2);
}

#[test]
fn a_unix_socket_alone_turns_tcp_off() {
    assert!(config(&["-s", "/tmp/c.sock"]).listen.is_empty());
    assert_eq!(config(&["-s", "/tmp/c.sock", "-p", "1"]).listen.len(), 1);
    assert_eq!(config(&["-s", "/tmp/c.sock", "-l", "::1"]).listen.len(), 1);
}

#[test]
fn flags_override_the_file_and_the_file_the_defaults() {
    let (_file, argument) = file("[server]\nport = 1\nthreads = 2\n[store]\nmemory = \"1GiB\"\n");
    let config = config(&["-p", "9", &argument]);
    assert_eq!(config.port, 9);
    assert_eq!(config.workers(), 2);
    assert_eq!(config.memory, 1 << 30);
    assert_eq!(config.max_connections, 1024);
}

#[test]
fn a_wrong_file_is_refused_with_place_and_key() {
    for (text, wanted) in [
        (
            "[server]\nprot = 1\n",
            ":2:1: server.prot: unknown key; did you mean server.port?",
        ),
        (
            "[sever]\nport = 1\n",
            ":1:2: sever: unknown section; did you mean server?",
        ),
        (
            "port = 1\n",
            ":1:1: port: a key must stand in a section; did you mean server.port?",
        ),
        (
            "[server]\nport = 70000\n",
            ":2:8: server.port: must be from 0 to 65535, not 70000",
        ),
        (
            "[server]\nport = \"x\"\n",
            ":2:8: server.port: must be a whole number, not a string",
        ),
        (
            "[store]\nmemory = 64\n",
            ":2:10: store.memory: must say its unit, as in \"64MiB\"",
        ),
        ("[zzz]\n", ":1:2: zzz: unknown section"),
    ] {
        assert_eq!(refused_file(text), wanted, "{text}");
    }
    let twice = refused_file("[server]\nport = 1\nport = 2\n");
    assert!(
        twice.starts_with(":3:1: ") && twice.contains("duplicate"),
        "{twice}"
    );
    let broken = refused_file("[server\n");
    assert!(broken.starts_with(":1:"), "{broken}");
    assert!(refusal(&["--config", "/nowhere/c.toml"]).starts_with("cannot read /nowhere/c.toml"));
}

#[test]
fn a_wrong_flag_is_refused_in_one_sentence() {
    for (args, wanted) in [
        (&["-p", "x"][..], "--port must be a whole number, not \"x\""),
        (&["-t", "0"], "--threads must be from 1 to 256, not 0"),
        (&["-m", "1X"], "--memory must be a size"),
        (
            &["--eviction", "lru"],
            "--eviction must be one of none, random, fifo, cte, util, merge, s3fifo, not 'lru'",
        ),
        (
            &["--huge-pages", "always"],
            "--huge-pages must be one of never, madvise, explicit, not 'always'",
        ),
        (
            &["--admin", "10.0.0.1:9999"],
            "--admin must be a loopback address, not 10.0.0.1",
        ),
        (
            &["--admin", "here"],
            "--admin must be an address, as in 127.0.0.1:9999, not 'here'",
        ),
        (
            &["--tls-min-version", "1.1"],
            "--tls-min-version must be one of 1.2, 1.3, not '1.1'",
        ),
        (
            &["--tls-handshake-timeout", "0"],
            "--tls-handshake-timeout must be more than nothing",
        ),
        (&["-I", "16m"], "--max-item-size must be from"),
        (
            &["-m", "16", "-I", "8m"],
            "a max_item_size of 8MiB and a max_request_line of 1MiB need",
        ),
        (
            &["-m", "64", "-I", "13m"],
            "a largest item of 13631488 bytes will not do",
        ),
        (
            &["--segment-size", "1000"],
            "a segment size of 1000 bytes will not do",
        ),
        (
            &["--ttl-default", "2m", "--ttl-max", "1m"],
            "a ttl default of 120s is more than the ttl max of 60s",
        ),
        (&["--ttl-max", "100ms"], "--ttl-max must be whole seconds"),
        (
            &["--ttl-jitter", "101"],
            "--ttl-jitter must be from 0 to 100",
        ),
        (
            &["-m", "64", "--memory-max", "32"],
            "a memory of 64MiB does not go with a memory_max of 32MiB",
        ),
        (
            &["-m", "64", "--memory-max", "300"],
            "a memory of 64MiB does not go with a memory_max of 300MiB",
        ),
        (&["-l", ""], "nothing to listen on"),
        (
            &["--memroy", "1"],
            "unexpected argument '--memroy' found; did you mean '--memory'?",
        ),
        (
            &["-p"],
            "a value is required for '--port <N>' but none was supplied",
        ),
        (
            &["-t", "-1"],
            "--threads must be a whole number, not \"-1\"",
        ),
        (
            &["-I", "1G"],
            "--max-item-size must be from 1KiB to 16777215B, not 1GiB",
        ),
        (&["stray"], "unexpected argument 'stray' found"),
        (
            &["--unix-mode", "rwx"],
            "--unix-mode must be octal permissions",
        ),
    ] {
        let refusal = refusal(args);
        assert!(refusal.starts_with(wanted), "{refusal}");
        assert_eq!(refusal.lines().count(), 1, "{refusal}");
    }
}

#[test]
fn memory_below_the_least_is_raised_and_said() {
    match run(&["-m", "1"]) {
        Ok(Command::Serve(effective, notes)) => {
            assert_eq!(effective.config.memory, 16 << 20);
            assert_eq!(notes.len(), 1, "{notes:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn heap_and_session_buffers_stay_within_the_memory() {
    for args in [
        &["-m", "16"][..],
        &["-I", "8m", "-m", "128"],
        &["--max-request-line", "4m"],
        &["-m", "100G"],
    ] {
        let config = config(args);
        let buffers = config.session_buffers().limit() as u64;
        let workers = (config.workers() * worker::MEMORY) as u64;
        let store = config.store_options(0).memory;
        assert_eq!(store + buffers + workers, config.memory);
        let largest = u64::from(config.max_item_size).max(config.max_request_line as u64);
        assert!(buffers > largest, "{args:?}");
    }
}

#[test]
fn the_printed_configuration_says_the_same_when_read_back() {
    let args = [
        "-p",
        "0",
        "-l",
        "[::1]:7",
        "-m",
        "1G",
        "--memory-max",
        "1024",
        "-t",
        "2",
        "--idle-timeout",
        "90",
        "--ttl-default",
        "60",
        "--ttl-max",
        "1h",
        "--ttl-jitter",
        "10",
        "-v",
        "--admin",
        "[::1]:9",
        "--segment-size",
        "512k",
        "-s",
        "/tmp/\"quoted\"",
        "--unix-mode",
        "660",
        "--admin-socket",
        "off",
        "--eviction",
        "none",
        "--huge-pages",
        "explicit",
        "--tls-listen",
        "[::1]:8",
        "--tls-cert",
        "/a.pem,/b.pem",
        "--tls-key",
        "/a.key",
        "--tls-key",
        "/b.key",
        "--tls-ca",
        "/ca.pem",
        "--tls-client-auth",
        "required",
        "--tls-allowed-names",
        "/names",
        "--tls-min-version",
        "1.2",
        "--tls-ciphers",
        "HIGH:!aNULL",
        "--tls-ciphersuites",
        "TLS_AES_128_GCM_SHA256",
        "--tls-handshake-timeout",
        "250ms",
        "--tls-handshakes",
        "9",
        "--admin-tls",
    ];
    let page = printed(&[&args[..], &["--print-config"]].concat());
    let (_file, argument) = file(&page);
    assert_eq!(config(&[&argument]), config(&args), "{page}");
    assert!(page.contains("memory = \"1GiB\"  # --memory"), "{page}");
    let again = printed(&[&argument, "--print-config"]);
    assert!(again.contains("memory = \"1GiB\"  # /"), "{again}");
}

#[test]
fn check_config_answers_without_serving() {
    assert!(printed(&["--check-config"]).ends_with("the configuration is sound\n"));
    assert!(refusal(&["--check-config", "-p", "x"]).starts_with("--port"));
}

#[test]
fn the_version_is_three_numbers() {
    assert_eq!(
        printed(&["-V"]),
        format!("cached {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(
        env!("CARGO_PKG_VERSION")
            .split('.')
            .filter_map(|n| n.parse::<u32>().ok())
            .count(),
        3
    );
}

#[test]
fn every_row_is_unique_and_its_section_whole() {
    let mut sections: Vec<_> = SETTINGS.iter().map(|setting| setting.path().0).collect();
    sections.dedup();
    let count = sections.len();
    sections.sort_unstable();
    sections.dedup();
    assert_eq!(count, sections.len(), "a section is in two pieces");
    let mut flags: Vec<_> = SETTINGS.iter().map(|setting| setting.flag.long).collect();
    flags.sort_unstable();
    flags.dedup();
    assert_eq!(flags.len(), SETTINGS.len());
    for setting in SETTINGS {
        let mut config = Config::default();
        let value = (setting.get)(&config);
        (setting.set)(&mut config, value).expect("a default is within its bounds");
        assert_eq!(
            config,
            Config::default(),
            "{} does not set what it gets",
            setting.key
        );
    }
}
