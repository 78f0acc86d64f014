//! Tails that change hands: what a writer has not written to for a while is left for whoever needs such a tail next.
//!
//! A tail that is left stays Open, and belongs to the queues until somebody takes it over or maintenance seals it. So a
//! writer that rests holds nothing, and no segment is closed half empty only because its writer rests.

use super::class::Kind;
use super::queues::Queues;
use super::space::Space;
use super::tail::{Placement, Tail};
use crate::Seconds;
use crate::sync::Ordering;

impl Space {
    /// Nobody is to write there any more.
    pub(super) fn is_stale(&self, tail: &Tail, now: Seconds, born: u64) -> bool {
        let seal = &tail.seal;
        tail.born != born
            || now.saturating_sub(seal.opened) >= seal.kind.open_time()
            || (1..=now).contains(&seal.deadline)
            || self.is_wanted(tail.segment)
    }

    /// A span is wanted where this segment lies.
    fn is_wanted(&self, segment: u32) -> bool {
        let window = self.window.load(Ordering::Relaxed);
        (window as u32..(window >> 32) as u32).contains(&segment)
    }

    pub(super) fn has_room(&self, tail: &Tail, size: usize, item: Placement) -> bool {
        tail.seal.len as usize + size <= tail.capacity && !self.is_stale(tail, item.now, item.born)
    }

    /// A tail with room for an item: one that was left, else a new one; `None` when only the reserve is left.
    pub(super) fn take_tail(&self, kind: Kind, size: usize, item: Placement) -> Option<Tail> {
        let queues = &mut *self.queues();
        let is_same = |tail: &Tail| tail.is_of(kind, item.main);
        let fits = |tail: &Tail| is_same(tail) && self.has_room(tail, size, item);
        if let Some(at) = queues.idle.iter().position(fits) {
            return queues.idle.remove(at);
        }
        // One makes way for the new one, as a writer's own would: so they do not pile up.
        if let Some(at) = queues.idle.iter().position(is_same) {
            self.close_idle(queues, at);
        }
        while queues.tails >= self.tails_all() && !queues.idle.is_empty() {
            self.close_idle(queues, 0);
        }
        let segment = self.take_free(queues, item.purpose)?;
        Some(self.open(queues, segment..segment + 1, kind, item))
    }

    /// Open tails there may be, those that were left to others included.
    fn tails_all(&self) -> u32 {
        self.limits.tails() * self.geometry.hands
    }

    /// Leaves a tail to others.
    pub(super) fn leave_tail(&self, tail: Tail) {
        let mut queues = self.queues();
        queues.seals[tail.segment as usize] = tail.seal;
        queues.idle.push_back(tail);
    }

    /// Seals the tails left to others that nobody may write to any more, and those of which most is gone: only then is
    /// the rest moved.
    pub(crate) fn settle_idle(&self, now: Seconds, born: u64) {
        let queues = &mut *self.queues();
        for at in (0..queues.idle.len()).rev() {
            let tail = &queues.idle[at];
            let dead = self.record(tail.segment).dead();
            let is_gone = tail.seal.len < 2 * dead.max(tail.seal.expired(now));
            if is_gone || self.is_stale(tail, now, born) {
                self.close_idle(queues, at);
            }
        }
    }

