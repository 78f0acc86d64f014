//! The servers that can be started.

use std::env;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use rustix::process::geteuid;

use crate::cpus::Cpus;
use crate::tls::Certificate;
use crate::weighted::Weighted;
use crate::{Error, Scenario};

/// Connections that a server holds at least, as memcached's default is, and
/// those beside a load's: that it is there, and what its version is.
const CONNECTIONS: u32 = 1024;
const SPARE_CONNECTIONS: u32 = 16;

/// A server that can be started: `cached`, `memcached`, `floor`, these in TLS
/// (`cached-tls`), or any other as `NAME=COMMAND`, where `{port}`, `{memory}`
/// (MiB) and `{threads}` stand for what it is to be given. One that is given a
/// `{cert}` is spoken to in TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub(super) name: String,
    command: Vec<String>,
    pub(super) is_tls: bool,
}

/// How a server is to run.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// Its `-m`.
    pub memory_mib: u32,
    /// Its workers.
    pub threads: usize,
    /// The connections that it is to hold, if they are many.
    pub connections: u32,
    /// The cores that it may use; `None` for all.
    pub cpus: Option<&'a Cpus>,
    /// Length of the keys and values that the floor answers with.
    pub key_size: u32,
    /// See `key_size`.
    pub value_size: u32,
    /// A program that runs the server inside itself, with its arguments.
    pub under: Vec<String>,
}

impl Default for Setting<'_> {
    fn default() -> Self {
        Self {
            memory_mib: 64,
            threads: 1,
            connections: 0,
            cpus: None,
            key_size: 32,
            value_size: 64,
            under: Vec::new(),
        }
    }
}

impl Program {
    /// What it is called in tables.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the built-in floor, which stores nothing.
    pub fn is_floor(&self) -> bool {
        self.name == "floor" || self.name == "floor-tls"
    }

    /// Whether it is spoken to in TLS.
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Whether it can answer such a load.
    pub fn check(&self, load: &Scenario) -> Result<(), Error> {
        let is_one = |sizes: &Weighted| sizes.min() == sizes.max();
        if self.is_floor() && !(is_one(&load.key_size) && is_one(&load.value_size)) {
            return Err(Error::Usage(
                "--key-size, --value-size: the floor answers with keys and values of one size"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    fn built_in(name: &str) -> Result<Self, String> {
        let (program, arguments) = match name {
            "cached" => (
                cached_program(),
                "-l 127.0.0.1 -p {port} -m {memory} -t {threads} -c {connections} --admin-socket=",
            ),
            // Its plain port is any.
            "cached-tls" => (
                cached_program(),
                "-l 127.0.0.1 -p 0 -m {memory} -t {threads} -c {connections} --admin-socket= \
                 --tls-listen 127.0.0.1:{port} --tls-cert {cert} --tls-key {key}",
            ),
            "memcached" => (
                "memcached".to_owned(),
                "-l 127.0.0.1 -p {port} -U 0 -m {memory} -t {threads} -c {connections}",
            ),
            "memcached-tls" => (
                "memcached".to_owned(),
                "-l 127.0.0.1 -p {port} -U 0 -m {memory} -t {threads} -c {connections} \
                 -Z -o ssl_chain_cert={cert},ssl_key={key}",
            ),
            "floor" => (
                this_program()?,
                "floor --listen 127.0.0.1:{port} --threads {threads} \
                 --key-size {key_size} --value-size {value_size}",
            ),
            "floor-tls" => (
                this_program()?,
                "floor --tls --listen 127.0.0.1:{port} --threads {threads} \
                 --key-size {key_size} --value-size {value_size}",
            ),
            _ => {
                return Err(format!(
                    "`{name}` is none of cached, memcached and floor, with -tls or without, \
                     nor NAME=COMMAND"
                ));
            }
        };
        let mut command = vec![program];
        command.extend(arguments.split_whitespace().map(str::to_owned));
        if name.starts_with("memcached") && geteuid().is_root() {
            // It refuses to run as root.
            command.extend(["-u", "nobody"].map(str::to_owned));
        }
        Ok(Self {
            name: name.to_owned(),
            command,
            is_tls: name.ends_with("-tls"),
        })
    }

    /// The certificate that its command names.
    pub(super) fn certificate(&self) -> io::Result<Option<Certificate>> {
        let is_named = |word: &String| word.contains("{cert}");
        let is_needed = self.command.iter().any(is_named);
        is_needed.then(Certificate::new).transpose()
    }

    /// Its command, with what it is given.
    pub(super) fn words(
        &self,
        setting: &Setting<'_>,
        port: u16,
        certificate: Option<&Certificate>,
    ) -> impl Iterator<Item = String> {
        let path = |file: fn(&Certificate) -> &PathBuf| {
            let path = certificate.map(file);
            path.map_or_else(String::new, |path| path.to_string_lossy().into_owned())
        };
        let connections = CONNECTIONS.max(setting.connections + SPARE_CONNECTIONS);
        let given = [
            ("{port}", port.to_string()),
            ("{memory}", setting.memory_mib.to_string()),
            ("{threads}", setting.threads.to_string()),
            ("{connections}", connections.to_string()),
            ("{key_size}", setting.key_size.to_string()),
            ("{value_size}", setting.value_size.to_string()),
            ("{cert}", path(|certificate| &certificate.certificate)),
            ("{key}", path(|certificate| &certificate.key)),
        ];
        self.command.iter().map(move |word| {
            given.iter().fold(word.clone(), |word, (name, value)| {
                word.replace(name, value)
            })
        })
    }
}

impl FromStr for Program {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((name, command)) = text.split_once('=') else {
            return Self::built_in(text);
        };
        let command: Vec<_> = command.split_whitespace().map(str::to_owned).collect();
        if name.is_empty() || command.is_empty() {
            return Err(format!("`{text}` is not NAME=COMMAND"));
        }
        if !command.iter().any(|word| word.contains("{port}")) {
            return Err(format!("`{text}` does not say where its {{port}} goes"));
        }
        Ok(Self {
            name: name.to_owned(),
            is_tls: command.iter().any(|word| word.contains("{cert}")),
            command,
        })
    }
}

fn this_program() -> Result<String, String> {
    let path = env::current_exe().map_err(|e| format!("where is this program? {e}"))?;
    Ok(path.to_string_lossy().into_owned())
}

/// The daemon built or installed together with this program, else whichever
/// the shell would find.
fn cached_program() -> String {
    env::current_exe()
        .map(|path| path.with_file_name("cached"))
        .ok()
        .filter(|path| path.is_file())
        .map_or_else(
            || "cached".to_owned(),
            |path| path.to_string_lossy().into_owned(),
        )
}
