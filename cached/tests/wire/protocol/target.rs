//! The servers that the tables are run against: a daemon of our own, and any
//! server that `CACHED_JUDGE=host:port` names.

use std::net::ToSocketAddrs;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::client::{Address, Client};
use crate::server::Server;

/// The judge is one server, and every table flushes it.
static JUDGE: Mutex<()> = Mutex::new(());

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Cached,
    /// memcached 1.6.`patch`.
    Memcached {
        patch: u32,
    },
}

pub(crate) struct Target {
    pub(crate) address: Address,
    pub(crate) side: Side,
    _kept: Kept,
}

/// What must live as long as the target is used.
#[expect(dead_code, reason = "held, never read")]
enum Kept {
    Daemon(Server),
    Judge(MutexGuard<'static, ()>),
}

impl Target {
    pub(crate) fn daemon() -> Self {
        let server = Server::start(&[]);
        Self {
            address: server.address(),
            side: Side::Cached,
            _kept: Kept::Daemon(server),
        }
    }

    /// The server under `CACHED_JUDGE`, for this test alone while it is held.
    pub(crate) fn judge() -> Option<Self> {
        let name = std::env::var("CACHED_JUDGE").ok()?;
        let address = name
            .to_socket_addrs()
            .expect("CACHED_JUDGE is host:port")
            .next()
            .expect("CACHED_JUDGE names an address");
        let address = Address::Plain(address);
        let lock = JUDGE.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Self {
            address,
            side: side(address),
            _kept: Kept::Judge(lock),
        })
    }

    /// Ends every item and flush that an earlier run left behind.
    pub(crate) fn forget_earlier_runs(&self) {
        Client::connect(self.address).ask("flush_all\r\n", "OK\r\n");
    }

    /// Each server there is, in turn.
    pub(crate) fn each(mut run: impl FnMut(&Self)) {
        run(&Self::daemon());
        if let Some(judge) = Self::judge() {
            run(&judge);
        }
    }
}

/// Which of the two a server is, by its `version`. Ours begins with the version
/// of the memcached that it behaves like.
fn side(address: Address) -> Side {
    let mut client = Client::connect(address);
    client.send("version\r\n");
    let line = client.line();
    if line.contains("cached-") {
        return Side::Cached;
    }
    let patch = line
        .strip_prefix("VERSION 1.6.")
        .and_then(|patch| patch.parse().ok())
        .unwrap_or_else(|| panic!("CACHED_JUDGE is no memcached 1.6, it says {line:?}"));
    Side::Memcached { patch }
}
