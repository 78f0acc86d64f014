//! The table of connections: the limit on their number, and the rows behind `stats conns`.
//!
//! Rows are made as they are first needed, and stay. One belongs to the connection it was given
//! to, which alone writes it; anybody may read it at any time, and nobody waits for anybody.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Arc, OnceLock};

use crossbeam_channel::{Receiver, Sender, unbounded};
use net::socket::Endpoint;
use storage::Seconds;

/// The highest limit.
pub(crate) const CONNECTIONS_MAX: usize = 1 << 20;

/// Rows that are made at once: 64 KiB.
const BLOCK: usize = 1024;

/// Connections shown at most: the text of a report is made at once, by a worker for one.
pub(crate) const SHOWN_MAX: usize = 1024;

/// A connection as `stats conns` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionRow {
    /// The file descriptor, as in memcached.
    pub(crate) id: u64,
    /// The peer, or for a listening socket its own address.
    pub(crate) addr: String,
    /// The address the peer connected to; none for a listening socket.
    pub(crate) listen_addr: Option<String>,
    /// memcached's word for what the connection does.
    pub(crate) state: &'static str,
    /// Seconds since its last request, or since it was opened.
    pub(crate) secs_since_last_cmd: u64,
}

/// All connections of the process.
#[derive(Debug)]
pub(crate) struct Connections {
    listeners: Vec<(RawFd, Endpoint)>,
    limit: AtomicUsize,
    /// How many there are. A row is free before its connection is counted out, and is taken after
    /// the next one is counted in, so there are never more rows than the highest limit.
    open: AtomicUsize,
    blocks: Box<[OnceLock<Box<[Row]>>]>,
    /// How many rows have been given out at least once; they are numbered from 0.
    given: AtomicU32,
    /// The numbers of those that are free again. Giving one back never waits.
    free: Receiver<u32>,
    freed: Sender<u32>,
    accepting: AtomicBool,
}

/// One connection's row. Written between two steps of `version`, so that a reader can tell when
/// what it read was of two connections.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Row {
    /// Odd while a connection has the row, even while it is free.
    version: AtomicU64,
    /// fd 32 | index of the listener 16 | the peer's port 16
    socket: AtomicU64,
    /// The peer's address as IPv6 (IPv4 mapped), high half first; zero for a unix socket.
    address: [AtomicU64; 2],
    last_request: AtomicU32,
    sending: AtomicBool,
}

const _: () = assert!(size_of::<Row>() == 64);

impl Connections {
    /// A table for at most `limit` connections to the given listening sockets.
    pub(crate) fn new(limit: usize, listeners: Vec<(RawFd, Endpoint)>) -> Connections {
        let (freed, free) = unbounded();
        let blocks = CONNECTIONS_MAX.div_ceil(BLOCK);
        Connections {
            listeners,
            limit: AtomicUsize::new(limit),
            open: AtomicUsize::new(0),
            blocks: (0..blocks).map(|_| OnceLock::new()).collect(),
            given: AtomicU32::new(0),
            free,
            freed,
            accepting: AtomicBool::new(true),
        }
    }

    /// Lets there be at most `limit` connections from now on. Those there are stay.
    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Notes whether the listener accepts connections, or rests because the system refuses them.
    pub(crate) fn set_accepting(&self, accepting: bool) {
        self.accepting.store(accepting, Ordering::Relaxed);
    }

    /// Whether the listener accepts connections.
    pub(crate) fn is_accepting(&self) -> bool {
        self.accepting.load(Ordering::Relaxed)
    }

    /// Gives a new connection its row; `None` when there are as many as may be.
    pub(crate) fn open(
        self: &Arc<Self>,
        listener: usize,
        fd: RawFd,
        peer: &Endpoint,
        now: Seconds,
    ) -> Option<Connection> {
        let open = self.open.fetch_add(1, Ordering::AcqRel);
        if open >= self.limit.load(Ordering::Relaxed) {
            self.open.fetch_sub(1, Ordering::Release);
            return None;
        }
        let again = self.free.try_recv().ok();
        let number = again.unwrap_or_else(|| self.given.fetch_add(1, Ordering::Relaxed));
        self.row(number).open(listener, fd, peer, now);
        Some(Connection {
            table: Arc::clone(self),
            number,
        })
    }

    /// How many connections there are.
    pub(crate) fn current(&self) -> u64 {
        self.open.load(Ordering::Relaxed) as u64
    }

