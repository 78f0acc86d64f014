//! What a run of a session comes to.

use crate::budget::Charge;

/// What a run came to.
#[derive(Debug)]
#[must_use]
pub struct Progress {
    /// What to do with the session next.
    pub next: Next,
    /// Operations that were executed.
    pub operations: u32,
    /// Requests that the session itself refused, with an error.
    pub refused: u32,
    /// The session got on: with one of these, or within a dump.
    pub got_on: bool,
    /// What the output of this run was charged with. It is to live until the
    /// output is sent. Output beyond it is not charged yet: small runs have
    /// none at all.
    pub output: Option<Charge>,
}

/// What to do with a session after a run and after sending its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Receive: all that was received before is dealt with.
    Receive,
    /// Resume next turn and receive nothing before: its share of this one, in
    /// output or operations, is used up.
    Resume,
    /// Resume when there may be space: the executor said
    /// [`Flow::Wait`](crate::Flow::Wait).
    WaitSpace,
    /// Resume when there may be budget for a long request or a large reply.
    WaitBudget,
    /// Close.
    Close(Close),
}

/// Why a session closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// The client asked for it.
    Quit,
    /// The client speaks the binary protocol.
    Binary,
    /// The client speaks TLS, where it is to speak plainly.
    Tls,
    /// The client speaks HTTP.
    Http,
    /// A line beyond its bound.
    LineTooLong,
    /// No budget for what was received.
    NoBudget,
}
