//! The memory itself: one anonymous mapping, cut into segments by its users.

use std::io;

use memmap2::{Advice, MmapOptions, MmapRaw, UncheckedAdvice};

/// Bytes of a huge page: with them, one entry of the TLB covers what else takes 512.
pub(crate) const HUGE_PAGE: u64 = 2 << 20;

/// A fixed range of zeroed, page-aligned memory, faulted in as it is used. Offsets count bytes from its start.
pub(crate) struct Pool {
    map: MmapRaw,
}

impl Pool {
    /// Memory that the system must be able to give, in huge pages where it has them.
    pub(crate) fn new(bytes: u64) -> io::Result<Pool> {
        let pool = Pool::map(bytes, MmapOptions::new())?;
        pool.use_huge_pages(0, bytes);
        Ok(pool)
    }

    /// Addresses for so many bytes, which the system need not have: only what is touched takes memory.
    pub(crate) fn reserve(bytes: u64) -> io::Result<Pool> {
        let mut options = MmapOptions::new();
        // Miri knows mappings only in their plainest form.
        if !cfg!(miri) {
            options.no_reserve_swap();
        }
        Pool::map(bytes, options)
    }

    fn map(bytes: u64, mut options: MmapOptions) -> io::Result<Pool> {
        let bytes = usize::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput)?;
        let map = options.len(bytes).map_anon()?.into();
        Ok(Pool { map })
    }

    /// Asks the system for huge pages in a range. Should it have none, small ones do.
    pub(crate) fn use_huge_pages(&self, offset: u64, bytes: u64) {
        if !cfg!(miri) {
            let range = (offset as usize, bytes as usize);
            let _ = self.map.advise_range(Advice::HugePage, range.0, range.1);
        }
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

    /// Gives the pages of a range back to the system; they read as zero when used again. The system is not to make a
    /// huge page of them and their neighbours until huge pages are asked for again.
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
        let (offset, bytes) = (offset as usize, bytes as usize);
        let _ = self.map.advise_range(Advice::NoHugePage, offset, bytes);
        // SAFETY: the caller's promise; the range is whole pages, as segments are.
        unsafe {
            self.map
                .unchecked_advise_range(UncheckedAdvice::DontNeed, offset, bytes)
        }
    }
}
