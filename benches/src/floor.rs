//! The floor: the least that a server of this shape can do.
//!
//! Wait for readiness, receive once, count the requests by their framing, send
//! the prebuilt replies once. It stores nothing: every `get` hits, with a key
//! and a value that are always the same. What a real server takes beyond this
//! is its own work; what it takes less, it has found outside this shape.
//!
//! In TLS it is the same, by the cheapest use of OpenSSL that is correct.

mod stream;

use std::io::{self, ErrorKind, IoSlice};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use memchr::memchr;
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Events, Poll, Token};
use openssl::ssl::SslContext;

use stream::Stream;
pub use stream::context;

/// Request lines are shorter.
const RECEIVE_BYTES: usize = 256 * 1024;
/// Small replies are laid out many times over, so that one piece answers a
/// whole pipeline; more than the innermost cache holds would not help.
const PIECE_BYTES: usize = 32 * 1024;
/// Reasons not to accept a client that end nothing: it has gone, or there are
/// too many; and how long nobody is accepted then.
const PASSING: [i32; 3] = [libc::ECONNABORTED, libc::EMFILE, libc::ENFILE];
const PAUSE: Duration = Duration::from_millis(10);

/// What can be answered, in the order of `Replies`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reply {
    Value,
    LastValue,
    Stored,
    Deleted,
    Number,
    Error,
    /// The rest are meta's.
    Hit,
    HitWithKey,
    Done,
    Count,
    Barrier,
}

/// Prebuilt replies of each kind: one of them many times over, and its length.
#[derive(Debug)]
pub struct Replies([(Vec<u8>, usize); 11]);

impl Replies {
    /// Replies to `get` and `mg` have a key and a value of these many bytes.
    pub fn new(key_size: usize, value_size: usize) -> Self {
        let (key, value) = ("k".repeat(key_size), "v".repeat(value_size));
        let listed = format!("VALUE {key} 0 {value_size}\r\n{value}\r\n");
        let last = format!("{listed}END\r\n");
        let hit = format!("VA {value_size}\r\n{value}\r\n");
        let hit_with_key = format!("VA {value_size} k{key}\r\n{value}\r\n");
        let replies = [
            &listed,
            &last,
            "STORED\r\n",
            "DELETED\r\n",
            "1\r\n",
            "ERROR\r\n",
            &hit,
            &hit_with_key,
            "HD\r\n",
            "VA 1\r\n1\r\n",
            "MN\r\n",
        ];
        Self(replies.map(|reply| {
            let count = (PIECE_BYTES / reply.len()).max(1);
            (reply.repeat(count).into_bytes(), reply.len())
        }))
    }
}

/// Serves with so many threads, in TLS if there is a `context`, until it cannot.
pub fn serve(
    listener: &TcpListener,
    threads: usize,
    replies: Replies,
    context: Option<&SslContext>,
) -> io::Result<()> {
    // The threads have no end.
    let replies: &'static Replies = Box::leak(Box::new(replies));
    let mut workers = Vec::new();
    for _ in 0..threads {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let (to_worker, arrivals) = channel();
        thread::spawn(move || work(replies, poll, &arrivals));
        workers.push((registry, to_worker));
    }
    for (registry, to_worker) in workers.iter().cycle() {
        let stream = accept(listener)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = Stream::new(TcpStream::from_std(stream), context)?;
        let token = Token(stream.descriptor() as usize);
        stream.register(registry, token)?;
        to_worker.send(stream).map_err(io::Error::other)?;
    }
    Ok(())
}

/// The next client that is still there.
fn accept(listener: &TcpListener) -> io::Result<std::net::TcpStream> {
    loop {
        match listener.accept() {
            Err(e) if e.raw_os_error().is_some_and(|e| PASSING.contains(&e)) => {
                thread::sleep(PAUSE);
            }
            outcome => return Ok(outcome?.0),
        }
    }
}

fn work(replies: &Replies, mut poll: Poll, arrivals: &Receiver<Stream>) -> io::Result<()> {
    let mut connections: Vec<Option<Connection<'_>>> = Vec::new();
    let mut buffer = vec![0; RECEIVE_BYTES];
    let mut events = Events::with_capacity(64);
    loop {
        match poll.poll(&mut events, None) {
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            outcome => outcome?,
        }
        for event in &events {
            let Token(at) = event.token();
            while connections.get(at).is_none_or(Option::is_none) {
                // It was registered a moment before it was sent.
                let stream = arrivals.recv().map_err(io::Error::other)?;
                let at = stream.descriptor() as usize;
                connections.resize_with(connections.len().max(at + 1), || None);
                connections[at] = Some(Connection {
                    stream,
                    replies,
                    line: Vec::new(),
                    value_left: 0,
                    stored: Reply::Stored,
                    unsent: Vec::new(),
                    last: Reply::Error,
                });
            }
            connections[at].take_if(|connection| connection.turn(event, &mut buffer).is_err());
        }
    }
}

