//! The main thread while the others serve: it stops them at a signal, and reads files for them.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use crate::log::Log;
use crate::orders::{Order, Orders};
use crate::reload::{Certificates, Reloader};
use crate::tls::Keeper;

/// How often it is looked whether a drain is done.
const LOOK: Duration = Duration::from_millis(20);

/// Takes in signals from now on. Returns where orders are given, and where they arrive.
pub(crate) fn orders() -> io::Result<(Orders, Receiver<Order>)> {
    let (orders, arrived) = Orders::new();
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGUSR1])?;
    let give = orders.clone();
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                give.signal(signal);
            }
        })?;
    Ok((orders, arrived))
}

/// How the server is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With the requests at hand finished.
    Stop,
    /// With all connections ended when no request of theirs is under way.
    Drain,
}

/// Returns at the first SIGTERM or SIGINT, or when an operator asks for a drain.
pub(crate) fn run(orders: &Receiver<Order>, reloader: &Reloader, log: &Log) -> Ending {
    let tls = reloader.tls.as_ref();
    let mut keeper = tls.map(|tls| Keeper::new(Arc::clone(tls), log.clone()));
    loop {
        let order = match keeper.as_ref().map(Keeper::due) {
            Some(due) => orders.recv_deadline(due),
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match order {
            Ok(Order::Signal(SIGUSR1)) => log.warn(format_args!("SIGUSR1 does nothing")),
            Ok(Order::Signal(SIGHUP)) => {
                // The log tells how it ended.
                let _ = reloader.reload(Certificates::Always);
            }
            Ok(Order::Signal(_)) | Err(RecvTimeoutError::Disconnected) => return Ending::Stop,
            Ok(Order::Drain) => return Ending::Drain,
            Ok(Order::Reload(asker)) => {
                // Who asked may have left.
                let _ = asker.try_send(reloader.reload(Certificates::IfChanged));
            }
            Ok(Order::Certificates(asker)) => {
                if let Some(keeper) = &mut keeper {
                    keeper.note(asker);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(keeper) = &mut keeper {
            keeper.attend(Instant::now());
        }
    }
}

/// Waits until `is_done`, at most for `limit`, or until a signal says stop. Other orders are refused.
pub(crate) fn await_drain(
    orders: &Receiver<Order>,
    limit: Option<Duration>,
    is_done: impl Fn() -> bool,
) {
    let begun = Instant::now();
    while !is_done() && limit.is_none_or(|limit| begun.elapsed() < limit) {
        match orders.recv_timeout(LOOK) {
            Ok(Order::Signal(SIGTERM | SIGINT)) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(_) | Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::reload::fixture;
    use crate::tls::fixture as tls;

    #[test]
    fn a_reload_would_end_the_daemon_or_a_stop_would_not() {
        let files = tls::tls();
        files.renew(80);
        let reload = files.order.reload();
        let reloader = fixture::reloader(files.arguments(), Some(Arc::clone(&files.tls)));
        files.order.signal(SIGHUP);
        files.order.signal(SIGUSR1);
        files.order.signal(SIGTERM);
        run(&files.orders, &reloader, &reloader.log);
        assert!(reload.outcome().is_some_and(|outcome| outcome.is_ok()));
        assert_eq!(files.tls.status().reloads, 2);
    }

    #[test]
    fn a_drain_would_end_too_early_or_never() {
        let (orders, arrived) = Orders::new();
        let looks = Cell::new(0);
        await_drain(&arrived, None, || {
            looks.set(looks.get() + 1);
            looks.get() == 3
        });
        assert_eq!(looks.get(), 3);
        await_drain(&arrived, Some(LOOK), || false);
        orders.signal(SIGHUP);
        orders.signal(SIGTERM);
        await_drain(&arrived, None, || false);
        assert!(arrived.is_empty());
    }
}
