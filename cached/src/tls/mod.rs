//! TLS as the daemon speaks it: what sessions are made of, read from files and replaced whole.

mod failures;

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use net::tls::{Server, ServerOptions};

pub(crate) use failures::Failures;

/// The server's side of TLS. Whoever opens a session takes what is current then, without waiting.
pub(crate) struct Tls {
    options: ServerOptions,
    current: ArcSwap<Server>,
}

impl Tls {
    /// Reads the files. Fails with a sentence, which names the file.
    pub(crate) fn load(options: ServerOptions) -> Result<Tls, String> {
        let server = Server::new(&options)?;
        Ok(Tls {
            current: ArcSwap::from_pointee(server),
            options,
        })
    }

    /// What sessions that begin now are made of.
    pub(crate) fn current(&self) -> Guard<Arc<Server>> {
        self.current.load()
    }
}
