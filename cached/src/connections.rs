//! The table of connections: the limit on their number, and what is told of each.
//!
//! Rows are made as they are first needed, and stay. One belongs to the connection it was given
//! to, which alone writes it but for one word, by which an operator asks for its end; anybody may
//! read it at any time, and nobody waits for anybody.

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

/// A listening socket, as connections to it are told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listening {
    pub(crate) descriptor: RawFd,
    pub(crate) endpoint: Endpoint,
    pub(crate) is_tls: bool,
}

#[cfg(test)]
impl Listening {
    /// One without TLS.
    pub(crate) fn plain(descriptor: RawFd, endpoint: Endpoint) -> Listening {
        Listening {
            descriptor,
            endpoint,
            is_tls: false,
        }
    }
}

/// A connection, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown<'t> {
    /// Never given to another connection.
    pub(crate) id: u64,
    pub(crate) descriptor: RawFd,
    pub(crate) peer: Endpoint,
    /// What the peer connected to.
    pub(crate) listening: &'t Listening,
    /// Seconds since it was accepted.
    pub(crate) age: Seconds,
    /// Seconds since its last request, or since it was accepted.
    pub(crate) idle: Seconds,
    /// Replies wait for the peer to read.
    pub(crate) is_sending: bool,
    /// Bytes, in TLS once decrypted.
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

/// All connections of the process.
#[derive(Debug)]
pub(crate) struct Connections {
    listening: Vec<Listening>,
    limit: AtomicUsize,
    /// How many there are. A row is free before its connection is counted out, and is taken after
    /// the next one is counted in, so there are never more rows than the highest limit.
    open: AtomicUsize,
    blocks: Box<[OnceLock<Arc<[Row]>>]>,
    /// How many rows have been given out at least once; they are numbered from 0.
    given: AtomicU32,
    /// The numbers of those that are free again. Giving one back never waits.
    free: Receiver<u32>,
    freed: Sender<u32>,
    accepting: AtomicBool,
    draining: AtomicBool,
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
    received: AtomicU64,
    sent: AtomicU64,
    opened: AtomicU32,
    last_request: AtomicU32,
    /// The low half of the version whose connection is to end; an even one is nobody's.
    killed: AtomicU32,
    sending: AtomicBool,
}

const _: () = assert!(size_of::<Row>() == 64);

impl Connections {
    /// A table for at most `limit` connections to the given listening sockets.
    pub(crate) fn new(limit: usize, listening: Vec<Listening>) -> Connections {
        let (freed, free) = unbounded();
        let blocks = CONNECTIONS_MAX.div_ceil(BLOCK);
        Connections {
            listening,
            limit: AtomicUsize::new(limit),
            open: AtomicUsize::new(0),
            blocks: (0..blocks).map(|_| OnceLock::new()).collect(),
            given: AtomicU32::new(0),
            free,
            freed,
            accepting: AtomicBool::new(true),
            draining: AtomicBool::new(false),
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

    /// Has every connection end as soon as no request of it is under way.
    pub(crate) fn drain(&self) {
        self.set_accepting(false);
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether they are to end.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
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
            block: Arc::clone(self.block(number)),
            table: Arc::clone(self),
            number,
        })
    }

    /// The address that connection `number` comes from; for a unix socket one that is none.
    pub(crate) fn peer(&self, number: u32) -> Option<SocketAddr> {
        self.row(number).read().map(|shown| shown.peer)
    }

    /// How many connections there are.
    pub(crate) fn current(&self) -> u64 {
        self.open.load(Ordering::Relaxed) as u64
    }

    fn row(&self, number: u32) -> &Row {
        &self.block(number)[number as usize % BLOCK]
    }

    fn block(&self, number: u32) -> &Arc<[Row]> {
        let block = &self.blocks[number as usize / BLOCK];
        block.get_or_init(|| (0..BLOCK).map(|_| Row::default()).collect())
    }

    /// The sockets that connections come to.
    pub(crate) fn listening(&self) -> &[Listening] {
        &self.listening
    }

    /// The connections from row `from` on, each with the number of its row.
    pub(crate) fn shown(
        &self,
        from: usize,
        now: Seconds,
    ) -> impl Iterator<Item = (usize, Shown<'_>)> {
        let blocks = self.blocks.iter().map_while(OnceLock::get);
        let rows = blocks.flat_map(|block| block.iter());
        let rows = rows.enumerate().skip(from);
        rows.filter_map(move |(number, row)| Some((number, self.show(number, &row.read()?, now))))
    }

