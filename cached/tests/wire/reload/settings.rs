//! Every setting, by all the ways to give and to see it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use net::tls::authority::Authority;

use crate::secure::{CREDENTIALS, Credentials};
use crate::server::{Server, command};

/// A setting, and two values of it as the file spells them. `FOLDER` is where files may be.
struct Sample {
    key: &'static str,
    flag: &'static str,
    /// Empty: the default.
    before: &'static str,
    after: &'static str,
}

const fn sample(
    key: &'static str,
    flag: &'static str,
    before: &'static str,
    after: &'static str,
) -> Sample {
    Sample {
        key,
        flag,
        before,
        after,
    }
}

/// In the order of the file.
#[rustfmt::skip]
const SAMPLES: &[Sample] = &[
    sample("server.listen", "--listen", r#"["127.0.0.1"]"#, r#"["127.0.0.1", "::1"]"#),
    sample("server.port", "--port", "0", "1"),
    sample("server.unix_socket", "--unix-socket", "", r#""FOLDER/c.sock""#),
    sample("server.unix_mode", "--unix-mode", "", r#""0770""#),
    sample("server.threads", "--threads", "1", "2"),
    sample("server.backlog", "--backlog", "", "7"),
    sample("server.user", "--user", "", r#""nobody""#),
    sample("store.memory", "--memory", "", r#""48MiB""#),
    sample("store.memory_max", "--memory-max", "", r#""128MiB""#),
    sample("store.segment_size", "--segment-size", "", r#""64KiB""#),
    sample("store.max_item_size", "--max-item-size", "", r#""512KiB""#),
    sample("store.eviction", "--eviction", "", r#""fifo""#),
    sample("store.huge_pages", "--huge-pages", "", r#""never""#),
    sample("ttl.default", "--ttl-default", "", r#""1m""#),
    sample("ttl.max", "--ttl-max", "", r#""1h""#),
    sample("ttl.jitter", "--ttl-jitter", "", "10"),
    sample("limits.max_connections", "--max-connections", "", "100"),
    sample("limits.max_request_line", "--max-request-line", "", r#""4KiB""#),
    sample("limits.input_buffer", "--input-buffer", "", r#""8KiB""#),
    sample("limits.output_buffer", "--output-buffer", "", r#""8KiB""#),
    sample("limits.idle_timeout", "--idle-timeout", "", r#""1h""#),
    sample("limits.request_timeout", "--request-timeout", "", r#""40s""#),
    sample("limits.send_timeout", "--send-timeout", "", r#""40s""#),
    sample("limits.drain_timeout", "--drain-timeout", "", r#""9s""#),
    sample("tls.listen", "--tls-listen", r#"["127.0.0.1:0"]"#, r#"["127.0.0.1:1"]"#),
    sample("tls.cert", "--tls-cert", r#"["FOLDER/server.pem"]"#, r#"["FOLDER/other/server.pem"]"#),
    sample("tls.key", "--tls-key", r#"["FOLDER/server.key"]"#, r#"["FOLDER/other/server.key"]"#),
    sample("tls.ca", "--tls-ca", r#""FOLDER/one.pem""#, r#""FOLDER/two.pem""#),
    sample("tls.client_auth", "--tls-client-auth", r#""optional""#, r#""required""#),
    sample("tls.allowed_names", "--tls-allowed-names", "", r#""FOLDER/names""#),
    sample("tls.min_version", "--tls-min-version", r#""1.3""#, r#""1.2""#),
    sample("tls.ciphers", "--tls-ciphers", "", r#""HIGH""#),
    sample("tls.ciphersuites", "--tls-ciphersuites", "", r#""TLS_AES_128_GCM_SHA256""#),
    sample("tls.handshake_timeout", "--tls-handshake-timeout", "", r#""9s""#),
    sample("tls.handshakes", "--tls-handshakes", "", "9"),
    sample("admin.socket", "--admin-socket", r#""FOLDER/admin.sock""#, r#""FOLDER/b.sock""#),
    sample("admin.socket_mode", "--admin-socket-mode", "", r#""0600""#),
    sample("admin.socket_group", "--admin-socket-group", "", r#""daemon""#),
    sample("admin.address", "--admin", "", r#""127.0.0.1:1""#),
    sample("admin.metrics", "--metrics", "", r#""127.0.0.1:2""#),
    sample("admin.tls", "--admin-tls", "", "true"),
    sample("log.verbosity", "--verbose", "", "1"),
    sample("log.file", "--log-file", "", r#""FOLDER/log""#),
    sample("log.format", "--log-format", "", r#""json""#),
    sample("log.commands", "--log-commands", "", r#""FOLDER/commands""#),
    sample("log.command_sample", "--log-command-sample", "", "9"),
    sample("log.slow", "--log-slow", "", r#""FOLDER/slow""#),
    sample("log.slow_threshold", "--log-slow-threshold", "", r#""9ms""#),
    sample("hotkeys.sample", "--hotkeys-sample", "", "9"),
    sample("hotkeys.window", "--hotkeys-window", "", r#""9s""#),
];

impl Sample {
    fn name(&self) -> &'static str {
        self.key.split_once('.').expect("a section").1
    }

    /// The value afterwards, as the file spells it.
    fn after(&self, folder: &Path) -> String {
        self.after
            .replace("FOLDER", folder.to_str().expect("UTF-8"))
    }

    /// Likewise, as the command line does.
    fn word(&self, folder: &Path) -> String {
        let parts = self.after(folder);
        let parts = parts.trim_matches(['[', ']']).split(", ");
        let parts: Vec<_> = parts.map(|part| part.trim_matches('"')).collect();
        parts.join(",")
    }
}

/// A file with what `value` gives to each setting, and the line that each has in it.
fn file(value: impl Fn(&Sample) -> String) -> (String, Vec<usize>) {
    let (mut text, mut lines, mut current) = (String::new(), Vec::new(), "");
    for sample in SAMPLES {
        let (section, name) = sample.key.split_once('.').expect("a section");
        if section != current {
            current = section;
            writeln!(text, "[{section}]").expect("memory");
        }
        let value = value(sample);
        lines.push(text.lines().count() + 1);
        if !value.is_empty() {
            writeln!(text, "{name} = {value}").expect("memory");
        }
    }
    (text, lines)
}

fn printed(arguments: &[String]) -> String {
    let output = command()
        .args(arguments)
        .arg("--print-config")
        .stdout(std::process::Stdio::piped())
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The files that the samples name.
fn make_files(folder: &Path) {
    fs::create_dir(folder.join("other")).expect("a folder");
    CREDENTIALS.write(folder);
    Credentials::new().write(&folder.join("other"));
    for name in ["one", "two"] {
        let authority = Authority::new(name).expect("an authority");
        authority.write(folder, name).expect("written");
    }
    fs::write(folder.join("names"), "client\n").expect("written");
}

#[test]
fn a_setting_would_be_out_of_reach_in_the_file_or_as_a_flag() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let path = folder.join("cached.toml");
    let (text, lines) = file(|sample| sample.after(folder));
    fs::write(&path, text).expect("written");
    let page = printed(&[format!("--config={}", path.display())]);
    for (sample, line) in SAMPLES.iter().zip(lines) {
        let (name, value) = (sample.name(), sample.after(folder));
        let wanted = format!("\n{name} = {value}  # {}:{line}\n", path.display());
        assert!(page.contains(&wanted), "no {wanted} in {page}");
    }

    let flags = SAMPLES.iter().map(|sample| match sample.key {
        "admin.tls" | "log.verbosity" => sample.flag.to_owned(),
        _ => format!("{}={}", sample.flag, sample.word(folder)),
    });
    let page = printed(&flags.collect::<Vec<_>>());
    for sample in SAMPLES {
        let (name, value) = (sample.name(), sample.after(folder));
        let wanted = format!("\n{name} = {value}  # {}\n", sample.flag);
        assert!(page.contains(&wanted), "no {wanted} in {page}");
    }
}

#[test]
fn a_setting_would_do_other_than_it_declares_in_a_reload() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = folder.path().to_owned();
    let place = place.as_path();
    make_files(place);
    let path = place.join("cached.toml");
    let before = |sample: &Sample| {
        sample
            .before
            .replace("FOLDER", place.to_str().expect("UTF-8"))
    };
    fs::write(&path, file(before).0).expect("written");
    let server = Server::start_from(&path, folder, 2);

    let told = server.rows("config").expect("rows");
    let keys = told.keys().filter(|name| !name.contains(':'));
    let mut samples: Vec<_> = SAMPLES.iter().map(|sample| sample.key).collect();
    samples.sort_unstable();
    assert_eq!(keys.collect::<Vec<_>>(), samples, "each has a sample");

    let (text, lines) = file(|sample| sample.after(place));
    fs::write(&path, text).expect("written");
    let fates = server.rows("reload").expect("a good file");
    let now = server.rows("config").expect("rows");
    for (sample, line) in SAMPLES.iter().zip(lines) {
        let key = sample.key;
        let source = format!("{key}:source");
        match told[&format!("{key}:reload")].as_str() {
            "live" => {
                assert_eq!(fates[key], "applied", "{key}");
                assert_eq!(now[key], sample.word(place), "{key}");
                assert_eq!(now[&source], format!("{}:{line}", path.display()));
            }
            "restart" => {
                assert_eq!(fates[key], "restart", "{key}");
                assert_eq!(now[key], told[key], "{key}");
                assert_eq!(now[&source], told[&source], "{key}");
            }
            other => panic!("{key} is {other}"),
        }
        assert_eq!(fates[&format!("{key}:from")], told[key], "{key}");
        assert_eq!(fates[&format!("{key}:to")], sample.word(place), "{key}");
    }
}