    fn row(&self, number: u32) -> &Row {
        let (block, row) = (number as usize / BLOCK, number as usize % BLOCK);
        let rows = self.blocks[block].get_or_init(|| (0..BLOCK).map(|_| Row::default()).collect());
        &rows[row]
    }

    /// Shows the listening sockets, then at most `SHOWN_MAX` connections, to `f`.
    pub(crate) fn for_each(&self, now: Seconds, f: &mut dyn FnMut(&ConnectionRow)) {
        for (fd, endpoint) in &self.listeners {
            f(&ConnectionRow {
                id: *fd as u64,
                addr: endpoint.to_string(),
                listen_addr: None,
                state: "conn_listening",
                secs_since_last_cmd: crate::clock::Clock::uptime(now).into(),
            });
        }
        let rows = self.blocks.iter().map_while(OnceLock::get).flatten();
        for shown in rows.filter_map(Row::read).take(SHOWN_MAX) {
            let listen = &self.listeners[shown.listener].1;
            let peer = match listen {
                Endpoint::Unix(path) => Endpoint::Unix(path.clone()),
                Endpoint::Inet(_) => Endpoint::Inet(shown.peer),
            };
            f(&ConnectionRow {
                id: shown.fd.into(),
                addr: peer.to_string(),
                listen_addr: Some(listen.to_string()),
                state: if shown.sending {
                    "conn_mwrite"
                } else {
                    "conn_read"
                },
                secs_since_last_cmd: now.saturating_sub(shown.last_request).into(),
            });
        }
    }
}

/// What a row held at one moment.
struct Shown {
    fd: u32,
    listener: usize,
    peer: SocketAddr,
    last_request: Seconds,
    sending: bool,
}

impl Row {
    /// Called by whoever took the row from the free list, so by one thread at a time.
    fn open(&self, listener: usize, fd: RawFd, peer: &Endpoint, now: Seconds) {
        let (address, port) = match peer {
            Endpoint::Inet(peer) => (mapped(peer.ip()).to_bits(), peer.port()),
            Endpoint::Unix(_) => (0, 0),
        };
        let socket = (fd as u64) << 32 | (listener as u64 & 0xffff) << 16 | u64::from(port);
        // Pairs with the fence in `read`: who sees a field of this connection sees that the last
        // one's version is over.
        fence(Ordering::Release);
        self.socket.store(socket, Ordering::Relaxed);
        self.address[0].store((address >> 64) as u64, Ordering::Relaxed);
        self.address[1].store(address as u64, Ordering::Relaxed);
        self.last_request.store(now, Ordering::Relaxed);
        self.sending.store(false, Ordering::Relaxed);
        self.step();
    }

    /// Opens the row to readers, or closes it.
    fn step(&self) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version + 1, Ordering::Release);
    }

    /// The row's content; `None` when it is free or changes hands meanwhile.
    fn read(&self) -> Option<Shown> {
        let version = self.version.load(Ordering::Acquire);
        let socket = self.socket.load(Ordering::Relaxed);
        let high = self.address[0].load(Ordering::Relaxed);
        let low = self.address[1].load(Ordering::Relaxed);
        let last_request = self.last_request.load(Ordering::Relaxed);
        let sending = self.sending.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        if version.is_multiple_of(2) || self.version.load(Ordering::Relaxed) != version {
            return None;
        }
        let address = Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low));
        let address = match address.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => IpAddr::V6(address),
        };
        Some(Shown {
            fd: (socket >> 32) as u32,
            listener: (socket >> 16 & 0xffff) as usize,
            peer: SocketAddr::new(address, socket as u16),
            last_request,
            sending,
        })
    }
}

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(four) => four.to_ipv6_mapped(),
        IpAddr::V6(six) => six,
    }
}

/// A connection's place in the table, given back when dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    table: Arc<Connections>,
    number: u32,
}

impl Connection {
    /// Notes that a request came in at `now`.
    pub(crate) fn requested(&self, now: Seconds) {
        self.row().last_request.store(now, Ordering::Relaxed);
    }

    /// Notes whether replies wait for the peer to read.
    pub(crate) fn sending(&self, sending: bool) {
        self.row().sending.store(sending, Ordering::Relaxed);
    }

