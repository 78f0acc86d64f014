//! Reloads of a daemon without a daemon, for tests.

use super::*;
use crate::log;

/// As a daemon that was started with `args` has it.
pub(crate) fn reloader(args: Vec<OsString>, tls: Option<Arc<Tls>>) -> Reloader {
    let Ok(Command::Serve(effective, _)) = settings::load(args.clone()) else {
        panic!("{args:?} does not serve");
    };
    let config = &effective.config;
    Reloader {
        args,
        started: config.clone(),
        store: Store::new(&config.store_options(0)).expect("a store"),
        connections: Arc::new(Connections::new(config.max_connections, vec![])),
        budget: config.session_buffers(),
        live: Live::new(*effective),
        tls,
        history: Arc::new(History::new(0)),
        clock: Clock::start(),
        log: log::start(0).0,
        recording: Arc::default(),
    }
}