struct Connection<'r> {
    stream: Stream,
    replies: &'r Replies,
    /// A request line that has begun.
    line: Vec<u8>,
    /// Bytes of a value, and of its line's end, that have not arrived yet.
    value_left: usize,
    /// What answers it.
    stored: Reply,
    /// What is to be sent; until the socket takes it all, nothing is received.
    unsent: Vec<IoSlice<'r>>,
    /// Which kind the last of it is.
    last: Reply,
}

impl Connection<'_> {
    /// One receive and one send; an error ends the connection.
    fn turn(&mut self, event: &Event, buffer: &mut [u8]) -> io::Result<()> {
        self.stream.note(event);
        self.send()?;
        let ended = event.is_read_closed();
        // A short receive means drained, unless the client's end is behind it.
        let mut more = true;
        while more && self.unsent.is_empty() {
            let kept = self.line.len();
            buffer[..kept].copy_from_slice(&self.line);
            let received = self.stream.receive(&mut buffer[kept..])?;
            let bytes = &buffer[..kept + received];
            let counted = self.count(bytes);
            self.line.clear();
            self.line.extend_from_slice(&bytes[counted..]);
            self.send()?;
            more = ended || kept + received == buffer.len();
        }
        Ok(())
    }

    /// Answers whole requests; says where one begins that is not whole.
    fn count(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        loop {
            let passed = self.value_left.min(bytes.len() - at);
            at += passed;
            self.value_left -= passed;
            if passed > 0 && self.value_left == 0 {
                self.answer(self.stored);
            }
            let Some(length) = memchr(b'\n', &bytes[at..]) else {
                return at;
            };
            let line = &bytes[at..at + length];
            at += length + 1;
            match line.get(..4) {
                Some(b"get ") => {
                    let mut keys = &line[4..];
                    while let Some(length) = memchr(b' ', keys) {
                        self.answer(Reply::Value);
                        keys = &keys[length + 1..];
                    }
                    self.answer(Reply::LastValue);
                }
                Some(b"set ") => {
                    self.store(line.rsplit(|&byte| byte == b' ').next(), Reply::Stored);
                }
                Some(b"dele") => self.answer(Reply::Deleted),
                Some(b"incr") => self.answer(Reply::Number),
                Some([b'm', verb, b' ', _]) => self.meta(*verb, line),
                None if line == b"mn\r" => self.answer(Reply::Barrier),
                _ => self.answer(Reply::Error),
            }
        }
    }

    fn meta(&mut self, verb: u8, line: &[u8]) {
        match verb {
            // In a list, where what is missing keeps quiet, a value says whose it is.
            b'g' if line.ends_with(b" q v\r") => self.answer(Reply::HitWithKey),
            b'g' => self.answer(Reply::Hit),
            b's' => self.store(line.split(|&byte| byte == b' ').nth(2), Reply::Done),
            b'd' => self.answer(Reply::Done),
            b'a' => self.answer(Reply::Count),
            _ => self.answer(Reply::Error),
        }
    }

    /// A value of so many bytes follows, and this answers it.
    fn store(&mut self, digits: Option<&[u8]>, reply: Reply) {
        self.value_left = number(digits.unwrap_or_default()) + 2;
        self.stored = reply;
    }

    fn answer(&mut self, reply: Reply) {
        let (many, size) = &self.replies.0[reply as usize];
        match self.unsent.last_mut() {
            Some(piece) if self.last == reply && piece.len() + size <= many.len() => {
                *piece = IoSlice::new(&many[..piece.len() + size]);
            }
            _ => self.unsent.push(IoSlice::new(&many[..*size])),
        }
        self.last = reply;
    }

    /// Sends what the socket takes, without copying the rest.
    fn send(&mut self) -> io::Result<()> {
        if !self.unsent.is_empty() {
            let left = self.stream.send(&mut self.unsent)?;
            self.unsent.drain(..self.unsent.len() - left);
        }
        Ok(())
    }
}

/// What the digits at the start say.
fn number(digits: &[u8]) -> usize {
    digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |number, byte| number * 10 + usize::from(byte & 15))
}
