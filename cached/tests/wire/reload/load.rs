//! Reloads while clients are served.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crate::client::Client;
use crate::secure::{CREDENTIALS, Credentials};
use crate::server::Server;

/// All but none, under which a full cache refuses what is to be stored.
const POLICIES: [&str; 6] = ["random", "fifo", "cte", "util", "merge", "s3fifo"];

/// The file of a daemon whose settings change, and those.
struct File {
    path: PathBuf,
    folder: PathBuf,
    policy: &'static str,
    memory: u64,
    input: u64,
}

impl File {
    fn new(folder: &Path) -> File {
        File {
            path: folder.join("cached.toml"),
            folder: folder.to_owned(),
            policy: "s3fifo",
            memory: 64,
            input: 16,
        }
    }

    fn write(&self) {
        let folder = self.folder.display();
        let (policy, memory, input) = (self.policy, self.memory, self.input);
        let text = format!(
            "[server]\n\
             listen = [\"127.0.0.1\"]\nport = 0\nthreads = 2\n\
             [store]\n\
             memory = \"{memory}MiB\"\neviction = \"{policy}\"\n\
             [limits]\n\
             input_buffer = \"{input}KiB\"\noutput_buffer = \"{input}KiB\"\n\
             max_connections = {}\nidle_timeout = \"{input}min\"\n\
             [tls]\n\
             listen = [\"127.0.0.1:0\"]\n\
             cert = [\"{folder}/server.pem\"]\nkey = [\"{folder}/server.key\"]\n\
             [admin]\n\
             socket = \"{folder}/admin.sock\"\n",
            100 + input
        );
        fs::write(&self.path, text).expect("written");
    }

    /// Makes it one that is refused, with a change that is not in front.
    fn spoil(&self) {
        let text = fs::read_to_string(&self.path).expect("a file");
        let text = text.replacen("KiB", "KiB\"\nbufer = \"1KiB", 1);
        fs::write(&self.path, text).expect("written");
    }
}

/// Reads and writes until `is_over`; returns how often.
fn traffic(mut client: Client, number: usize, is_over: Arc<AtomicBool>) -> JoinHandle<usize> {
    thread::spawn(move || {
        let mut rounds = 0;
        while !is_over.load(Ordering::Relaxed) {
            let key = format!("k{number}-{}", rounds % 1000);
            let value = vec![b'a' + (rounds % 26) as u8; rounds * 997 % 30_000];
            client.set(&key, 0, &value);
            // It may have had to give way.
            if let Some(kept) = client.get(&key) {
                assert!(kept == value, "{key} is another one");
            }
            client.ask("mn\r\n", "MN\r\n");
            rounds += 1;
        }
        rounds
    })
}

#[test]
fn a_reload_would_fail_a_request_or_drop_a_connection() {
    const RELOADS: usize = 100;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut file = File::new(folder.path());
    CREDENTIALS.write(folder.path());
    file.write();
    let server = Server::start_from(&file.path, folder, 2);
    let is_over = Arc::new(AtomicBool::new(false));
    let mut idle: Vec<_> = [server.plain(), server.address()]
        .map(Client::connect)
        .into();
    let clients: Vec<_> = (0..4)
        .map(|number| {
            let address = [server.plain(), server.address()][number % 2];
            traffic(Client::connect(address), number, Arc::clone(&is_over))
        })
        .collect();

    for turn in 0..RELOADS {
        let key = match turn % 5 {
            0 => {
                file.input = 8 + turn as u64 % 16;
                "limits.idle_timeout"
            }
            1 => {
                file.spoil();
                let before = server.rows("config");
                let why = server.rows("reload").expect_err("a bad file");
                let place = format!("{}:10:1: limits.bufer: unknown key", file.path.display());
                assert!(why.contains(&place), "{why}");
                assert_eq!(server.rows("config"), before, "it changed something");
                file.write();
                continue;
            }
            2 => {
                Credentials::new().write(server.folder());
                "tls.cert"
            }
            3 => {
                file.memory = 96 - file.memory;
                "store.memory"
            }
            _ => {
                file.policy = POLICIES[turn / 5 % POLICIES.len()];
                "store.eviction"
            }
        };
        file.write();
        let fates = server.rows("reload").expect("a good file");
        assert_ne!(fates[key], "restart", "{key}");
    }

    is_over.store(true, Ordering::Relaxed);
    for client in clients {
        assert!(client.join().expect("no request failed") > 0);
    }
    for client in &mut idle {
        client.ask("mn\r\n", "MN\r\n");
    }
    let evictions = Client::connect(server.plain()).stat("evictions");
    assert!(evictions > 0, "the memory was never full");
    let stats = server.rows("stats cached").expect("a group");
    let count = |name: &str| stats[name].parse::<usize>().expect("a number");
    assert_eq!(count("config_reloads"), RELOADS * 4 / 5);
    assert_eq!(count("config_reloads_failed"), RELOADS / 5);
    let tls = server.rows("stats tls").expect("a group");
    assert_eq!(
        tls["reloads"].parse(),
        Ok(RELOADS / 5),
        "when files changed"
    );
}
