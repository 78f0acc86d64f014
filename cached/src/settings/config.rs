//! The daemon's configuration as the rest of the program uses it: typed, checked, complete.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use net::{Budget, Limits};

use super::address::Address;
use super::hotkeys::Hotkeys;
use super::logs::Logs;
use super::tls::Tls;
use super::value::size_text;
use crate::lifetimes::Ttl;
use crate::worker;

/// The smallest `memory` that leaves room for a heap, an index and session buffers.
const MEMORY_MIN: u64 = 16 << 20;

/// `memory` is at least one part in so many of `memory_max`.
const MEMORY_PART: u64 = 4;

/// Session buffers may take one part in so many of `memory`.
const BUFFER_SHARE: u64 = 64;

/// Descriptors beside the connections': standard streams, polls, wakers, listening sockets, the
/// admin's clients.
const OTHER_FILES: usize = 64;

/// Every setting's value. `Default` is the one place where defaults are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// Addresses to serve TCP on; empty: none.
    pub(crate) listen: Vec<Address>,
    /// For the addresses that name none; 0 picks a free one.
    pub(crate) port: u16,
    pub(crate) unix_socket: Option<PathBuf>,
    /// Permission bits of the unix socket.
    pub(crate) unix_mode: u32,
    /// Workers; `None`: one per core.
    pub(crate) threads: Option<NonZeroUsize>,
    /// Connections the kernel keeps until they are accepted.
    pub(crate) backlog: i32,
    /// Whose rights to take when started as root.
    pub(crate) user: Option<String>,
    /// Bytes for heap, index and session buffers together.
    pub(crate) memory: u64,
    /// What a reload may raise that to; `None`: it may not.
    pub(crate) memory_max: Option<u64>,
    /// Bytes; `None`: worked out from memory and threads.
    pub(crate) segment_size: Option<u32>,
    pub(crate) eviction: storage::Eviction,
    pub(crate) huge_pages: storage::HugePages,
    /// Bytes of the largest item: key, value and header.
    pub(crate) max_item_size: u32,
    pub(crate) ttl: Ttl,
    /// Sessions at a time.
    pub(crate) max_connections: usize,
    /// Bytes of the longest retrieval line.
    pub(crate) max_request_line: usize,
    /// Bytes a session may receive in a turn.
    pub(crate) input_buffer: usize,
    /// Bytes of replies a session may have unsent before it waits.
    pub(crate) output_buffer: usize,
    /// How long a session may send nothing at all; `None`: for ever.
    pub(crate) idle_timeout: Option<Duration>,
    /// How long a request may take to arrive once begun; `None`: for ever.
    pub(crate) request_timeout: Option<Duration>,
    /// How long a client may take no byte of a waiting reply; `None`: for ever.
    pub(crate) send_timeout: Option<Duration>,
    /// How long a drain waits for requests under way; `None`: for ever.
    pub(crate) drain_timeout: Option<Duration>,
    pub(crate) tls: Tls,
    pub(crate) admin_socket: AdminSocket,
    /// Permission bits of the admin socket.
    pub(crate) admin_mode: u32,
    /// Whose group the admin socket is; `None`: that of the process.
    pub(crate) admin_group: Option<String>,
    pub(crate) admin: Option<SocketAddr>,
    /// Where HTTP is spoken, for metrics.
    pub(crate) metrics: Option<SocketAddr>,
    /// TLS is spoken on `admin`.
    pub(crate) admin_tls: bool,
    /// 0 warnings, 1 and information, 2 and debugging.
    pub(crate) verbosity: u8,
    pub(crate) logs: Logs,
    pub(crate) hotkeys: Hotkeys,
}

impl Default for Config {
    fn default() -> Config {
        let store = storage::Options::default();
        Config {
            listen: vec!["127.0.0.1".parse().expect("an address")],
            port: 11211,
            unix_socket: None,
            unix_mode: 0o700,
            threads: None,
            backlog: 1024,
            user: None,
            memory: 64 << 20,
            memory_max: None,
            segment_size: store.segment_size,
            eviction: store.eviction,
            huge_pages: store.huge_pages,
            max_item_size: store.max_item_size,
            ttl: Ttl::default(),
            max_connections: 1024,
            max_request_line: 1 << 20,
            input_buffer: 16 << 10,
            output_buffer: 64 << 10,
            idle_timeout: None,
            request_timeout: Some(Duration::from_secs(30)),
            send_timeout: Some(Duration::from_secs(30)),
            drain_timeout: Some(Duration::from_secs(30)),
            tls: Tls::default(),
            admin_socket: AdminSocket::Auto,
            admin_mode: 0o660,
            admin_group: None,
            admin: None,
            metrics: None,
            admin_tls: false,
            verbosity: 0,
            logs: Logs::default(),
            hotkeys: Hotkeys::default(),
        }
    }
}

