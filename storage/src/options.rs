//! What a store is made from, and how its memory is cut up.

use std::io;

use crate::evict::Eviction;
use crate::evict::ghosts::Ghosts;
use crate::index::{Index, POOL_MAX};
use crate::item;
use crate::pool::{HUGE_PAGE, HugePages};
use crate::segment::class::LEVELS;
use crate::segment::limits::Limits;
use crate::segment::space::Geometry;
use crate::segment::{SEGMENT_MAX, SEGMENT_MIN};

/// DRAM that a segment costs beside its bytes: its record, its place in the queues and their nodes; rounded up.
const RECORD_BYTES: u64 = 320;
/// Open tails take at most 1/25 of the heap, 4 %.
const TAIL_SHARE: u64 = 25;
/// Segments that a writer's share of the tails is cut into, when the segment size follows the heap.
const TAILS_A_WRITER: u64 = 6;
/// The reserve: at most 1/50 of the heap, and no more than 16 MiB or 1/100 of it, whichever is larger.
const RESERVE_SHARE: u64 = 50;
const RESERVE_BYTES: u64 = 16 << 20;
/// Items being received hold at most 1/100 of the heap, or what the largest of them needs.
const HELD_SHARE: u64 = 100;
/// The least memory that a store can work with.
const MEMORY_MIN: u64 = 8 << 20;
const SEGMENT_DEFAULT_MAX: u64 = 1 << 20;

/// How large a store is and how it behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes for items and index together, at first.
    pub memory: u64,
    /// Bytes that [`Store::set_memory`](crate::Store::set_memory) may raise it to; `None`: no more than `memory`. The system
    /// must be able to give so many, and the index is laid out for them: it should not be many times what is in force.
    pub memory_max: Option<u64>,
    /// Bytes of a segment, a power of two from 16 KiB to 8 MiB; `None`: it follows from memory and writers.
    pub segment_size: Option<u32>,
    /// What makes room when the memory is full.
    pub eviction: Eviction,
    /// Which pages items and index lie in.
    pub huge_pages: HugePages,
    /// Bytes of the largest item, key, value and header together; at most 16 MiB - 1 and a quarter of the heap.
    pub max_item_size: u32,
    /// How many [`Writer`](crate::Writer)s there will be; the maintainer has one more of its own.
    pub writers: usize,
    /// Seeds the key hash and the first cas unique; to be chosen at random.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            memory: 64 << 20,
            memory_max: None,
            segment_size: None,
            eviction: Eviction::default(),
            huge_pages: HugePages::default(),
            max_item_size: 1 << 20,
            writers: 1,
            seed: 0,
        }
    }
}

/// Why options cannot work: a sentence for the person who set them.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// They fit no store, or not each other.
    #[error("{0}")]
    Unfit(String),
    /// The system refused the memory.
    #[error("the system gave no memory for the heap: {0}")]
    NoMemory(io::Error),
    /// It did not give so many explicit huge pages.
    #[error(
        "{0} free huge pages of 2 MiB are needed, and the system did not give them ({1}): reserve them with sysctl vm.nr_hugepages={0} (more where others use some), or choose less memory or another kind of pages"
    )]
    NoHugePages(u64, io::Error),
}

impl Options {
    /// Whether a store can be made from these options, short of asking the system for the memory.
    pub fn check(&self) -> Result<(), OptionsError> {
        self.geometry().map(|_| ())
    }

    pub(crate) fn memory_max(&self) -> u64 {
        self.memory_max.unwrap_or(self.memory)
    }