    fn row(&self) -> &Row {
        self.table.row(self.number)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.row().step();
        // The table has the other end itself, so this cannot fail.
        let _ = self.table.freed.send(self.number);
        self.table.open.fetch_sub(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn endpoint(address: &str) -> Endpoint {
        Endpoint::Inet(address.parse().unwrap())
    }

    fn table(limit: usize) -> Arc<Connections> {
        let listeners = vec![
            (3, endpoint("127.0.0.1:11211")),
            (4, Endpoint::Unix(PathBuf::from("/run/c.sock"))),
        ];
        Arc::new(Connections::new(limit, listeners))
    }

    fn rows(table: &Connections, now: Seconds) -> Vec<ConnectionRow> {
        let mut rows = Vec::new();
        table.for_each(now, &mut |row| rows.push(row.clone()));
        rows
    }

    #[test]
    fn the_limit_holds_and_a_closed_connection_makes_room() {
        let table = table(2);
        let peer = endpoint("127.0.0.1:5000");
        let first = table.open(0, 10, &peer, 5).unwrap();
        let _second = table.open(0, 11, &peer, 5).unwrap();
        assert!(table.open(0, 12, &peer, 5).is_none());
        assert_eq!(table.current(), 2);
        drop(first);
        assert_eq!(table.current(), 1);
        assert!(table.open(0, 12, &peer, 5).is_some());
    }

    #[test]
    fn another_limit_would_end_connections_or_lose_rows() {
        let table = table(1);
        let peer = endpoint("127.0.0.1:5000");
        let first = table.open(0, 10, &peer, 5).unwrap();
        table.set_limit(BLOCK + 1);
        let mut others: Vec<_> = (0..)
            .take(BLOCK)
            .map(|fd| table.open(0, fd, &peer, 5).unwrap())
            .collect();
        assert!(table.open(0, 12, &peer, 5).is_none());
        table.set_limit(2);
        assert_eq!(table.current(), BLOCK as u64 + 1);
        others.truncate(1);
        assert!(table.open(0, 12, &peer, 5).is_none(), "there are two");
        drop(first);
        let again = table.open(0, 12, &peer, 5).unwrap();
        assert!(again.number as usize <= BLOCK, "a row is used again");
        assert_eq!(rows(&table, 5).len(), table.listeners.len() + 2);
    }

    #[test]
    fn a_report_of_many_connections_has_a_bound() {
        let table = table(SHOWN_MAX + 1);
        let peer = endpoint("127.0.0.1:5000");
        let _all: Vec<_> = (0..)
            .take(SHOWN_MAX + 1)
            .map(|fd| table.open(0, fd, &peer, 5).unwrap())
            .collect();
        assert_eq!(rows(&table, 5).len(), table.listeners.len() + SHOWN_MAX);
    }

    #[test]
    fn rows_show_what_memcacheds_tools_read() {
        let table = table(4);
        let _four = table.open(0, 10, &endpoint("10.1.2.3:5000"), 5).unwrap();
        let six = table.open(0, 11, &endpoint("[2001:db8::1]:80"), 5).unwrap();
        let _unix = table
            .open(1, 12, &Endpoint::Unix(PathBuf::new()), 5)
            .unwrap();
        six.requested(9);
        six.sending(true);

        let rows = rows(&table, 12);
        let shown: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.id,
                    row.addr.as_str(),
                    row.state,
                    row.secs_since_last_cmd,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                (3, "tcp:127.0.0.1:11211", "conn_listening", 10),
                (4, "unix:/run/c.sock", "conn_listening", 10),
                (10, "tcp:10.1.2.3:5000", "conn_read", 7),
                (11, "tcp6:[2001:db8::1]:80", "conn_mwrite", 3),
                (12, "unix:/run/c.sock", "conn_read", 7),
            ]
        );
        assert_eq!(rows[2].listen_addr.as_deref(), Some("tcp:127.0.0.1:11211"));
        assert_eq!(rows[4].listen_addr.as_deref(), Some("unix:/run/c.sock"));
    }

    #[test]
    fn a_row_is_never_shown_with_the_halves_of_two_connections() {
        const ROUNDS: u32 = 500_000;
        let table = table(1);
        let row = table.row(0);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..ROUNDS {
                    let octets = Ipv6Addr::from_bits(u128::from(round) << 64 | u128::from(round));
                    let peer = Endpoint::Inet((octets, round as u16).into());
                    drop(table.open(0, round.cast_signed(), &peer, round));
                }
                stop.store(true, Ordering::Relaxed);
            });
            while !stop.load(Ordering::Relaxed) {
                let Some(shown) = row.read() else {
                    continue;
                };
                let round = shown.fd;
                let octets = Ipv6Addr::from_bits(u128::from(round) << 64 | u128::from(round));
                assert_eq!(shown.peer, (octets, round as u16).into());
                assert_eq!(shown.last_request, round);
            }
        });
    }
}
