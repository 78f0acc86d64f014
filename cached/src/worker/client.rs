//! One connection as its worker holds it: the socket, the session, and what could not be sent.

use std::fmt;
use std::io::{self, IoSlice};
use std::time::{Duration, Instant};

use net::transport::Transport;
use net::{Arena, Budget, Charge, Close, Intake, Next, Piece, Replies, Session};

use super::Bounds;
use crate::connections::Connection;
use crate::execute::Upload;
use crate::handoff::Accepted;
use crate::metrics::WorkerCounters;
use crate::orders::Awaited;

/// Bytes received at once into a session's own buffer: a large body must not hold up the others.
const OWN_RECEIVE_MAX: usize = 64 << 10;

/// How long a client's pace is measured before it is judged.
pub(super) const PACE: Duration = Duration::from_secs(1);

/// Bytes a second that a client must move while others want the budget it holds.
const PACE_MIN: u64 = 64 << 10;

/// How long a value may be received into its place in the store: what lies about it cannot be
/// reclaimed meanwhile.
const PLACED_MAX: Duration = Duration::from_secs(10);

/// How long a request waits for budget, or a value stays in its place for want of it, where there
/// is no request timeout.
const BUDGET_WAIT: Duration = Duration::from_secs(30);

/// What a client's session does when it gets its next turn.
///
/// ```text
///                 bytes         all whole
///   Idle --------> run <------------------------ Reading
///    ^              |                               ^
///    +--------------+------- part of a request -----+
///                   |
///                   +--> Paused    its share of the turn is used up: next turn
///                   +--> NoSpace   the store has no room: every turn, for a second
///                   +--> NoBudget  no room for its buffers: every turn, for the request timeout
///                   +--> Closing   once what is unsent has been sent
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// No request has begun: receives.
    Idle,
    /// A request has begun and is not whole: receives.
    Reading,
    /// Runs on what it holds.
    Paused,
    /// Runs on what it holds: the request has waited for space since.
    NoSpace,
    /// Runs on what it holds: the request has waited for budget since.
    NoBudget,
    /// Nothing more.
    Closing(Reason),
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The client asked for it, or hung up.
    Client,
    /// The socket failed.
    Error,
    /// It asked nothing for too long.
    Idle,
    /// A request was not whole in time.
    Request,
    /// The client read nothing for too long.
    Send,
    LineTooLong,
    /// No budget for its buffers.
    NoBudget,
    /// It was slow with budget that others wanted.
    Slow,
    /// It speaks memcached's binary protocol.
    Binary,
    /// It speaks TLS, where it is to speak plainly.
    Tls,
    /// It speaks another protocol.
    Protocol,
    /// An operator wants it.
    Killed,
    /// The server is being drained.
    Drained,
}

impl Reason {
    /// Counts a connection that ended for this reason.
    pub(super) fn count(self, counters: &WorkerCounters) {
        counters.connections_closed.increment();
        match self {
            Reason::Client => {}
            Reason::Error => counters.closed_error.increment(),
            Reason::Idle => counters.closed_idle.increment(),
            Reason::Request => counters.closed_request_timeout.increment(),
            Reason::Send => counters.closed_send_timeout.increment(),
            Reason::LineTooLong => counters.closed_line_too_long.increment(),
            Reason::NoBudget => counters.closed_no_buffer.increment(),
            Reason::Slow => counters.closed_slow.increment(),
            Reason::Binary => {
                counters.closed_protocol.increment();
                counters.closed_binary.increment();
            }
            Reason::Tls => {
                counters.closed_protocol.increment();
                counters.closed_tls.increment();
            }
            Reason::Protocol => counters.closed_protocol.increment(),
            Reason::Killed => counters.closed_killed.increment(),
            Reason::Drained => counters.closed_drained.increment(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Client => "the client left",
            Reason::Error => "the socket failed",
            Reason::Idle => "it asked nothing for too long",
            Reason::Request => "a request was not whole in time",
            Reason::Send => "its replies were not read in time",
            Reason::LineTooLong => "a line was too long",
            Reason::NoBudget => "no memory was left for its buffers",
            Reason::Slow => "it was slow with buffer memory that others wanted",
            Reason::Binary => "it spoke the binary protocol",
            Reason::Tls => "it spoke TLS to a port without it",
            Reason::Protocol => "it spoke another protocol",
            Reason::Killed => "an operator ended it",
            Reason::Drained => "the server is being drained",
        })
    }
}

