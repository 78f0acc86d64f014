//! What the main thread is told to do, and the answers that are waited for.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

use crate::settings::Change;

/// Orders that wait at most; who gives one more is refused.
pub(crate) const ORDERS_MAX: usize = 64;

/// How long an answer is waited for. Files may lie on a disk that is stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the main thread is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// By the system.
    Signal(i32),
    /// To read the files of TLS again, by a client.
    Certificates(Sender<Outcome<()>>),
    /// To stop once no request is under way, by an operator.
    Drain,
    /// To read the whole configuration again, by an operator.
    Reload(Sender<Outcome<Vec<Change>>>),
}

/// How an order ended: well, or with a sentence that says why not.
pub(crate) type Outcome<T> = Result<T, String>;

/// Where orders are given, without waiting.
#[derive(Clone, Debug)]
pub(crate) struct Orders(Sender<Order>);

impl Orders {
    /// Where orders are given, and where they arrive.
    pub(crate) fn new() -> (Orders, Receiver<Order>) {
        let (sender, orders) = bounded(ORDERS_MAX);
        (Orders(sender), orders)
    }

    /// Tells of a signal. Waits while there are too many orders.
    pub(crate) fn signal(&self, signal: i32) {
        // The main thread takes orders until it stops.
        let _ = self.0.send(Order::Signal(signal));
    }

    /// Asks for the files of TLS to be read again.
    pub(crate) fn certificates(&self) -> Awaited<()> {
        self.ask(Order::Certificates)
    }

    /// Asks for the whole configuration to be read again.
    pub(crate) fn reload(&self) -> Awaited<Vec<Change>> {
        self.ask(Order::Reload)
    }

    /// Asks for a stop once no request is under way. Whether that was heard.
    pub(crate) fn drain(&self) -> bool {
        self.0.try_send(Order::Drain).is_ok()
    }

    fn ask<T>(&self, order: fn(Sender<Outcome<T>>) -> Order) -> Awaited<T> {
        let (asker, answer) = bounded(1);
        // With too many orders the asker is dropped, and the answer says so.
        let _ = self.0.try_send(order(asker));
        let until = Instant::now() + PATIENCE;
        Awaited { answer, until }
    }
}

/// The answer to an order, which is carried out whether or not somebody still waits.
#[derive(Debug)]
pub(crate) struct Awaited<T> {
    answer: Receiver<Outcome<T>>,
    until: Instant,
}

impl<T> Awaited<T> {
    /// How it ended, if it has.
    pub(crate) fn outcome(&self) -> Option<Outcome<T>> {
        match self.answer.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) if Instant::now() < self.until => None,
            Err(TryRecvError::Empty) => Some(Err(
                "reading the files takes long: the log will tell how it ends".to_owned(),
            )),
            Err(TryRecvError::Disconnected) => Some(Err(
                "too many ask for a reload, or a stop is under way".to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_askers_would_wait_for_nothing() {
        let (orders, _arrived) = Orders::new();
        let asked: Vec<_> = (0..=ORDERS_MAX).map(|_| orders.certificates()).collect();
        let (last, others) = asked.split_last().expect("some");
        assert!(others.iter().all(|awaited| awaited.outcome().is_none()));
        assert!(last.outcome().is_some_and(|outcome| outcome.is_err()));
    }
}
