//! Asking for memory before it is needed.

/// Bytes that the memory hands over at a time.
pub(crate) const LINE: usize = 64;

/// Brings the line of an address into the core's cache, while the program goes on. Where there is no such instruction it
/// does nothing.
#[inline]
pub(crate) fn prefetch<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: it reads nothing that the program could see, and no address makes it fault.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
