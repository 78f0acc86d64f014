//! The main thread while the others serve: it stops them at a signal, and keeps what TLS is made of
//! up to date.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use crate::log::Log;
use crate::tls::{Outcome, Tls};

/// Orders that wait at most, and reloads that are asked for; who asks beyond that is refused.
const ORDERS: usize = 64;

/// Between two reloads at least: clients may ask for them as often as they like.
const PAUSE: Duration = Duration::from_secs(1);

/// How often the files are read again unasked: for certificates that were renewed without a word,
/// and for new keys of the session tickets, which are made with each reading.
const RENEWAL: Duration = Duration::from_secs(60 * 60);

/// How long before its end a certificate is warned of.
const WARNING: Duration = Duration::from_secs(30 * DAY.as_secs());

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the main thread is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// By the system.
    Signal(i32),
    /// By a client or an operator, who is to be told how it ended.
    Reload(Sender<Outcome>),
}

/// Takes in signals from now on. Returns where orders come from, and where they are given.
pub(crate) fn orders() -> io::Result<(Sender<Order>, Receiver<Order>)> {
    let (sender, orders) = bounded(ORDERS);
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGUSR1])?;
    let give = sender.clone();
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                // The main thread takes orders until it stops.
                let _ = give.send(Order::Signal(signal));
            }
        })?;
    Ok((sender, orders))
}

