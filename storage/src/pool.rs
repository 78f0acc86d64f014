//! The memory itself: one anonymous mapping, cut into segments by its users.

use std::io;

use memmap2::{MmapOptions, MmapRaw, UncheckedAdvice};

/// A fixed range of zeroed, page-aligned memory, faulted in as it is used. Offsets count bytes from its start.
pub(crate) struct Pool {
    map: MmapRaw,
}

impl Pool {
    pub(crate) fn new(bytes: u64) -> io::Result<Pool> {
        let bytes = usize::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput)?;
        let map = MmapOptions::new().len(bytes).map_anon()?;
        Ok(Pool {
            map: MmapRaw::from(map),
        })
    }

    /// Addresses for so many bytes, which the system need not have: only what is touched takes memory.
    pub(crate) fn reserve(bytes: u64) -> io::Result<Pool> {
        let bytes = usize::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut options = MmapOptions::new();
        options.len(bytes);
        // Miri knows mappings only in their plainest form.
        if !cfg!(miri) {
            options.no_reserve_swap();
        }
        let map = options.map_anon()?;
        Ok(Pool {
            map: MmapRaw::from(map),
        })
    }

    pub(crate) fn len(&self) -> u64 {
        self.map.len() as u64
    }

    /// The address of the byte at `offset`.
    pub(crate) fn at(&self, offset: u64) -> *mut u8 {
        debug_assert!((offset as usize) < self.map.len());
        // SAFETY: offsets come from segments and locations, which lie within the mapping by construction.
        unsafe { self.map.as_mut_ptr().add(offset as usize) }
    }

    /// Gives the pages of a range back to the system; they read as zero when used again.
    ///
    /// # Safety
    /// No reference into the range exists and none is made before it is written anew: its segments were Free and
    /// belong to the caller.
    pub(crate) unsafe fn give_back(&self, offset: u64, bytes: u64) -> io::Result<()> {
        if cfg!(miri) {
            // SAFETY: the caller's promise.
            unsafe { self.at(offset).write_bytes(0, bytes as usize) };
            return Ok(());
        }
        // SAFETY: the caller's promise; the range is whole pages, as segments are.
        unsafe {
            self.map.unchecked_advise_range(
                UncheckedAdvice::DontNeed,
                offset as usize,
                bytes as usize,
            )
        }
    }
}
