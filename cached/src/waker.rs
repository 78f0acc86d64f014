//! How one thread gets another's attention.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::{Registry, Token};

/// Wakes a thread from its poll. Wakes that come before the thread looks are one system call.
#[derive(Debug)]
pub(crate) struct Waker {
    poll: mio::Waker,
    /// It was woken and has not looked yet.
    woken: AtomicBool,
    stop: AtomicBool,
}

impl Waker {
    /// A waker that shows as an event with `token` in the poll of `registry`.
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Waker> {
        Ok(Waker {
            poll: mio::Waker::new(registry, token)?,
            woken: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        })
    }

    /// Wakes the thread. After `acknowledge` it sees what was done before.
    pub(crate) fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            // It can only fail when the eventfd's counter is full: then the thread is woken.
            let _ = self.poll.wake();
        }
    }

    /// Called by the woken thread, before it looks for what it was woken for.
    pub(crate) fn acknowledge(&self) {
        // A read-modify-write, to see what was done before a wake that found it woken.
        self.woken.swap(false, Ordering::AcqRel);
    }

    /// Tells the thread to end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
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
    fn a_wake_after_the_last_was_acknowledged_wakes_again() {
        let mut poll = Poll::new().unwrap();
        let waker = Waker::new(poll.registry(), TOKEN).unwrap();
        waker.wake();
        waker.wake();
        assert!(is_woken(&mut poll));
        assert!(!is_woken(&mut poll), "two wakes are one event");
        waker.wake();
        assert!(!is_woken(&mut poll), "nobody has looked since the first");
        waker.acknowledge();
        waker.wake();
        assert!(is_woken(&mut poll));
    }

    #[test]
    fn a_thread_asleep_is_stopped() {
        let mut poll = Poll::new().unwrap();
        let waker = Waker::new(poll.registry(), TOKEN).unwrap();
        assert!(!waker.is_stopped());
        waker.stop();
        assert!(is_woken(&mut poll) && waker.is_stopped());
    }
}
