//! How accepted connections travel from the listener to a worker.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use net::socket::Stream;

use crate::bell::Bell;
use crate::connections::Connection;

/// An accepted connection on its way to the worker that will own it.
#[derive(Debug)]
pub(crate) struct Newcomer {
    /// Closed before `connection` gives its row back: whoever takes the row has a descriptor too.
    pub(crate) stream: Stream,
    /// Its row in the table.
    pub(crate) connection: Connection,
}

/// The listener's end: gives connections to one worker.
#[derive(Debug)]
pub(crate) struct Door {
    sender: Sender<Newcomer>,
    bell: Arc<Bell>,
}

impl Door {
    /// A door, and the worker's end of it, where `bell` rings for those who come. Behind it there
    /// are never more than there are rows in the table of connections.
    pub(crate) fn new(bell: Arc<Bell>) -> (Door, Receiver<Newcomer>) {
        let (sender, receiver) = unbounded();
        (Door { sender, bell }, receiver)
    }

    /// Hands a connection over. If the worker is gone the connection is closed.
    pub(crate) fn hand(&self, newcomer: Newcomer) {
        if self.sender.send(newcomer).is_ok() {
            self.bell.ring();
        }
    }
}
