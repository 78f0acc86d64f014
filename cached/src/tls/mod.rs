//! TLS as the daemon speaks it: what sessions are made of, read from files and replaced whole.

mod failures;
#[cfg(test)]
pub(crate) mod fixture;
mod reload;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use crossbeam_channel::{Sender, bounded};
use net::tls::{Server, ServerOptions};

use crate::supervisor::Order;

pub(crate) use failures::Failures;
pub(crate) use reload::{Outcome, Reload};

/// The server's side of TLS. Whoever opens a session takes what is current then, without waiting;
/// only the main thread reads files.
pub(crate) struct Tls {
    options: ServerOptions,
    current: ArcSwap<Loaded>,
    reloads: AtomicU64,
    failed_reloads: AtomicU64,
    orders: Sender<Order>,
}

struct Loaded {
    server: Arc<Server>,
    at: Instant,
    stamps: Vec<Stamp>,
}

/// What tells one state of a file from another: device, inode, bytes, time of the last change.
/// `None`: there is no such file.
type Stamp = Option<(u64, u64, u64, SystemTime)>;

impl Tls {
    /// Reads the files. Fails with a sentence, which names the file. Reloads are asked for by
    /// `orders`.
    pub(crate) fn load(options: ServerOptions, orders: Sender<Order>) -> Result<Tls, String> {
        let loaded = Loaded::read(&options)?;
        Ok(Tls {
            options,
            current: ArcSwap::from_pointee(loaded),
            reloads: AtomicU64::new(0),
            failed_reloads: AtomicU64::new(0),
            orders,
        })
    }

    /// What sessions that begin now are made of.
    pub(crate) fn current(&self) -> Arc<Server> {
        Arc::clone(&self.current.load().server)
    }

    /// Reads the files again. If they cannot be used, what was read before stays. Either way the
    /// sessions there are go on.
    pub(crate) fn reload(&self) -> Outcome {
        match Loaded::read(&self.options) {
            Ok(loaded) => {
                self.current.store(Arc::new(loaded));
                self.reloads.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(why) => {
                self.failed_reloads.fetch_add(1, Ordering::Relaxed);
                Err(why)
            }
        }
    }

    /// The files are still those that were read.
    pub(crate) fn is_current(&self) -> bool {
        self.current.load().stamps == stamps(&self.options)
    }

    /// Asks the main thread for a reload, without waiting.
    pub(crate) fn ask_reload(&self) -> Reload {
        let (asker, answer) = bounded(1);
        // With too many asking, the asker is dropped, and the answer says so.
        let _ = self.orders.try_send(Order::Reload(asker));
        Reload::new(answer)
    }

    /// What there is to report.
    pub(crate) fn status(&self) -> Status {
        let loaded = self.current.load();
        Status {
            expires: loaded.server.expires(),
            age: loaded.at.elapsed(),
            reloads: self.reloads.load(Ordering::Relaxed),
            failed_reloads: self.failed_reloads.load(Ordering::Relaxed),
        }
    }
}

impl Loaded {
    fn read(options: &ServerOptions) -> Result<Loaded, String> {
        // Before they are read: what changes meanwhile is found to have changed.
        let stamps = stamps(options);
        Ok(Loaded {
            server: Arc::new(Server::new(options)?),
            at: Instant::now(),
            stamps,
        })
    }
}

fn stamps(options: &ServerOptions) -> Vec<Stamp> {
    let stamp = |path: &Path| {
        let file = fs::metadata(path).ok()?;
        Some((file.dev(), file.ino(), file.size(), file.modified().ok()?))
    };
    options.files().map(stamp).collect()
}

/// One moment of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Status {
    /// When the first certificate ends.
    pub(crate) expires: SystemTime,
    /// Since the files were read.
    pub(crate) age: Duration,
    pub(crate) reloads: u64,
    /// Reloads that changed nothing, for want of files that can be used.
    pub(crate) failed_reloads: u64,
}

impl Status {
    /// When the first certificate ends, in Unix time.
    pub(crate) fn expires_unix(&self) -> u64 {
        let since = self.expires.duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    }

    /// Whole days until then.
    pub(crate) fn days_left(&self) -> u64 {
        let left = self.expires.duration_since(SystemTime::now());
        left.map_or(0, |left| left.as_secs() / 86400)
    }
}
