//! The synchronisation types of everything that threads share. In a normal build they are the standard library's; two
//! model checkers put their own in their place.
//!
//! - `--cfg loom`, for epochs, index and the end of a flush in small: every interleaving, and what weak memory orderings
//!   allow.
//! - `--cfg shuttle`, for the whole store: many thousand random schedules. Its own atomics are larger than those that
//!   they stand for, and slots and cells lie in mapped memory; so the standard library's are used, with a point before
//!   each access at which shuttle may switch threads.

#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicU32, AtomicU32 as ItemCell, AtomicU64, AtomicUsize, fence},
    sync::{Mutex, MutexGuard},
    thread::yield_now,
};

pub(crate) use std::sync::atomic::Ordering;

/// What lies on a pair of cache lines of its own (adjacent lines are prefetched together).
#[repr(align(128))]
pub(crate) struct Apart<T>(pub(crate) T);

const _: () = assert!(align_of::<Apart<()>>() == 128);

// Loom has no part in items: their bytes lie in mapped memory, where its own atomics do not fit.
#[cfg(loom)]
pub(crate) use {
    loom::hint::spin_loop,
    loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, fence},
    loom::sync::{Mutex, MutexGuard},
    loom::thread::yield_now,
    std::sync::atomic::AtomicU32 as ItemCell,
};

#[cfg(shuttle)]
pub(crate) use {
    shuttle::hint::spin_loop,
    shuttle::sync::{Mutex, MutexGuard},
    shuttle::thread::yield_now,
    std::sync::atomic::fence,
    switching::{AtomicBool, AtomicU32, AtomicU32 as ItemCell, AtomicU64, AtomicUsize},
};

#[cfg(shuttle)]
mod switching {
    use std::ops::Deref;
    use std::sync::atomic;

    /// An atomic of the standard library, with a scheduling point before each access.
    #[derive(Debug, Default)]
    #[repr(transparent)]
    pub(crate) struct Switching<A>(A);

    pub(crate) type AtomicBool = Switching<atomic::AtomicBool>;
    pub(crate) type AtomicU32 = Switching<atomic::AtomicU32>;
    pub(crate) type AtomicU64 = Switching<atomic::AtomicU64>;
    pub(crate) type AtomicUsize = Switching<atomic::AtomicUsize>;

    impl<A> Switching<A> {
        pub(crate) fn new<V>(value: V) -> Switching<A>
        where
            A: From<V>,
        {
            Switching(A::from(value))
        }
    }

    impl AtomicU32 {
        /// # Safety
        /// That of the standard library's function.
        pub(crate) unsafe fn from_ptr<'a>(ptr: *mut u32) -> &'a AtomicU32 {
            // SAFETY: the caller's promise; the layout is that of the wrapped type, which is that of a u32.
            unsafe { &*ptr.cast() }
        }
    }

    impl<A> Deref for Switching<A> {
        type Target = A;

        fn deref(&self) -> &A {
            // A load of an atomic of shuttle's own is the least that lets it switch.
            shuttle::sync::atomic::AtomicBool::new(false).load(atomic::Ordering::SeqCst);
            &self.0
        }
    }
}
