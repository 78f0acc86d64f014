//! How near to their eviction items stand that are asked for: what a smaller store would have lost.
//!
//! ```text
//!   evicted last --.                              .-- sealed last
//!                  v    the queue, by sealing     v
//!                  [ oldest eighth | quarter | half | the younger half ]
//! ```
//!
//! With an eighth less memory the oldest eighth would not be there, but for the items that are kept when their segment is
//! evicted. So a hit is at stake if its item stands there, and was worth too little to be kept before it was asked for.

use super::Eviction;
use super::worth::Grade;
use crate::guard::Guard;
use crate::item::SPARED_MAX;
use crate::segment::{Record, State};
use crate::store::{Found, Store};
use crate::sync::{AtomicU64, Ordering};

/// The oldest part of its queue in which an item stands, if it would not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The oldest eighth.
    Eighth,
    /// The rest of the oldest quarter.
    Quarter,
    /// The rest of the older half.
    Half,
    /// It is younger, or worth keeping.
    Safe,
}

/// The ends of the queues in the order of sealing, as of the last eviction from each. Written under the mutex of the free
/// list, once an evicted segment.
#[derive(Default)]
pub(crate) struct Ends {
    /// What was evicted last: from the small queue, which is the only one but under s3fifo, and from main. 0: nothing.
    evicted: [AtomicU64; 2],
    /// What was sealed last.
    sealed: AtomicU64,
}

impl Ends {
    /// A segment of either queue is evicted, when so many have been sealed.
    pub(crate) fn move_up(&self, main: bool, sequence: u64, sealed: u64) {
        self.evicted[usize::from(main)].store(sequence, Ordering::Relaxed);
        self.sealed.store(sealed, Ordering::Relaxed);
    }

    /// Where the segment of that place in the order stands; `None` when nothing was evicted from its queue.
    fn standing(&self, main: bool, sequence: u64) -> Option<Standing> {
        let evicted = self.evicted[usize::from(main)].load(Ordering::Relaxed);
        if evicted == 0 {
            return None;
        }
        let length = self.sealed.load(Ordering::Relaxed).saturating_sub(evicted);
        let before = sequence.saturating_sub(evicted);
        Some(match before {
            _ if before * 8 < length => Standing::Eighth,
            _ if before * 4 < length => Standing::Quarter,
            _ if before * 2 < length => Standing::Half,
            _ => Standing::Safe,
        })
    }
}

impl Store {
    /// How near to its eviction the item of a key stands that was asked for just now. `None`: it is gone, or nothing was
    /// evicted yet, or the policy takes segments in another order than that of their sealing.
    pub fn standing(&self, guard: &Guard<'_>, key: &[u8]) -> Option<Standing> {
        let store = guard.home(self);
        let eviction = store.eviction();
        let main = match eviction {
            Eviction::Fifo | Eviction::Merge => false,
            Eviction::S3Fifo => true,
            Eviction::None | Eviction::Random | Eviction::Cte | Eviction::Util => return None,
        };
        let found = store.locate(guard.now(), store.target(key))?;
        let record = store.space.record_of(found.location);
        let standing = store
            .space
            .ends
            .0
            .standing(main && record.is_main(), place(record))?;
        let is_kept = eviction.is_choosy() && store.was_worth_keeping(&found);
        Some(if is_kept { Standing::Safe } else { standing })
    }

    /// Before it was asked for this time.
    fn was_worth_keeping(&self, found: &Found<'_>) -> bool {
        let frequency = found.word.frequency().saturating_sub(1);
        let grade = Grade::of(frequency, found.stored.size() as u32);
        grade >= self.worth.0.limit() && (frequency > 0 || found.stored.spared() < SPARED_MAX)
    }
}

/// The segment's place in the order of sealing; that of an open one is yet to come.
fn place(record: &Record) -> u64 {
    match record.state() {
        State::Open | State::Filling => u64::MAX / 8,
        _ => record.sequence(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_would_stand_nearer_to_its_end_than_it_does() {
        let ends = Ends::default();
        assert_eq!(ends.standing(false, 7), None, "nothing was evicted");
        ends.move_up(true, 100, 180);
        assert_eq!(ends.standing(false, 7), None, "nor from this queue");
        for (sequence, standing) in [
            (90, Standing::Eighth),
            (109, Standing::Eighth),
            (110, Standing::Quarter),
            (119, Standing::Quarter),
            (120, Standing::Half),
            (139, Standing::Half),
            (140, Standing::Safe),
            (190, Standing::Safe),
            (u64::MAX / 8, Standing::Safe),
        ] {
            assert_eq!(ends.standing(true, sequence), Some(standing), "{sequence}");
        }
    }
}
