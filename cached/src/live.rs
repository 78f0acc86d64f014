//! The configuration in effect, which a reload replaces while clients are served.

use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};

use crate::settings::{Config, Effective};

/// The configuration in effect; clones share it. It is replaced whole, and nobody waits for that.
#[derive(Clone, Debug)]
pub(crate) struct Live(Arc<ArcSwap<Effective>>);

impl Live {
    /// Begins with `effective`.
    pub(crate) fn new(effective: Effective) -> Live {
        Live(Arc::new(ArcSwap::from_pointee(effective)))
    }

    /// What is in effect now.
    pub(crate) fn now(&self) -> Arc<Effective> {
        self.0.load_full()
    }

    /// Puts another one in effect.
    pub(crate) fn replace(&self, effective: Effective) {
        self.0.store(Arc::new(effective));
    }

    /// What a thread sees of it.
    pub(crate) fn view(&self) -> View {
        let latest = Cache::new(Arc::clone(&self.0));
        View {
            seen: self.now(),
            latest,
        }
    }
}

/// A thread's view of the configuration: it looks between two turns, and within one nothing
/// changes. A look reads one line that all threads share and only a reload writes.
#[derive(Debug)]
pub(crate) struct View {
    latest: Cache<Arc<ArcSwap<Effective>>, Arc<Effective>>,
    seen: Arc<Effective>,
}

impl View {
    /// The configuration, if it has been replaced since the last look.
    pub(crate) fn changed(&mut self) -> Option<&Config> {
        let latest = self.latest.load();
        if Arc::ptr_eq(latest, &self.seen) {
            return None;
        }
        self.seen = Arc::clone(latest);
        Some(&self.seen.config)
    }

    /// The configuration as of the last look.
    pub(crate) fn config(&self) -> &Config {
        &self.seen.config
    }
}
