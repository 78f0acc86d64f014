//! A daemon's reports without a daemon, for tests.

use std::sync::Arc;

use net::Budget;
use net::socket::Endpoint;

use super::{Control, Stats};
use crate::clock::Clock;
use crate::connections::{Connections, Listening};
use crate::live::Live;
use crate::log;
use crate::metrics::Metrics;
use crate::orders::Orders;
use crate::settings::Config;
use crate::tls::Tls;

/// What an admin thread works with that reports `stats`.
pub(super) fn control(stats: Stats) -> Control {
    Control::new(Arc::new(stats))
}

/// Reports of a daemon with one worker, a store that holds nothing, and one listening socket.
pub(super) fn stats() -> Stats {
    stats_with(Config::default(), None)
}

/// As [`stats`], of a daemon that was told something.
pub(super) fn stats_with(config: Config, tls: Option<Arc<Tls>>) -> Stats {
    let listener = Endpoint::Inet(([127, 0, 0, 1], 11211).into());
    Stats {
        metrics: Arc::new(Metrics::new(1)),
        store: storage::Store::new(&config.store_options(0)).expect("default options"),
        connections: Arc::new(Connections::new(4, vec![Listening::plain(3, listener)])),
        budget: Budget::new(1 << 22, 1 << 20),
        clock: Clock::start(),
        tls,
        orders: Orders::new().0,
        history: Arc::default(),
        log: log::start(0).0,
        recording: Arc::default(),
        live: Live::new(config.into()),
    }
}
