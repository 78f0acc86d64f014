//! Who may still be looking: reclamation by quiescent states.
//!
//! A participant (a worker, maintenance, the admin thread) announces the current epoch while its guard is open, and 0
//! while it holds nothing. What was unlinked is retired under the epoch of that moment and becomes reusable once every
//! participant is offline or has entered a later epoch. Readers pay one fence a guard, and nothing per item.
//!
//! The fences of both sides make the argument: either the collector sees the reader's announcement, or the reader's
//! later loads see the unlinking (the store-buffer litmus test with both outcomes "missed" forbidden). What was unlinked
//! happened before the collector's fence, whoever retired it, since the queue's mutex lies between.

use std::collections::VecDeque;
use std::sync::PoisonError;

use crate::sync::{Apart, AtomicU64, AtomicUsize, Mutex, MutexGuard, Ordering, fence};

/// The global epoch, everybody who may hold items, and what waits until nobody does.
pub(crate) struct Epochs<T> {
    global: AtomicU64,
    /// Each is written by one thread.
    places: Box<[Apart<AtomicU64>]>,
    joined: AtomicUsize,
    /// Oldest first. Its lock is tried once a turn.
    retired: Apart<Mutex<VecDeque<(u64, T)>>>,
}

impl<T> Epochs<T> {
    pub(crate) fn new(participants: usize) -> Epochs<T> {
        let offline = |_| Apart(AtomicU64::new(0));
        Epochs {
            global: AtomicU64::new(1),
            places: (0..participants).map(offline).collect(),
            joined: AtomicUsize::new(0),
            retired: Apart(Mutex::new(VecDeque::new())),
        }
    }

    /// A place for one more participant, or `None` when all are taken.
    pub(crate) fn join(&self) -> Option<usize> {
        let place = self.joined.fetch_add(1, Ordering::Relaxed);
        (place < self.places.len()).then_some(place)
    }

    pub(crate) fn open(&self, place: usize) {
        let epoch = self.global.load(Ordering::Acquire);
        // Release: whoever sees this participant in a later epoch also sees that it is done with what it read before.
        self.places[place].0.store(epoch, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    pub(crate) fn close(&self, place: usize) {
        self.places[place].0.store(0, Ordering::Release);
    }

    /// The oldest epoch still open; what was retired before it can be reused.
    fn oldest(&self) -> u64 {
        fence(Ordering::SeqCst);
        let epoch = |place: &Apart<AtomicU64>| place.0.load(Ordering::Acquire);
        let open = self.places.iter().map(epoch).filter(|&epoch| epoch != 0);
        open.min().unwrap_or(u64::MAX)
    }

    fn retired(&self) -> MutexGuard<'_, VecDeque<(u64, T)>> {
        let Apart(retired) = &self.retired;
        retired.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes charge of something that no shared pointer names any more.
    pub(crate) fn retire(&self, garbage: T) {
        let mut retired = self.retired();
        // Inside the lock, so that the queue is in the order of its epochs.
        let epoch = self.global.fetch_add(1, Ordering::AcqRel);
        retired.push_back((epoch, garbage));
    }

    /// Hands everything that nobody can see any more to `free`. Does nothing while another thread is at it.
    pub(crate) fn collect(&self, mut free: impl FnMut(T)) {
        let Ok(mut retired) = self.retired.0.try_lock() else {
            return;
        };
        if retired.is_empty() {
            return;
        }
        let oldest = self.oldest();
        while retired.front().is_some_and(|(epoch, _)| *epoch < oldest) {
            if let Some((_, garbage)) = retired.pop_front() {
                free(garbage);
            }
        }
    }

    /// Something waits for guards to close.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.retired().is_empty()
    }
}

#[cfg(all(test, loom))]
pub(crate) mod model {
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    /// Runs a model through all interleavings, or those of so many preemptions (or of `LOOM_MAX_PREEMPTIONS`), and tells how many there were.
    pub(crate) fn explore(preemptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = builder.preemption_bound.or(preemptions);
        let explored = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = explored.clone();
        builder.check(move || {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            model();
        });
        println!("{explored:?} interleavings");
    }

    struct Shared {
        epochs: Epochs<()>,
        /// 1 while the slot names the memory, 0 once it is unlinked.
        slot: AtomicU64,
        memory: UnsafeCell<u64>,
    }

    // SAFETY: that the cell is never read and written at once is what the model checks.
    unsafe impl Sync for Shared {}

    fn turn(shared: &Shared, place: usize) {
        shared.epochs.open(place);
        if shared.slot.load(Ordering::Acquire) == 1 {
            // SAFETY: loom reports it if the memory is written meanwhile.
            shared
                .memory
                .with(|memory| assert_eq!(unsafe { *memory }, 7));
        }
        shared.epochs.close(place);
    }

    /// Every interleaving of two turns of a reader with unlink, retire, collect and reuse.
    #[test]
    fn memory_is_not_reused_under_a_reader() {
        explore(None, || {
            let shared = Arc::new(Shared {
                epochs: Epochs::new(1),
                slot: AtomicU64::new(1),
                memory: UnsafeCell::new(7),
            });
            let reader = {
                let shared = shared.clone();
                thread::spawn(move || {
                    turn(&shared, 0);
                    turn(&shared, 0);
                })
            };
            shared.slot.store(0, Ordering::Release);
            shared.epochs.retire(());
            for _ in 0..2 {
                shared.epochs.collect(|()| {
                    // SAFETY: as above; loom reports a reader that still looks.
                    shared.memory.with_mut(|memory| unsafe { *memory = 8 });
                });
            }
            reader.join().unwrap();
        });
    }

    /// As above, with one thread that unlinks and another that collects.
    #[test]
    fn memory_is_not_reused_by_somebody_else_under_a_reader() {
        explore(None, || {
            let shared = Arc::new(Shared {
                epochs: Epochs::new(1),
                slot: AtomicU64::new(1),
                memory: UnsafeCell::new(7),
            });
            let threads = [(); 2].map(|()| shared.clone());
            let [reader, collector] = threads;
            let reader = thread::spawn(move || turn(&reader, 0));
            let collector = thread::spawn(move || {
                collector.epochs.collect(|()| {
                    // SAFETY: as above; loom reports a reader that still looks.
                    collector.memory.with_mut(|memory| unsafe { *memory = 8 });
                });
            });
            shared.slot.store(0, Ordering::Release);
            shared.epochs.retire(());
            reader.join().unwrap();
            collector.join().unwrap();
        });
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn collected(epochs: &Epochs<u32>) -> Vec<u32> {
        let mut out = Vec::new();
        epochs.collect(|garbage| out.push(garbage));
        out
    }

    #[test]
    fn nothing_is_reused_while_a_guard_from_before_is_open() {
        let epochs = Epochs::new(2);
        epochs.open(0);
        epochs.retire(7);
        epochs.open(1); // entered after the unlinking: cannot hold it
        assert_eq!(collected(&epochs), [] as [u32; 0]);
        epochs.close(0);
        assert_eq!(collected(&epochs), [7]);
    }

    #[test]
    fn a_guard_opened_later_does_not_hold_garbage_up() {
        let epochs = Epochs::new(1);
        epochs.retire(1);
        epochs.open(0);
        epochs.retire(2);
        assert_eq!(collected(&epochs), [1]);
    }

    #[test]
    fn places_are_limited() {
        let epochs = Epochs::<()>::new(1);
        assert_eq!(epochs.join(), Some(0));
        assert_eq!(epochs.join(), None);
    }
}