    fn close_idle(&self, queues: &mut Queues, at: usize) {
        if let Some(tail) = queues.idle.remove(at) {
            self.close(queues, &tail);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::segment::State;
    use crate::{Condition, Maintainer, Options, Participant, Store, Writer};

    /// So many seconds after its last item a tail is left to others.
    const REST: Seconds = 2;

    struct Rig {
        store: Arc<Store>,
        participants: [Participant; 2],
        writers: [Writer; 2],
        maintainer: Maintainer,
    }

    impl Rig {
        fn new() -> Rig {
            let options = Options {
                memory: 8 << 20,
                writers: 2,
                ..Options::default()
            };
            let store = Store::small(&options);
            Rig {
                participants: [store.join().unwrap(), store.join().unwrap()],
                writers: [store.writer().unwrap(), store.writer().unwrap()],
                maintainer: store.maintainer().unwrap(),
                store,
            }
        }

        fn put(&mut self, who: usize, key: &[u8], now: Seconds, deadline: Seconds) {
            let guard = self.participants[who].enter(now);
            self.writers[who]
                .store(&guard, key, b"value", 0, deadline, Condition::Always)
                .unwrap();
        }

        fn settle(&mut self, who: usize, now: Seconds) -> bool {
            let guard = self.participants[who].enter(now);
            self.writers[who].settle(&guard)
        }

        fn has(&mut self, key: &[u8], now: Seconds) -> bool {
            let guard = self.participants[0].enter(now);
            self.store.get(&guard, key).is_some()
        }
    }

    #[test]
    fn a_writer_that_rests_would_keep_a_segment_open_for_itself() {
        let mut rig = Rig::new();
        rig.put(0, b"one", 10, 0);
        assert!(rig.settle(0, 10), "it may go on at once");
        assert!(!rig.settle(0, 10 + REST), "it has been left");
        rig.put(1, b"two", 10 + REST, 0);
        assert_eq!(rig.store.space.count(State::Open), 1);
        assert_eq!(rig.store.space.count(State::Sealed), 0);
        assert!(rig.has(b"one", 12) && rig.has(b"two", 12));
        // Its former owner takes it back like anybody else.
        assert!(!rig.settle(1, 10 + 2 * REST));
        rig.put(0, b"three", 10 + 2 * REST, 0);
        assert_eq!(rig.store.space.count(State::Open), 1);
    }

    #[test]
    fn an_item_would_be_put_among_those_of_before_a_flush() {
        let mut rig = Rig::new();
        rig.put(0, b"old", 10, 0);
        rig.settle(0, 10 + REST);
        rig.store.flush();
        rig.put(1, b"new", 10 + REST, 0);
        let count = |state| rig.store.space.count(state);
        assert_eq!((count(State::Open), count(State::Sealed)), (1, 1));
        assert!(!rig.has(b"old", 12) && rig.has(b"new", 12));
    }

    #[test]
    fn a_tail_that_was_left_would_outlive_its_items() {
        let mut rig = Rig::new();
        let free = rig.store.space.count(State::Free);
        rig.put(0, b"brief", 10, 15);
        rig.settle(0, 10 + REST);
        for _ in 0..8 {
            rig.maintainer.tick(15);
        }
        assert_eq!(rig.store.space.count(State::Free), free);
    }

    #[test]
    fn a_tail_of_which_most_is_dead_would_be_kept_for_others() {
        let mut rig = Rig::new();
        let free = rig.store.space.count(State::Free);
        rig.put(0, b"key", 10, 0);
        let guard = rig.participants[0].enter(10);
        rig.writers[0].delete(&guard, b"key");
        drop(guard);
        rig.settle(0, 10 + REST);
        for _ in 0..8 {
            rig.maintainer.tick(10 + REST);
        }
        assert_eq!(rig.store.space.count(State::Free), free);
    }

    #[test]
    #[cfg_attr(miri, ignore = "it stores thousands of items for their rates")]
    fn tails_left_behind_would_outgrow_the_share_of_all_tails() {
        const ITEMS: usize = 400;
        let mut rig = Rig::new();
        let all = rig.store.space.tails_all();
        let fast = (0..16).map(|class| 4_096 + 256 * class);
        // Fast enough for classes of their own, as the next period tells.
        for ttl in fast.clone() {
            for item in 0..ITEMS {
                let key = format!("a key of some length {item} {ttl}");
                rig.put(0, key.as_bytes(), 10, 10 + ttl);
            }
        }
        rig.settle(0, 140);
        let slow = [Seconds::MAX / 2, 20_000, 1_000, 50];
        assert!(all < 20);
        for (at, ttl) in fast.chain(slow).enumerate() {
            let now = 140 + REST * at as Seconds;
            rig.put(0, b"key", now, now + ttl);
            rig.settle(0, now + REST);
            assert!(rig.store.space.count(State::Open) <= u64::from(all));
        }
        assert_eq!(rig.store.space.count(State::Open), u64::from(all));
    }
}