    /// Cuts the memory up.
    pub(crate) fn geometry(&self) -> Result<Geometry, OptionsError> {
        self.admit(self.memory)?;
        let memory_max = self.memory_max();
        // The room of ghosts is set aside whatever the policy: s3fifo may follow it.
        let beside = Index::bytes_min(memory_max, self.huge_pages) + Ghosts::bytes(self.memory);
        let hands = self.writers as u64 + 1;
        let share = self.memory.saturating_sub(beside) / TAIL_SHARE / (TAILS_A_WRITER * hands);
        let share = share.clamp(SEGMENT_MIN.into(), SEGMENT_DEFAULT_MAX);
        let segment_bytes = self.segment_size.unwrap_or(1 << share.ilog2());
        let is_in_range = (SEGMENT_MIN..=SEGMENT_MAX).contains(&segment_bytes);
        demand(is_in_range && segment_bytes.is_power_of_two(), || {
            format!(
                "a segment size of {segment_bytes} bytes will not do: it is a power of two from 16 KiB to 8 MiB"
            )
        })?;
        let segment = u64::from(segment_bytes);
        let segments = (memory_max - beside) / (segment + RECORD_BYTES);
        // Whole pages: all of the last explicit one would become resident.
        let is_explicit = self.huge_pages == HugePages::Explicit;
        let page = if is_explicit {
            HUGE_PAGE.max(segment)
        } else {
            segment
        };
        let geometry = Geometry {
            segment_bytes,
            segments: (segments * segment / page * page / segment) as u32,
            hands: hands as u32,
            drain_reserve: 2 * hands as u32,
            limits: Limits::default(),
        };
        let limits = self.limits(&geometry, self.memory)?;
        Ok(Geometry { limits, ..geometry })
    }

    /// What holds while so much memory is in force.
    pub(crate) fn limits(&self, geometry: &Geometry, memory: u64) -> Result<Limits, OptionsError> {
        self.admit(memory)?;
        let (segment, hands) = (u64::from(geometry.segment_bytes), u64::from(geometry.hands));
        let withheld = (self.memory_max() - memory).div_ceil(segment);
        let segments = u64::from(geometry.segments).saturating_sub(withheld);
        let heap = segments * segment;
        let tails = (heap / TAIL_SHARE / hands / segment).max(LEVELS as u64);
        let reserve = (heap / RESERVE_SHARE).min(RESERVE_BYTES.max(heap / 100)) / segment;
        let reserve = reserve.max(2 * u64::from(geometry.drain_reserve));
        // Half of the segments for what is kept; the others for tails, reserve and index.
        let needed = 2 * (reserve + tails * hands);
        let writers = self.writers;
        demand(segments >= needed, || {
            format!(
                "{writers} writers need {needed} segments of {segment} bytes, and the memory holds {segments}: choose smaller segments, fewer threads or more memory"
            )
        })?;
        let size = u64::from(self.max_item_size);
        let limit = (heap / 4).min(item::VALUE_MAX as u64);
        demand(size <= limit, || {
            format!(
                "a largest item of {size} bytes will not do: at most {limit} are possible with this memory"
            )
        })?;
        Ok(Limits {
            withheld: withheld as u32,
            reserve: reserve as u32,
            tails: tails as u32,
            held_max: (heap / HELD_SHARE).max(size.next_multiple_of(segment)),
        })
    }

    /// Whether so much memory may be in force.
    fn admit(&self, memory: u64) -> Result<(), OptionsError> {
        let memory_max = self.memory_max();
        demand(memory >= MEMORY_MIN, || {
            format!("{memory} bytes of memory are too few: {MEMORY_MIN} are the least")
        })?;
        demand(memory_max < POOL_MAX, || {
            format!("{memory_max} bytes of memory are too many: the index can address {POOL_MAX}")
        })?;
        demand(memory <= memory_max, || {
            format!(
                "{memory} bytes of memory are more than the {memory_max} that the store was laid out for when it started"
            )
        })?;
        let is_fixed = self.huge_pages == HugePages::Explicit;
        demand(!is_fixed || memory == memory_max, || {
            format!(
                "explicit huge pages cannot be given back: the memory stays at {memory_max} bytes"
            )
        })
    }
}