/// Returns at the first SIGTERM or SIGINT.
pub(crate) fn run(orders: &Receiver<Order>, tls: Option<Arc<Tls>>, log: &Log) {
    let mut keeper = tls.map(|tls| Keeper::new(tls, log.clone()));
    loop {
        let due = keeper.as_ref().map(Keeper::due);
        let order = match due {
            Some(due) => orders.recv_deadline(due),
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match (order, &mut keeper) {
            (Ok(Order::Signal(SIGUSR1)), _) => log.warn(format_args!("SIGUSR1 does nothing")),
            (Ok(Order::Signal(SIGHUP)), None) => log.warn(format_args!(
                "SIGHUP does nothing: it reloads what TLS is made of, and TLS is off"
            )),
            (Ok(Order::Signal(SIGHUP)), Some(keeper)) => keeper.reload(),
            (Ok(Order::Signal(_)) | Err(RecvTimeoutError::Disconnected), _) => return,
            (Ok(Order::Reload(asker)), Some(keeper)) => keeper.note(asker),
            // Nobody can ask without TLS.
            (Ok(Order::Reload(_)) | Err(RecvTimeoutError::Timeout), _) => {}
        }
        if let Some(keeper) = &mut keeper {
            keeper.attend(Instant::now());
        }
    }
}

/// Reads the files of TLS again when somebody asks, and now and then.
struct Keeper {
    tls: Arc<Tls>,
    /// Those who wait for the next reload.
    askers: Vec<Sender<Outcome>>,
    /// When the files were read last, or it was tried.
    read: Instant,
    /// When it was last looked whether they have changed.
    looked: Instant,
    /// When the log was last told of an end that is near.
    warned: Option<Instant>,
    log: Log,
}

impl Keeper {
    fn new(tls: Arc<Tls>, log: Log) -> Keeper {
        let now = Instant::now();
        let mut keeper = Keeper {
            tls,
            askers: Vec::new(),
            read: now,
            looked: now,
            warned: None,
            log,
        };
        keeper.warn_of_end();
        keeper
    }

    /// When there is something to do next.
    fn due(&self) -> Instant {
        let renewal = self.read + RENEWAL;
        if self.askers.is_empty() {
            return renewal;
        }
        renewal.min(self.looked + PAUSE)
    }

    /// Does what is due.
    fn attend(&mut self, now: Instant) {
        if now >= self.read + RENEWAL {
            self.reload();
        } else if now >= self.due() {
            self.refresh(now);
        }
    }

    /// Reads the files if they have changed. Unless they have, whoever asks would only make the
    /// tickets of all clients void.
    fn refresh(&mut self, now: Instant) {
        self.looked = now;
        if self.tls.is_current() {
            self.answer(&Ok(()));
        } else {
            self.reload();
        }
    }

    /// Takes note of who waits for a reload. One too many is dropped, and told so by that.
    fn note(&mut self, asker: Sender<Outcome>) {
        if self.askers.len() < ORDERS {
            self.askers.push(asker);
        }
    }

    /// Reads the files. All who asked before get the answer.
    fn reload(&mut self) {
        let outcome = self.tls.reload();
        self.read = Instant::now();
        match &outcome {
            Ok(()) => self
                .log
                .info(format_args!("the files of TLS are read anew")),
            Err(why) => self.log.warn(format_args!(
                "cannot reload TLS, what was read before stays in use: {why}"
            )),
        }
        self.answer(&outcome);
        self.warn_of_end();
    }

    fn answer(&mut self, outcome: &Outcome) {
        for asker in self.askers.drain(..) {
            // It may have left.
            let _ = asker.try_send(outcome.clone());
        }
    }

    /// Warns of a certificate that ends soon: at once when that is new, and then daily.
    fn warn_of_end(&mut self) {
        let server = self.tls.current();
        let left = server.expires().duration_since(SystemTime::now());
        if left.as_ref().is_ok_and(|left| *left > WARNING) {
            self.warned = None;
            return;
        }
        let is_told = |told: Instant| told.elapsed() < DAY;
        if self.warned.is_some_and(is_told) {
            return;
        }
        self.warned = Some(Instant::now());
        let file = server.expires_first().display();
        let end = humantime::format_rfc3339_seconds(server.expires());
        match left {
            Ok(left) => {
                let days = left.as_secs() / DAY.as_secs();
                self.log.warn(format_args!(
                    "the certificate {file}, or one of its chain, ends in {days} days, at {end}"
                ));
            }
            Err(_) => self.log.warn(format_args!(
                "the certificate {file}, or one of its chain, has ended at {end}: clients that \
                 look will refuse it"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log;
    use crate::tls::fixture;

    fn keeper(tls: &Arc<Tls>) -> Keeper {
        Keeper::new(Arc::clone(tls), log::start(0).0)
    }

    #[test]
    fn one_of_two_who_asked_at_once_would_go_without_an_answer() {
        let files = fixture::tls();
        let mut keeper = keeper(&files.tls);
        files.renew(80);
        let reloads = [files.tls.ask_reload(), files.tls.ask_reload()];
        for order in files.orders.try_iter() {
            match order {
                Order::Reload(asker) => keeper.note(asker),
                Order::Signal(signal) => panic!("{signal}"),
            }
        }
        assert!(reloads.iter().all(|reload| reload.outcome().is_none()));
        keeper.attend(keeper.due());
        for reload in reloads {
            assert_eq!(reload.outcome(), Some(Ok(())));
        }
        assert_eq!(files.tls.status().reloads, 1, "for both");
    }

    #[test]
    fn a_client_would_make_all_tickets_void_by_asking_for_what_is_there() {
        let files = fixture::tls();
        let mut keeper = keeper(&files.tls);
        let before = files.tls.current();
        for (asker, answer) in [bounded(1), bounded(1)] {
            keeper.note(asker);
            keeper.attend(keeper.due());
            assert_eq!(answer.try_recv(), Ok(Ok(())));
            assert!(Arc::ptr_eq(&before, &files.tls.current()));
        }
        keeper.attend(keeper.due());
        assert!(
            !Arc::ptr_eq(&before, &files.tls.current()),
            "in time all the same"
        );
    }

    #[test]
    fn a_bad_file_would_replace_a_good_one() {
        let files = fixture::tls();
        let before = files.tls.current();
        files.spoil();
        let why = files.tls.reload().expect_err("nonsense");
        assert!(why.contains("server.pem"), "{why}");
        assert!(Arc::ptr_eq(&before, &files.tls.current()));
        assert_eq!(files.tls.status().failed_reloads, 1);

        files.renew(80);
        assert_eq!(files.tls.reload(), Ok(()));
        assert!(!Arc::ptr_eq(&before, &files.tls.current()));
    }

    #[test]
    fn an_end_that_is_near_would_be_told_never_or_every_hour() {
        let files = fixture::tls();
        let mut keeper = keeper(&files.tls);
        assert_eq!(keeper.warned, None);
        files.renew(29);
        keeper.reload();
        let warned = keeper.warned;
        assert!(warned.is_some());
        keeper.reload();
        assert_eq!(keeper.warned, warned);

        files.renew(31);
        keeper.reload();
        assert_eq!(keeper.warned, None, "the next end is another one's");
        files.renew(-1);
        keeper.reload();
        assert!(keeper.warned.is_some());
    }

    #[test]
    fn too_many_askers_would_wait_for_nothing() {
        let files = fixture::tls();
        let asked: Vec<_> = (0..=4).map(|_| files.tls.ask_reload()).collect();
        assert!(asked[..4].iter().all(|reload| reload.outcome().is_none()));
        assert!(asked[4].outcome().is_some_and(|outcome| outcome.is_err()));
    }

    #[test]
    fn who_asks_and_leaves_would_be_remembered_without_bound() {
        let files = fixture::tls();
        let mut keeper = keeper(&files.tls);
        for _ in 0..=ORDERS {
            drop(files.tls.ask_reload());
            for order in files.orders.try_iter() {
                match order {
                    Order::Reload(asker) => keeper.note(asker),
                    Order::Signal(signal) => panic!("{signal}"),
                }
            }
        }
        assert_eq!(keeper.askers.len(), ORDERS);
    }

    #[test]
    fn a_reload_would_end_the_daemon_or_a_stop_would_not() {
        let files = fixture::tls();
        files.renew(80);
        let reload = files.tls.ask_reload();
        let (orders, tls) = (files.orders.clone(), Arc::clone(&files.tls));
        let main = thread::spawn(move || run(&orders, Some(tls), &log::start(0).0));
        let mut outcome = None;
        for _ in 0..3000 {
            outcome = reload.outcome();
            if outcome.is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(outcome, Some(Ok(())));
        files.order.send(Order::Signal(SIGHUP)).expect("it runs");
        files.order.send(Order::Signal(SIGTERM)).expect("it runs");
        main.join().expect("it ends");
        assert_eq!(files.tls.status().reloads, 2);
    }
}
