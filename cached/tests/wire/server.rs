//! A daemon of its own for one test.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use net::admin::Document;

use crate::client::{Address, Client, PATIENCE};
use crate::secure::CREDENTIALS;

/// Listens on a free loopback port; killed by its pid when dropped, and a
/// panic it printed fails the test.
pub(crate) struct Server {
    child: Child,
    plain: SocketAddr,
    /// `None`: it does not speak TLS.
    tls: Option<SocketAddr>,
    stderr: Arc<Mutex<Vec<String>>>,
    /// Holds the admin socket, and the files of TLS.
    folder: tempfile::TempDir,
}

/// `CACHED_WIRE_TLS=1` has the whole suite speak TLS.
pub(crate) fn suite_is_secure() -> bool {
    std::env::var_os("CACHED_WIRE_TLS").is_some_and(|value| value == "1")
}

impl Server {
    /// Without TLS, unless the whole suite is run with it.
    pub(crate) fn start(flags: &[&str]) -> Self {
        if suite_is_secure() {
            return Self::start_secure(flags);
        }
        Self::start_plain(flags)
    }

    /// Without TLS, always.
    pub(crate) fn start_plain(flags: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().expect("a temporary folder"), flags, 1)
    }

    /// On an address with TLS too.
    pub(crate) fn start_secure(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (certificate, key) = CREDENTIALS.write(folder.path());
        let text = |path: PathBuf| path.into_os_string().into_string().expect("UTF-8");
        let (certificate, key) = (text(certificate), text(key));
        let secure = [
            "--tls-listen",
            "127.0.0.1:0",
            "--tls-cert",
            &certificate,
            "--tls-key",
            &key,
        ];
        Self::start_in(folder, &[&secure[..], flags].concat(), 2)
    }

    fn start_in(folder: tempfile::TempDir, flags: &[&str], addresses: usize) -> Self {
        let socket = folder.path().join("admin.sock");
        let mut daemon = command();
        daemon
            .args(["-p", "0", "-l", "127.0.0.1", "--admin-socket"])
            .arg(socket)
            .args(flags);
        Self::launch(daemon, folder, addresses)
    }

    /// From the file at `config`, which names all, the admin socket in `folder` among it.
    pub(crate) fn start_from(config: &Path, folder: tempfile::TempDir, addresses: usize) -> Self {
        let mut daemon = command();
        daemon.arg("--config").arg(config);
        Self::launch(daemon, folder, addresses)
    }

    /// Waits until it has said where it listens, for so many addresses.
    fn launch(mut daemon: Command, folder: tempfile::TempDir, addresses: usize) -> Self {
        let mut child = daemon
            .stderr(Stdio::piped())
            .spawn()
            .expect("the daemon starts");
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let listening = gather(&mut child, Arc::clone(&stderr));
        let mut server = Self {
            child,
            plain: SocketAddr::from(([0, 0, 0, 0], 0)),
            tls: None,
            stderr,
            folder,
        };
        for _ in 0..addresses {
            match listening.recv_timeout(PATIENCE) {
                Ok(Address::Plain(address)) => server.plain = address,
                Ok(Address::Tls(address)) => server.tls = Some(address),
                Err(e) => panic!(
                    "the daemon never said where it listens ({e}): {}",
                    server.said()
                ),
            }
        }
        server
    }

    /// With TLS where there is.
    pub(crate) fn address(&self) -> Address {
        self.tls.map_or(Address::Plain(self.plain), Address::Tls)
    }

    /// Without TLS.
    pub(crate) fn plain(&self) -> Address {
        Address::Plain(self.plain)
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address())
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn admin_socket(&self) -> std::path::PathBuf {
        self.folder.path().join("admin.sock")
    }

    /// What the admin protocol answers to `request`.
    pub(crate) fn operate(&self, request: &str) -> Vec<u8> {
        let mut stream = UnixStream::connect(self.admin_socket()).expect("connect");
        let patience = Some(PATIENCE);
        stream.set_read_timeout(patience).expect("read timeout");
        let line = format!("{request}\n");
        stream.write_all(line.as_bytes()).expect("send");
        let mut document = Vec::new();
        let mut stream = BufReader::new(stream);
        stream.read_until(b'\n', &mut document).expect("an answer");
        document
    }

    /// The values of an answer's rows under their names, or the sentence that says why there is none.
    pub(crate) fn rows(&self, request: &str) -> Result<BTreeMap<String, String>, String> {
        let line = self.operate(request);
        match Document::parse(&line) {
            Ok(Document::Rows(rows)) => Ok(rows
                .iter()
                .map(|row| (row.name.to_string(), row.value.to_string()))
                .collect()),
            Ok(Document::Error(why)) => Err(why.into_owned()),
            Err(error) => panic!("{error}: {}", line.escape_ascii()),
        }
    }

    /// Where metrics are told.
    pub(crate) fn metrics(&self) -> SocketAddr {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let said = self.said();
            let mut words = said.split_ascii_whitespace();
            if let Some(at) = words.clone().position(|word| word == "(metrics)") {
                let address = words.nth(at - 1).expect("an address");
                return address.parse().expect("an address");
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("no metrics: {}", self.said());
    }

    /// Everything printed so far.
    pub(crate) fn said(&self) -> String {
        self.stderr.lock().expect("stderr lines").join("\n")
    }

    /// Resident memory of its own, bytes: its code and that of libraries, which others share, left
    /// out.
    pub(crate) fn resident(&self) -> u64 {
        self.status_field("RssAnon:") * 1024
    }

    pub(crate) fn threads(&self) -> u64 {
        self.status_field("Threads:")
    }

    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid()))
            .expect("the daemon runs")
            .count()
    }

    /// Processor time used so far, user and system.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("it runs");
        let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
        let ticks: u64 = fields
            .split_whitespace()
            // utime and stime: fields 14 and 15, where the first behind the name is 3.
            .skip(11)
            .take(2)
            .map(|field| field.parse::<u64>().expect("ticks"))
            .sum();
        // USER_HZ is 100 on every Linux architecture that Rust supports.
        Duration::from_millis(ticks * 10)
    }

    /// Sends a signal by name and does not wait.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.pid())])
            .status()
            .expect("sh runs");
        assert!(sent.success(), "kill -{name}");
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }

    fn status_field(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|value| value.split_whitespace().next())
            .and_then(|number| number.parse().ok())
            .unwrap_or_else(|| panic!("no {name} in {status}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; the pid is ours until it is waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let said = self.said();
        if !thread::panicking() {
            assert!(!said.contains("panicked"), "the daemon panicked: {said}");
        } else if !said.is_empty() {
            eprintln!("the daemon said: {said}");
        }
    }
}