/// Refuses options for which it does not hold.
fn demand(holds: bool, why_not: impl FnOnce() -> String) -> Result<(), OptionsError> {
    let unfit = || OptionsError::Unfit(why_not());
    holds.then_some(()).ok_or_else(unfit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry(memory: u64, writers: usize) -> Geometry {
        Options {
            memory,
            writers,
            ..Options::default()
        }
        .geometry()
        .unwrap()
    }

    #[test]
    fn open_tails_stay_within_their_share_from_small_heaps_to_large() {
        for (memory, writers) in [
            (16 << 20, 2),
            (64 << 20, 16),
            (256 << 20, 2),
            (64 << 30, 64),
        ] {
            let geometry = geometry(memory, writers);
            let tails = u64::from(geometry.limits.tails)
                * (writers as u64 + 1)
                * u64::from(geometry.segment_bytes);
            assert!(
                tails * 25 <= memory,
                "{memory} x {writers}: {tails} bytes of tails"
            );
        }
    }

    #[test]
    fn the_segment_size_follows_the_heap() {
        assert_eq!(geometry(16 << 20, 2).segment_bytes, 32 << 10);
        assert_eq!(geometry(64 << 20, 16).segment_bytes, 16 << 10);
        assert_eq!(geometry(256 << 20, 2).segment_bytes, 512 << 10);
        assert_eq!(geometry(64 << 30, 64).segment_bytes, 1 << 20);
    }

    #[test]
    fn a_quarter_of_the_memory_would_have_the_tails_and_the_reserve_of_the_whole() {
        for (memory, writers) in [(1 << 30, 2), (64 << 30, 64)] {
            let options = Options {
                memory,
                writers,
                ..Options::default()
            };
            let whole = options.geometry().unwrap();
            let part = options.limits(&whole, memory / 4).unwrap();
            let left = whole.bytes(whole.segments - part.withheld);
            assert!((memory / 5..memory / 4).contains(&left), "{left}");
            let tails = whole.bytes(part.tails) * (writers as u64 + 1);
            let least = whole.bytes(LEVELS as u32) * (writers as u64 + 1);
            assert!(tails <= least.max(left / TAIL_SHARE), "{tails} of {left}");
            let least = whole.bytes(2 * whole.drain_reserve);
            assert!(whole.bytes(part.reserve) <= least.max(left / RESERVE_SHARE));
            assert!(part.held_max <= whole.limits.held_max);
        }
    }

    #[test]
    fn segments_would_be_too_large_for_the_memory_there_is_at_first() {
        let options = Options {
            memory_max: Some(256 << 20),
            ..Options::default()
        };
        let (part, whole) = (options.geometry().unwrap(), geometry(64 << 20, 1));
        assert_eq!(part.segment_bytes, whole.segment_bytes);
        assert!(part.segments > 3 * whole.segments);
    }

    #[test]
    fn the_largest_memory_is_cut_up_as_any_other() {
        let geometry = geometry(POOL_MAX - 1, 64);
        let heap = u64::from(geometry.segments) * u64::from(geometry.segment_bytes);
        assert!(heap > POOL_MAX / 20 * 19, "{heap}");
    }

    #[test]
    fn explicit_pages_would_be_used_in_part_or_outgrow_the_memory() {
        let huge_pages = HugePages::Explicit;
        for memory in [15 << 20, 100_000_000, 300_000_000, 5 << 30, 1 << 40] {
            let options = Options {
                memory,
                huge_pages,
                ..Options::default()
            };
            let geometry = options.geometry().unwrap();
            let heap = u64::from(geometry.segments) * u64::from(geometry.segment_bytes);
            assert_eq!(heap % HUGE_PAGE, 0, "{memory}: {heap} bytes of heap");
            let pages = heap + Index::arrays_max(memory, huge_pages);
            assert!(
                (memory / 10 * 8..memory).contains(&pages),
                "{memory}: {pages} bytes of pages"
            );
        }
    }

    #[test]
    fn sixteen_mebibytes_serve_eight_writers() {
        let options = Options {
            memory: 15 << 20,
            writers: 8,
            ..Options::default()
        };
        assert!(options.check().is_ok(), "{:?}", options.check());
    }

    #[test]
    fn what_cannot_fit_is_refused_with_the_reason() {
        let base = Options {
            memory: 16 << 20,
            ..Options::default()
        };
        let refused = |options: Options| options.check().unwrap_err().to_string();
        assert!(
            refused(Options {
                memory: 1 << 20,
                ..base.clone()
            })
            .contains("too few")
        );
        assert!(
            refused(Options {
                segment_size: Some(20_000),
                ..base.clone()
            })
            .contains("power of two")
        );
        assert!(
            refused(Options {
                segment_size: Some(8 << 20),
                ..base.clone()
            })
            .contains("smaller segments")
        );
        assert!(
            refused(Options {
                max_item_size: 5 << 20,
                ..base.clone()
            })
            .contains("at most")
        );
        assert!(
            refused(Options {
                memory_max: Some(1 << 40),
                ..base.clone()
            })
            .contains("the memory holds 0")
        );
        assert!(
            refused(Options {
                memory_max: Some(32 << 20),
                huge_pages: HugePages::Explicit,
                ..base
            })
            .contains("cannot be given back")
        );
    }
}
