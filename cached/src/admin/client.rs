//! One client of the admin thread: a request being received, or an answer being sent.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use mio::{Interest, Registry, Token};
use net::socket::Endpoint;
use net::tls::Failure;

use super::channel::Channel;
use super::control::Control;
use super::server::Protocol;
use super::stats::Stats;
use super::task::Task;
use super::{http, protocol};

/// Reads, answers and writes for one client before the others have their turn.
pub(super) const STEPS: usize = 16;

/// What comes of a request.
pub(super) enum Answer {
    /// This.
    Now(Vec<u8>),
    /// This, and nothing more.
    Last(Vec<u8>),
    /// What comes of the task.
    Later(Task),
}

impl Protocol {
    /// How long a client may take to ask, and as long again to take its answer.
    pub(super) fn patience(self) -> Duration {
        match self {
            Protocol::Admin => Duration::from_secs(30),
            Protocol::Http => Duration::from_secs(10),
        }
    }

    /// Bytes of the longest request.
    fn request_max(self) -> usize {
        match self {
            Protocol::Admin => net::admin::REQUEST_MAX,
            Protocol::Http => http::REQUEST_MAX,
        }
    }

    /// Takes a request off `input` and answers it; `None`: it is not whole.
    fn answer(self, input: &mut Vec<u8>, control: &mut Control) -> Option<Answer> {
        match self {
            Protocol::Admin => protocol::take(input, control),
            Protocol::Http => http::take(input, control),
        }
    }
}

/// One client.
pub(super) struct Client {
    channel: Channel,
    pub(super) protocol: Protocol,
    pub(super) peer: Endpoint,
    /// Bounded by the longest request.
    input: Vec<u8>,
    output: Vec<u8>,
    /// Bytes of `output` that are sent.
    sent: usize,
    /// The answer being sent is the last one.
    closing: bool,
    /// What it waits for.
    pub(super) task: Option<Task>,
    /// When it is closed unless its request is whole, or its answer taken, before.
    pub(super) deadline: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// For the socket, or for others.
    Waiting,
    /// There is more to do.
    Busy,
    Closed,
}

impl Client {
    pub(super) fn new(
        channel: Channel,
        protocol: Protocol,
        peer: Endpoint,
        deadline: Instant,
    ) -> Client {
        Client {
            channel,
            protocol,
            peer,
            input: Vec::new(),
            output: Vec::new(),
            sent: 0,
            closing: false,
            task: None,
            deadline,
        }
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.register(self.channel.source(), token, interest)
    }

    pub(super) fn reregister(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.reregister(self.channel.source(), token, interest)
    }

    pub(super) fn is_established(&self) -> bool {
        self.channel.is_established()
    }

    /// Goes on with its handshake, if it has one.
    pub(super) fn establish(&mut self, stats: &Stats, now: Instant) -> Result<(), Failure> {
        let (false, Some(tls)) = (self.channel.is_established(), &stats.tls) else {
            return Ok(());
        };
        self.channel
            .establish(tls, &stats.metrics.admin_handshakes)?;
        if self.channel.is_established() {
            self.deadline = now + self.protocol.patience();
        }
        Ok(())
    }

    /// No request of it is whole, and no answer on its way: it may go without a loss but its own.
    pub(super) fn is_asking(&self) -> bool {
        self.is_established() && self.task.is_none() && self.output.is_empty() && !self.closing
    }

    /// It has not even begun to ask.
    pub(super) fn is_idle(&self) -> bool {
        self.is_asking() && self.input.is_empty()
    }

    /// Ends the connection in order.
    pub(super) fn finish(&mut self) {
        self.channel.finish();
    }

    pub(super) fn advance(&mut self, control: &mut Control, now: Instant) -> io::Result<State> {
        if !self.channel.is_established() {
            return Ok(State::Waiting);
        }
        for _ in 0..STEPS {
            match self.step(control, now) {
                Ok(State::Busy) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(State::Waiting);
                }
                ended => return ended,
            }
        }
        Ok(State::Busy)
    }

    /// One write, one answer or one read, whichever is next.
    fn step(&mut self, control: &mut Control, now: Instant) -> io::Result<State> {
        if let Some(task) = &mut self.task {
            if task.is_ours() {
                self.deadline = now + self.protocol.patience();
            }
            let Some(document) = task.step(control, now) else {
                return Ok(State::Waiting);
            };
            self.task = None;
            self.send(document, now);
        } else if self.sent < self.output.len() {
            self.sent += self.channel.write(&self.output[self.sent..])?;
            if self.sent == self.output.len() {
                self.send(Vec::new(), now);
            }
        } else if self.closing {
            return Ok(State::Closed);
        } else if let Some(answer) = self.protocol.answer(&mut self.input, control) {
            control.stats.metrics.of(self.protocol).requests.increment();
            match answer {
                Answer::Now(document) => self.send(document, now),
                Answer::Last(document) => {
                    self.send(document, now);
                    self.closing = true;
                }
                Answer::Later(task) => {
                    self.task = Some(task);
                    self.deadline = now + self.protocol.patience();
                }
            }
        } else if !self.receive()? {
            return Ok(State::Closed);
        }
        Ok(State::Busy)
    }

    /// Reads once; false when the client will send no more.
    fn receive(&mut self) -> io::Result<bool> {
        let start = self.input.len();
        self.input.resize(self.protocol.request_max(), 0);
        let received = self.channel.read(&mut self.input[start..]);
        let end = start + received.as_ref().copied().unwrap_or(0);
        self.input.truncate(end);
        Ok(received? > 0)
    }

    fn send(&mut self, document: Vec<u8>, now: Instant) {
        self.output = document;
        self.sent = 0;
        self.deadline = now + self.protocol.patience();
    }
}