impl From<Close> for Reason {
    fn from(close: Close) -> Reason {
        match close {
            Close::Quit => Reason::Client,
            Close::Binary => Reason::Binary,
            Close::Tls => Reason::Tls,
            Close::Http => Reason::Protocol,
            Close::LineTooLong => Reason::LineTooLong,
            Close::NoBudget => Reason::NoBudget,
        }
    }
}

/// A connection, owned by one worker.
#[derive(Debug)]
pub(super) struct Client {
    /// Closed before `connection` gives its row back.
    pub(super) socket: Transport,
    pub(super) connection: Connection,
    pub(super) session: Session<Upload>,
    /// Boxed, as most clients take all at once.
    unsent: Option<Box<Unsent>>,
    /// The reload of certificates that its request waits for.
    pub(super) reload: Option<Awaited<()>>,
    /// Tells it from earlier clients under the same key.
    pub(super) generation: u32,
    pub(super) phase: Phase,
    /// When `phase` began, or in it last got on.
    pub(super) since: Instant,
    /// Since when it has had a place in the store for the value that it is sending.
    placed: Option<Instant>,
    /// When bytes last went in or out.
    moved: Instant,
    /// How fast they do, while others want the budget it holds: rare, so boxed.
    pace: Option<Box<Pace>>,
    /// The peer has gone, and will not even read.
    pub(super) is_gone: bool,
    /// It is on the list of those who are ready.
    pub(super) queued: bool,
}

/// Replies that the socket has not taken yet.
#[derive(Debug)]
struct Unsent {
    bytes: Vec<u8>,
    sent: usize,
    charge: Charge,
}

/// What a client has moved since others want the budget it holds.
#[derive(Debug)]
struct Pace {
    since: Instant,
    bytes: u64,
}

/// What a receive brought.
pub(super) enum Received {
    /// So many bytes: a piece of the worker's arena, or in the session's own buffer.
    Bytes(usize, Option<Piece>),
    /// None wait.
    Nothing,
    /// The peer will send no more.
    End,
    /// The arena is full: next turn.
    NoRoom,
}

impl Client {
    pub(super) fn new(accepted: Accepted, generation: u32, now: Instant) -> Client {
        Client {
            socket: accepted.transport,
            connection: accepted.connection,
            session: Session::new(),
            unsent: None,
            reload: None,
            generation,
            phase: Phase::Idle,
            since: now,
            placed: None,
            moved: now,
            pace: None,
            is_gone: false,
            queued: false,
        }
    }

    /// Whether a turn could do anything for it. Those without space or budget are taken from
    /// a list of their own.
    pub(super) fn is_ready(&self) -> bool {
        if self.unsent.is_some() {
            return self.socket.is_writable();
        }
        match self.phase {
            Phase::Idle | Phase::Reading => self.socket.is_readable(),
            Phase::Paused => true,
            Phase::NoSpace | Phase::NoBudget | Phase::Closing(_) => false,
        }
    }

