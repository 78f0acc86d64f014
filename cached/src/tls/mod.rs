//! TLS as the daemon speaks it: what sessions are made of, read from files and replaced whole.

mod failures;
#[cfg(test)]
pub(crate) mod fixture;
mod keeper;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use net::tls::{Server, ServerOptions};

use crate::orders::Outcome;

pub(crate) use failures::Failures;
pub(crate) use keeper::Keeper;

/// The server's side of TLS. Whoever opens a session takes what is current then, without waiting;
/// only the main thread reads files.
pub(crate) struct Tls {
    current: ArcSwap<Loaded>,
    reloads: AtomicU64,
    failed_reloads: AtomicU64,
}

/// What was read, and from what.
pub(crate) struct Loaded {
    options: ServerOptions,
    server: Arc<Server>,
    at: Instant,
    stamps: Vec<Stamp>,
}

/// What tells one state of a file from another: device, inode, bytes, time of the last change.
/// `None`: there is no such file.
type Stamp = Option<(u64, u64, u64, SystemTime)>;

impl Tls {
    /// Reads the files. Fails with a sentence, which names the file.
    pub(crate) fn load(options: ServerOptions) -> Result<Tls, String> {
        let loaded = Loaded::read(options)?;
        Ok(Tls {
            current: ArcSwap::from_pointee(loaded),
            reloads: AtomicU64::new(0),
            failed_reloads: AtomicU64::new(0),
        })
    }

    /// What sessions that begin now are made of.
    pub(crate) fn current(&self) -> Arc<Server> {
        Arc::clone(&self.current.load().server)
    }

    /// Reads the files again. If they cannot be used, what was read before stays. Either way the
    /// sessions there are go on.
    fn reload(&self) -> Outcome<()> {
        let options = self.current.load().options.clone();
        self.install(self.read(options)?);
        Ok(())
    }

    /// Reads the files of `options`; `None` if those are what is in use, and have not changed.
    pub(crate) fn read_changed(&self, options: ServerOptions) -> Outcome<Option<Loaded>> {
        if self.current.load().options == options && self.is_current() {
            return Ok(None);
        }
        self.read(options).map(Some)
    }

    /// Reads the files of `options`, and changes nothing yet.
    pub(crate) fn read(&self, options: ServerOptions) -> Outcome<Loaded> {
        Loaded::read(options).inspect_err(|_| {
            self.failed_reloads.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// Makes the sessions to come of `loaded`.
    pub(crate) fn install(&self, loaded: Loaded) {
        self.current.store(Arc::new(loaded));
        self.reloads.fetch_add(1, Ordering::Relaxed);
    }

    /// The files are still those that were read.
    fn is_current(&self) -> bool {
        let current = self.current.load();
        current.stamps == stamps(&current.options)
    }

    /// When the files in use were read.
    fn read_at(&self) -> Instant {
        self.current.load().at
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
    fn read(options: ServerOptions) -> Outcome<Loaded> {
        // Before they are read: what changes meanwhile is found to have changed.
        let stamps = stamps(&options);
        Ok(Loaded {
            server: Arc::new(Server::new(&options)?),
            options,
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