/// The daemon with nothing of the caller's surroundings that could change it.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cached"));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.env_remove("XDG_RUNTIME_DIR");
    command
}

/// What a daemon that must not start printed to standard error, and its status.
pub(crate) fn refusal(flags: &[&str]) -> (Option<i32>, String) {
    let mut child = command()
        .args(flags)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the daemon starts");
    let stderr = Arc::new(Mutex::new(Vec::new()));
    let listening = gather(&mut child, Arc::clone(&stderr));
    // The channel ends with standard error.
    let started = listening.recv_timeout(PATIENCE).is_ok();
    if started {
        child.kill().expect("the daemon runs");
    }
    let status = wait(&mut child);
    assert!(!started, "{flags:?} was accepted");
    let said = stderr.lock().expect("stderr lines").join("\n");
    (status.code(), said)
}

/// Collects standard error to its end; sends the address of each TCP listener.
fn gather(child: &mut Child, lines: Arc<Mutex<Vec<String>>>) -> Receiver<Address> {
    let stderr = child.stderr.take().expect("standard error is piped");
    let (found, listening) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let address = address(&line);
            lines.lock().expect("stderr lines").push(line);
            if let Some(address) = address {
                // Only the first are waited for.
                let _ = found.send(address);
            }
        }
    });
    listening
}

/// The address in a line that says where the daemon listens for clients.
fn address(line: &str) -> Option<Address> {
    let (address, kind) = line
        .strip_prefix("cached: listening on ")?
        .split_once(' ')?;
    let address = address.parse().ok()?;
    match kind {
        "(memcached)" => Some(Address::Plain(address)),
        "(memcached, tls)" => Some(Address::Tls(address)),
        _ => None,
    }
}

/// Waits for a daemon to end.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().expect("wait for the daemon") {
            return status;
        }
        thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    panic!("the daemon does not end");
}