    /// Receives once: at most `most` bytes into `arena`, or into the session's own buffer.
    pub(super) fn receive(
        &mut self,
        arena: &mut Arena,
        most: usize,
        now: Instant,
    ) -> io::Result<Received> {
        // Bytes of the session's own room, which are filled before those of the arena's.
        let own;
        let received = match self.session.intake() {
            Intake::Own(room) => {
                own = room.len().min(OWN_RECEIVE_MAX);
                self.socket.receive(&mut room[..own])?
            }
            Intake::Placed(room) => {
                own = room.len().min(OWN_RECEIVE_MAX);
                // What follows the value, if that may end with this.
                let behind = if own == room.len() { most } else { 0 };
                let behind = arena.open(&[], behind).unwrap_or_default();
                self.socket.receive_both(&mut room[..own], behind)?
            }
            Intake::Shared(kept) => match arena.open(kept, most) {
                Some(room) => {
                    own = 0;
                    self.socket.receive(room)?
                }
                None => return Ok(Received::NoRoom),
            },
        };
        let bytes = match received {
            None => return Ok(Received::Nothing),
            Some(0) => return Ok(Received::End),
            Some(bytes) => bytes,
        };
        self.progressed(bytes, now);
        self.session.received(bytes.min(own));
        let piece = (bytes > own).then(|| arena.close(bytes - own));
        Ok(Received::Bytes(bytes, piece))
    }

    /// Sends `replies`, or as much as the socket takes; a copy of the rest is kept, charged for its
    /// size, under `charge` if there is one. Returns how many bytes went.
    pub(super) fn send(
        &mut self,
        replies: Replies<'_>,
        charge: Option<Charge>,
        budget: &Budget,
        now: Instant,
    ) -> Result<usize, Reason> {
        debug_assert!(self.unsent.is_none(), "replies would overtake each other");
        let sent = if let Some(bytes) = replies.whole() {
            self.socket.send(bytes)
        } else {
            let pieces: Vec<_> = replies.pieces().map(IoSlice::new).collect();
            self.socket.send_pieces(&pieces)
        };
        let sent = sent.map_err(|_| Reason::Error)?;
        self.progressed(sent, now);
        let rest = replies.len() - sent;
        if rest > 0 {
            let charge = match charge {
                Some(mut charge) => {
                    charge.shrink(rest);
                    charge
                }
                None => budget.keep(rest).ok_or(Reason::NoBudget)?,
            };
            self.unsent = Some(Box::new(Unsent {
                bytes: replies.after(sent),
                sent: 0,
                charge,
            }));
            self.connection.sending(true);
        }
        Ok(sent)
    }

    /// Sends more of what is unsent. Returns how many bytes went.
    pub(super) fn flush(&mut self, now: Instant) -> Result<usize, Reason> {
        let Some(unsent) = &mut self.unsent else {
            return Ok(0);
        };
        let rest = &unsent.bytes[unsent.sent..];
        let sent = self.socket.send(rest).map_err(|_| Reason::Error)?;
        let is_all = sent == rest.len();
        unsent.sent += sent;
        if sent > 0 {
            self.progressed(sent, now);
        }
        if is_all {
            self.unsent = None;
            self.connection.sending(false);
            // What it does next begins now, however long the peer took to read.
            self.since = now;
        }
        Ok(sent)
    }

    /// Tells the peer that its connection ends, where there is a way to. Not after an error of the
    /// socket.
    pub(super) fn finish(&mut self) {
        if !self.is_gone && !self.socket.is_truncated() {
            self.socket.finish();
        }
    }

    /// Does next what its session says. `got_on`: the run did something. Returns whether the
    /// phase began with this.
    pub(super) fn enter(&mut self, next: Next, got_on: bool, now: Instant) -> bool {
        let phase = match next {
            Next::Receive if self.session.is_mid_request() => Phase::Reading,
            Next::Receive => Phase::Idle,
            Next::Resume => Phase::Paused,
            Next::WaitSpace => Phase::NoSpace,
            Next::WaitBudget => Phase::NoBudget,
            Next::Close(reason) => Phase::Closing(reason.into()),
        };
        let begins = got_on || phase != self.phase;
        if begins {
            self.phase = phase;
            self.since = now;
        }
        // What got on has ended the upload before: with this one the time begins anew.
        let placed = self.placed.filter(|_| !got_on).unwrap_or(now);
        self.placed = self.session.is_placed().then_some(placed);
        // With its request, a session gives back what it holds; but not with each key of a long
        // retrieval.
        if got_on && !self.session.is_long() {
            self.pace = None;
        }
        begins
    }

