//! The admin thread: its own poll, and a few clients of the admin protocol and of HTTP.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::{Events, Interest, Poll, Token};
use net::socket::{Endpoint, Listener};

use super::clients::{CLIENTS_MAX, Clients};
use super::control::Control;
use crate::waker::Waker;

const WAKE: Token = Token(usize::MAX);

/// What is spoken on a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// The admin protocol.
    Admin,
    Http,
}

/// A socket of the admin thread.
pub(super) struct Door {
    pub(super) listener: Listener,
    pub(super) protocol: Protocol,
}

/// The sockets of the admin thread, bound and not yet served.
pub(crate) struct Admin {
    poll: Poll,
    /// The token of each is its index.
    doors: Vec<Door>,
    endpoints: Vec<(Endpoint, Protocol)>,
    waker: Arc<Waker>,
}

impl Admin {
    pub(super) fn new(mut doors: Vec<Door>) -> io::Result<Admin> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let mut endpoints = Vec::new();
        for (index, Door { listener, protocol }) in doors.iter_mut().enumerate() {
            poll.registry()
                .register(listener.source(), Token(index), Interest::READABLE)?;
            endpoints.push((listener.endpoint()?, *protocol));
        }
        Ok(Admin {
            poll,
            doors,
            endpoints,
            waker,
        })
    }

    /// Where it listens, and for what.
    pub(crate) fn endpoints(&self) -> &[(Endpoint, Protocol)] {
        &self.endpoints
    }

    /// What stops it.
    pub(crate) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Serves until stopped. Fails only if the poll itself does.
    pub(crate) fn run(mut self, control: &mut Control) -> io::Result<()> {
        let mut events = Events::with_capacity(4 * CLIENTS_MAX);
        let mut clients = Clients::new(self.doors.len());
        let mut accept_again = None;
        while !self.waker.is_stopped() {
            let deadline = clients
                .next_deadline(Instant::now())
                .into_iter()
                .chain(accept_again)
                .min();
            let timeout = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let registry = self.poll.registry();
            let now = Instant::now();
            for event in &events {
                clients.advance(event.token(), registry, control, now);
            }
            clients.resume(registry, control, now);
            let listened = events.iter().any(|e| e.token().0 < self.doors.len());
            if listened || accept_again.is_some_and(|at| at <= now) {
                accept_again = self
                    .doors
                    .iter()
                    .filter_map(|door| clients.accept(door, registry, &control.stats, now))
                    .min();
            }
            clients.close_overdue(&control.stats, now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
