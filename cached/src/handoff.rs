//! How accepted connections travel from the listener to a worker.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use net::transport::Transport;

use crate::connections::Connection;
use crate::waker::Waker;

/// An accepted connection on its way to the worker that will own it.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// Closed before `connection` gives its row back: whoever takes the row has a descriptor too.
    pub(crate) transport: Transport,
    /// Its row in the table.
    pub(crate) connection: Connection,
}

/// The listener's end: gives connections to one worker.
#[derive(Debug)]
pub(crate) struct Handoff {
    sender: Sender<Accepted>,
    waker: Arc<Waker>,
}

impl Handoff {
    /// A handoff, and the end of the worker that `waker` wakes. In it there are never more
    /// connections than there are rows in their table.
    pub(crate) fn new(waker: Arc<Waker>) -> (Handoff, Receiver<Accepted>) {
        let (sender, receiver) = unbounded();
        (Handoff { sender, waker }, receiver)
    }

    /// Hands a connection over. If the worker is gone the connection is closed.
    pub(crate) fn send(&self, accepted: Accepted) {
        if self.sender.send(accepted).is_ok() {
            self.waker.wake();
        }
    }
}