impl Config {
    /// How many workers there are.
    pub(crate) fn workers(&self) -> usize {
        self.threads
            .or_else(|| thread::available_parallelism().ok())
            .map_or(1, NonZeroUsize::get)
    }

    /// What one session may take of a turn, and how long its lines may be.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            retrieval_line: self.max_request_line,
            output: self.output_buffer,
            ..Limits::default()
        }
    }

    /// The memory of all session buffers: a share of `memory`, but enough for the largest request
    /// and the largest reply.
    pub(crate) fn session_buffers(&self) -> Budget {
        self.session_buffers_of(self.memory)
    }

    /// Gives `budget` the size that `session_buffers` has.
    pub(crate) fn resize_session_buffers(&self, budget: &Budget) {
        let (limit, largest) = self.session_buffer_sizes(self.memory);
        budget.resize(limit, largest);
    }

    fn session_buffers_of(&self, memory: u64) -> Budget {
        let (limit, largest) = self.session_buffer_sizes(memory);
        Budget::new(limit, largest)
    }

    fn session_buffer_sizes(&self, memory: u64) -> (usize, usize) {
        let largest = self.limits().largest_buffer(self.max_item_size as usize);
        ((memory / BUFFER_SHARE) as usize, largest)
    }

    /// How many files the process may have open.
    pub(crate) fn open_files(&self) -> u64 {
        (self.max_connections + 2 * self.workers() + OTHER_FILES) as u64
    }

    /// The most that `memory` may be until the next start.
    pub(crate) fn memory_max(&self) -> u64 {
        self.memory_max.unwrap_or(self.memory)
    }

    /// What the workers and the session buffers leave of `memory`.
    fn store_memory(&self, memory: u64) -> u64 {
        let workers = self.workers() * worker::MEMORY;
        let buffers = self.session_buffers_of(memory).limit() + workers;
        memory.saturating_sub(buffers as u64)
    }

    /// What the store is built from.
    pub(crate) fn store_options(&self, seed: u64) -> storage::Options {
        storage::Options {
            memory: self.store_memory(self.memory),
            memory_max: Some(self.store_memory(self.memory_max())),
            segment_size: self.segment_size,
            eviction: self.eviction,
            huge_pages: self.huge_pages,
            max_item_size: self.max_item_size,
            writers: self.workers(),
            seed,
        }
    }

    /// Checks the settings against each other, and mends what may be mended. Returns a line for
    /// the log about each mend.
    pub(crate) fn settle(&mut self) -> Result<Vec<String>, String> {
        let mut notes = Vec::new();
        if self.memory < MEMORY_MIN {
            notes.push(format!(
                "memory is raised from {} to {}, the least a cache can be run with",
                size_text(self.memory),
                size_text(MEMORY_MIN)
            ));
            self.memory = MEMORY_MIN;
        }
        let memory_max = self.memory_max();
        if !(memory_max.div_ceil(MEMORY_PART)..=memory_max).contains(&self.memory) {
            return Err(format!(
                "a memory of {} does not go with a memory_max of {}: it may be that or less, down \
                 to a quarter",
                size_text(self.memory),
                size_text(memory_max)
            ));
        }
        if self.listen.is_empty() && self.tls.listen.is_empty() && self.unix_socket.is_none() {
            return Err(
                "nothing to listen on: give --listen, --tls-listen or --unix-socket".to_owned(),
            );
        }
        let Ttl { default, max, .. } = self.ttl;
        if max != 0 && default > max {
            return Err(format!(
                "a ttl default of {default}s is more than the ttl max of {max}s"
            ));
        }
        self.settle_tls()?;
        let buffers = self.session_buffers().limit() as u64;
        if buffers > self.memory / 2 {
            return Err(format!(
                "a max_item_size of {} and a max_request_line of {} need session buffers of {}, \
                 more than half of the memory of {}",
                size_text(self.max_item_size.into()),
                size_text(self.max_request_line as u64),
                size_text(buffers),
                size_text(self.memory)
            ));
        }
        self.store_options(0)
            .check()
            .map_err(|error| error.to_string())?;
        Ok(notes)
    }
}

/// Where the admin socket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AdminSocket {
    /// The first usable place of `net::admin::default_sockets`; none is no error.
    Auto,
    Off,
    /// This path, or the daemon does not start.
    Path(PathBuf),
}

impl From<String> for AdminSocket {
    fn from(text: String) -> AdminSocket {
        match text.as_str() {
            "auto" => AdminSocket::Auto,
            "off" | "" => AdminSocket::Off,
            _ => AdminSocket::Path(text.into()),
        }
    }
}

impl fmt::Display for AdminSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AdminSocket::Auto => f.write_str("auto"),
            AdminSocket::Off => f.write_str("off"),
            AdminSocket::Path(path) => path.display().fmt(f),
        }
    }
}
