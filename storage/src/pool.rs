//! The memory itself: one anonymous mapping, cut into segments by its users.

use std::io;

use memmap2::{Advice, MmapOptions, MmapRaw, UncheckedAdvice};

/// Bytes of a huge page: with them, one entry of the TLB covers what else takes 512.
pub(crate) const HUGE_PAGE: u64 = 2 << 20;

/// Which pages items and index lie in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HugePages {
    /// Small ones.
    Never,
    /// Huge ones where the system has them to give, small ones elsewhere.
    #[default]
    Madvise,
    /// Huge ones out of those reserved in the system; all of them from the start.
    Explicit,
}

/// A fixed range of zeroed, page-aligned memory, faulted in as it is used, but for explicit huge pages. Offsets count
/// bytes from its start.
pub(crate) struct Pool {
    map: MmapRaw,
    huge_pages: HugePages,
}

impl Pool {
    /// Memory that the system must be able to give.
    pub(crate) fn new(bytes: u64, huge_pages: HugePages) -> io::Result<Pool> {
        Pool::map(bytes, huge_pages, MmapOptions::new())
    }

    /// Addresses for so many bytes, which the system need not have, but for explicit huge pages: only what is touched
    /// takes memory.
    pub(crate) fn reserve(bytes: u64, huge_pages: HugePages) -> io::Result<Pool> {
        let mut options = MmapOptions::new();
        // Miri knows mappings only in their plainest form.
        if !cfg!(miri) && huge_pages != HugePages::Explicit {
            options.no_reserve_swap();
        }
        Pool::map(bytes, huge_pages, options)
    }

    fn map(bytes: u64, huge_pages: HugePages, mut options: MmapOptions) -> io::Result<Pool> {
        let len = usize::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput)?;
        if huge_pages == HugePages::Explicit {
            options.huge(Some(HUGE_PAGE.ilog2() as u8));
        }
        let map = options.len(len).map_anon()?.into();
        let pool = Pool { map, huge_pages };
        if huge_pages == HugePages::Explicit {
            // Who touches one that is missing is killed; a container's limit on them shows only here.
            pool.map.advise(Advice::PopulateWrite)?;
        }
        pool.advise(0, bytes);
        Ok(pool)
    }

    /// Tells the system which pages a range is to have. Should it have no huge ones, small ones do.
    pub(crate) fn advise(&self, offset: u64, bytes: u64) {
        let advice = match self.huge_pages {
            HugePages::Never => Advice::NoHugePage,
            HugePages::Madvise => Advice::HugePage,
            HugePages::Explicit => return,
        };
        if !cfg!(miri) {
            let range = (offset as usize, bytes as usize);
            let _ = self.map.advise_range(advice, range.0, range.1);
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
    /// huge page of them and their neighbours until it is advised again. Explicit huge pages stay: somebody else could
    /// take them.
    ///
    /// # Safety
    /// No reference into the range exists and none is made before it is written anew: its segments were Free and
    /// belong to the caller.
    pub(crate) unsafe fn give_back(&self, offset: u64, bytes: u64) -> io::Result<()> {
        debug_assert!(self.huge_pages != HugePages::Explicit);
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
