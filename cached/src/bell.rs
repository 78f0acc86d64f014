//! How one thread gets another's attention.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::{Registry, Token, Waker};

/// Wakes a thread from its poll. Rings that come before the thread looks are one system call.
#[derive(Debug)]
pub(crate) struct Bell {
    waker: Waker,
    rung: AtomicBool,
    stop: AtomicBool,
}

impl Bell {
    /// A bell that shows as an event with `token` in the poll of `registry`.
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Bell> {
        Ok(Bell {
            waker: Waker::new(registry, token)?,
            rung: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        })
    }

    /// Wakes the thread. After `heard` it sees what was done before the ring.
    pub(crate) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            // It can only fail when the eventfd's counter is full: then it has been rung.
            let _ = self.waker.wake();
        }
    }

    /// Called by the woken thread, before it looks for what it was woken for.
    pub(crate) fn heard(&self) {
        // A read-modify-write, to see what was done before a ring that found the bell rung.
        self.rung.swap(false, Ordering::AcqRel);
    }

    /// Tells the thread to end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.ring();
    }

    /// Whether the thread is to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::{Events, Poll};
    use std::time::Duration;

    const TOKEN: Token = Token(7);

    fn is_woken(poll: &mut Poll) -> bool {
        let mut events = Events::with_capacity(4);
        poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        events.iter().any(|event| event.token() == TOKEN)
    }

    #[test]
    fn a_ring_after_the_last_was_heard_wakes_again() {
        let mut poll = Poll::new().unwrap();
        let bell = Bell::new(poll.registry(), TOKEN).unwrap();
        bell.ring();
        bell.ring();
        assert!(is_woken(&mut poll));
        assert!(!is_woken(&mut poll), "two rings are one event");
        bell.ring();
        assert!(!is_woken(&mut poll), "nobody has heard the first yet");
        bell.heard();
        bell.ring();
        assert!(is_woken(&mut poll));
    }

    #[test]
    fn a_thread_asleep_is_stopped() {
        let mut poll = Poll::new().unwrap();
        let bell = Bell::new(poll.registry(), TOKEN).unwrap();
        assert!(!bell.is_stopped());
        bell.stop();
        assert!(is_woken(&mut poll) && bell.is_stopped());
    }
}
