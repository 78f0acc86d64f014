//! Certificates and what else TLS is made of, kept up to date by the main thread.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::Sender;

use super::Tls;
use crate::log::Log;
use crate::orders::{ORDERS_MAX, Outcome};

/// Between two reloads at least: clients may ask for them as often as they like.
const PAUSE: Duration = Duration::from_secs(1);

/// How often the files are read again unasked: for certificates that were renewed without a word,
/// and for new keys of the session tickets, which are made with each reading.
const RENEWAL: Duration = Duration::from_secs(60 * 60);

/// How long before its end a certificate is warned of.
const WARNING: Duration = Duration::from_secs(30 * DAY.as_secs());

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads the files of TLS again when somebody asks, and now and then.
pub(crate) struct Keeper {
    tls: Arc<Tls>,
    /// Those who wait for the next reload.
    askers: Vec<Sender<Outcome<()>>>,
    /// When the files were read last, or it was tried.
    read: Instant,
    /// When it was last looked whether they have changed.
    looked: Instant,
    /// When the log was last told of an end that is near.
    warned: Option<Instant>,
    log: Log,
}

impl Keeper {
    pub(crate) fn new(tls: Arc<Tls>, log: Log) -> Keeper {
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
    pub(crate) fn due(&self) -> Instant {
        let renewal = self.read + RENEWAL;
        if self.askers.is_empty() {
            return renewal;
        }
        renewal.min(self.looked + PAUSE)
    }

    /// Does what is due.
    pub(crate) fn attend(&mut self, now: Instant) {
        if self.tls.read_at() > self.read {
            // With the rest of the configuration.
            self.read = self.tls.read_at();
            self.warn_of_end();
        }
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
    pub(crate) fn note(&mut self, asker: Sender<Outcome<()>>) {
        if self.askers.len() < ORDERS_MAX {
            self.askers.push(asker);
        }
    }

    /// Reads the files. All who asked before get the answer.
    pub(crate) fn reload(&mut self) {
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

    fn answer(&mut self, outcome: &Outcome<()>) {
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
    use crossbeam_channel::bounded;

    use crate::log;
    use crate::orders::Order;
    use crate::tls::fixture;

    fn keeper(tls: &Arc<Tls>) -> Keeper {
        Keeper::new(Arc::clone(tls), log::start(0).0)
    }

    #[test]
    fn one_of_two_who_asked_at_once_would_go_without_an_answer() {
        let files = fixture::tls();
        let mut keeper = keeper(&files.tls);
        files.renew(80);
        let reloads = [files.order.certificates(), files.order.certificates()];
        for order in files.orders.try_iter() {
            match order {
                Order::Certificates(asker) => keeper.note(asker),
                other => panic!("{other:?}"),
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
    fn who_asks_and_leaves_would_be_remembered_without_bound() {
        let files = fixture::tls();
        let mut keeper = keeper(&files.tls);
        for _ in 0..=ORDERS_MAX {
            drop(files.order.certificates());
            for order in files.orders.try_iter() {
                match order {
                    Order::Certificates(asker) => keeper.note(asker),
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!(keeper.askers.len(), ORDERS_MAX);
    }
}