    fn show(&self, number: usize, seen: &Seen, now: Seconds) -> Shown<'_> {
        let listening = &self.listening[seen.listening];
        Shown {
            id: seen.version / 2 * CONNECTIONS_MAX as u64 + number as u64,
            descriptor: seen.descriptor,
            peer: match &listening.endpoint {
                Endpoint::Unix(path) => Endpoint::Unix(path.clone()),
                Endpoint::Inet(_) => Endpoint::Inet(seen.peer),
            },
            listening,
            age: now.saturating_sub(seen.opened),
            idle: now.saturating_sub(seen.last_request),
            is_sending: seen.sending,
            received: seen.received,
            sent: seen.sent,
        }
    }

    /// Whether the connection `id` is still there.
    pub(crate) fn is_open(&self, id: u64) -> bool {
        let row = self.row_of(id);
        row.is_some_and(|(row, version)| row.version.load(Ordering::Relaxed) == version)
    }

    /// Asks the worker of connection `id` to end it. Whoever has its row by then is not meant.
    pub(crate) fn kill(&self, id: u64) {
        if let Some((row, version)) = self.row_of(id) {
            row.killed.store(version as u32, Ordering::Relaxed);
        }
    }

    /// The row that connection `id` has or had, and its version then; `None`: there never was one.
    fn row_of(&self, id: u64) -> Option<(&Row, u64)> {
        let rows = CONNECTIONS_MAX as u64;
        let (opening, number) = (id / rows, (id % rows) as usize);
        let block = self.blocks[number / BLOCK].get()?;
        Some((&block[number % BLOCK], 2 * opening + 1))
    }
}

/// What a row held at one moment.
struct Seen {
    version: u64,
    descriptor: RawFd,
    listening: usize,
    peer: SocketAddr,
    opened: Seconds,
    last_request: Seconds,
    sending: bool,
    received: u64,
    sent: u64,
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
        self.received.store(0, Ordering::Relaxed);
        self.sent.store(0, Ordering::Relaxed);
        self.opened.store(now, Ordering::Relaxed);
        self.last_request.store(now, Ordering::Relaxed);
        self.killed.store(0, Ordering::Relaxed);
        self.sending.store(false, Ordering::Relaxed);
        self.step();
    }

    /// Opens the row to readers, or closes it.
    fn step(&self) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version + 1, Ordering::Release);
    }

    /// The row's content; `None` when it is free or changes hands meanwhile.
    fn read(&self) -> Option<Seen> {
        let version = self.version.load(Ordering::Acquire);
        let socket = self.socket.load(Ordering::Relaxed);
        let high = self.address[0].load(Ordering::Relaxed);
        let low = self.address[1].load(Ordering::Relaxed);
        let received = self.received.load(Ordering::Relaxed);
        let sent = self.sent.load(Ordering::Relaxed);
        let opened = self.opened.load(Ordering::Relaxed);
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
        Some(Seen {
            version,
            descriptor: (socket >> 32) as RawFd,
            listening: (socket >> 16 & 0xffff) as usize,
            peer: SocketAddr::new(address, socket as u16),
            opened,
            last_request,
            sending,
            received,
            sent,
        })
    }
}

/// Adds to a number that one thread writes and anybody may read.
fn add(number: &AtomicU64, bytes: usize) {
    let sum = number.load(Ordering::Relaxed).wrapping_add(bytes as u64);
    number.store(sum, Ordering::Relaxed);
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
    /// Where its row is: looked up once, as it is written with each request.
    block: Arc<[Row]>,
    number: u32,
}

impl Connection {
    /// Its own among those that are open.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Notes that a request came in at `now`.
    pub(crate) fn requested(&self, now: Seconds) {
        self.row().last_request.store(now, Ordering::Relaxed);
    }

    /// Notes whether replies wait for the peer to read.
    pub(crate) fn sending(&self, sending: bool) {
        self.row().sending.store(sending, Ordering::Relaxed);
    }

    /// Notes that so many bytes came in.
    pub(crate) fn received(&self, bytes: usize) {
        add(&self.row().received, bytes);
    }

    /// Notes that so many bytes went out.
    pub(crate) fn sent(&self, bytes: usize) {
        add(&self.row().sent, bytes);
    }

    /// Whether an operator wants its end.
    pub(crate) fn is_killed(&self) -> bool {
        let row = self.row();
        row.killed.load(Ordering::Relaxed) == row.version.load(Ordering::Relaxed) as u32
    }

    /// Whether it is to end as soon as no request of it is under way.
    pub(crate) fn is_draining(&self) -> bool {
        self.table.is_draining()
    }

    fn row(&self) -> &Row {
        &self.block[self.number as usize % BLOCK]
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
mod tests;