    /// Moves a value that has had its place in the store for too long, and is still to come, to a
    /// buffer, if there is one. Returns whether it did.
    pub(super) fn withdraw(&mut self, budget: &Budget, now: Instant) -> bool {
        let is_slow = |since| self.phase == Phase::Reading && now >= since + PLACED_MAX;
        let withdrawn = self.placed.is_some_and(is_slow) && self.session.withdraw(budget);
        if withdrawn {
            self.placed = None;
        }
        withdrawn
    }

    fn progressed(&mut self, bytes: usize, now: Instant) {
        self.moved = now;
        if let Some(pace) = &mut self.pace {
            pace.bytes += bytes as u64;
        }
    }

    /// Whether replies wait for the peer to read.
    pub(super) fn has_unsent(&self) -> bool {
        self.unsent.is_some()
    }

    /// Its request waits for space or budget.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::NoSpace | Phase::NoBudget)
    }

    /// Why it is to be closed at `now`, if it is: an operator wants it, or it has made no progress
    /// for too long, or is slow with budget that others want.
    pub(super) fn overdue(&mut self, bounds: &Bounds, now: Instant) -> Option<Reason> {
        if self.connection.is_killed() {
            return Some(Reason::Killed);
        }
        if self.connection.is_draining() && self.is_at_rest() {
            return Some(Reason::Drained);
        }
        let (since, limit, reason) = match (&self.unsent, self.phase) {
            (Some(_), _) => (self.moved, bounds.send_timeout, Reason::Send),
            (None, Phase::Idle) => (self.since, bounds.idle_timeout, Reason::Idle),
            (None, Phase::Reading) => (self.since, bounds.request_timeout, Reason::Request),
            (None, Phase::NoBudget) => {
                let limit = bounds.request_timeout.unwrap_or(BUDGET_WAIT);
                (self.since, Some(limit), Reason::NoBudget)
            }
            // They wait for us.
            (None, Phase::Paused | Phase::NoSpace | Phase::Closing(_)) => (now, None, Reason::Slow),
        };
        if limit.is_some_and(|limit| now.saturating_duration_since(since) >= limit) {
            return Some(reason);
        }
        let longest = bounds.request_timeout.unwrap_or(BUDGET_WAIT);
        if self.placed.is_some_and(|since| now >= since + longest) {
            return Some(Reason::Request);
        }
        self.is_slow(now).then_some(Reason::Slow)
    }

    /// No request of it has begun, as far as is known, and no reply is on its way.
    fn is_at_rest(&self) -> bool {
        self.phase == Phase::Idle && self.unsent.is_none() && !self.queued
    }

    /// Whether others want budget it holds, and it does not give that back at `PACE_MIN`. Looked
    /// at in every round of the sweep, and not while the client itself waits for others.
    fn is_slow(&mut self, now: Instant) -> bool {
        let held = self.wanted();
        if held == 0 || (self.unsent.is_none() && self.is_waiting()) {
            self.pace = None;
            return false;
        }
        let waits_for_peer = self.unsent.is_some() || self.phase == Phase::Reading;
        let pace = self.pace.get_or_insert_with(|| {
            Box::new(Pace {
                since: now,
                bytes: 0,
            })
        });
        let elapsed = now.saturating_duration_since(pace.since);
        let least = elapsed.as_millis() as u64 * PACE_MIN / 1000;
        // However fast it reads, a long retrieval must not hold the buffer of its line for all
        // the time that its replies take. Who sends a value to its place in the store holds the
        // line only, which says nothing of how much is to come.
        let had_time_for_all = least > held + PACE_MIN && !self.session.is_placed();
        elapsed >= PACE && (waits_for_peer && pace.bytes < least || had_time_for_all)
    }

    /// Bytes of budget that it holds and others want.
    fn wanted(&self) -> u64 {
        let unsent = self.unsent.as_ref().map(|unsent| &unsent.charge);
        let charges = self.session.charges().chain(unsent);
        let wanted = charges.filter(|charge| charge.is_wanted());
        wanted.map(|charge| charge.bytes() as u64).sum()
    }
}
