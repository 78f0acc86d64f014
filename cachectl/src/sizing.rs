//! What more or less memory would do to the hit ratio, as far as the server's counters tell.
//!
//! Under s3fifo a server remembers the keys that it has evicted. One that is stored again was missed, as a rule; it
//! counts by how many bytes were evicted meanwhile, for with so much more memory it would still have been there. So what
//! more memory gains is counted, though rather too low: ghosts are forgotten by chance, and in a larger cache fewer items
//! are evicted in the same time. Nothing tells what less memory would lose. It is taken that the hit ratio follows the
//! logarithm of the memory there as it does for a quarter more, and most often it falls faster.

use serde::Serialize;

use crate::figure::Figure;
use crate::output::whole;
use crate::report::Lookup;
use crate::top::answers::Reports;

const GENERAL: &str = "stats";
const CACHED: &str = "stats cached";
const SEGMENTS: &str = "stats segments";

/// What [`estimate`] reads.
pub(crate) const ASKED: &[&str] = &[GENERAL, CACHED, SEGMENTS];

/// The counters of items that came back, and how much more memory would have kept them, as a part of `ghost_memory`.
const RETURNED: [(&str, f64); 4] = [
    ("returned_eighth", 0.125),
    ("returned_quarter", 0.25),
    ("returned_half", 0.5),
    ("returned_whole", 1.0),
];

/// Of these, those that tell how steep the curve is where the memory is now.
const NEAR: usize = 2;

/// Parts of the memory that it might be lowered to.
const LESS: [f64; 3] = [0.5, 0.75, 0.875];

/// Less of a hit ratio than this is not worth any memory.
const LITTLE: f64 = 0.005;

/// What was seen between two answers, and what it comes to.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Estimate {
    seconds: f64,
    /// Keys looked up.
    #[serde(serialize_with = "whole")]
    gets: f64,
    hit_ratio: Option<f64>,
    #[serde(serialize_with = "whole")]
    memory_bytes: f64,
    /// Of the heap.
    used: f64,
    /// In segments that are free and need not be.
    #[serde(serialize_with = "whole")]
    spare_bytes: f64,
    /// The policy.
    eviction: String,
    #[serde(serialize_with = "whole")]
    evicted_space: f64,
    #[serde(serialize_with = "whole")]
    evicted_index: f64,
    /// Values refused for want of memory.
    #[serde(serialize_with = "whole")]
    refused: f64,
    /// Of other sizes, ascending; empty where nothing tells.
    sizes: Vec<Size>,
}

/// What another size would do: at most what is told if it is less than there is, and at least if it is more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Size {
    #[serde(serialize_with = "whole")]
    pub(crate) memory_bytes: f64,
    pub(crate) hit_ratio: f64,
}

/// What the latest two answers tell; `None` where they are not of one server, or it does not tell enough.
pub(crate) fn estimate(reports: &Reports) -> Option<Estimate> {
    let gauge = |row| reports.real(SEGMENTS, row);
    let grown = |row| reports.growth(SEGMENTS, row);
    let (_, seconds) = reports.earlier(GENERAL)?;
    let hits = reports.growth(GENERAL, "get_hits")?;
    let gets = hits + reports.growth(GENERAL, "get_misses")?;
    let spare = gauge("segments_free")? - gauge("reserve_segments")?;
    let free_bytes = gauge("segments_free")? * gauge("segment_bytes")?;
    let mut estimate = Estimate {
        seconds,
        gets,
        hit_ratio: (gets > 0.0).then(|| hits / gets),
        memory_bytes: reports.real(GENERAL, "limit_maxbytes")?,
        used: 1.0 - free_bytes / gauge("heap_bytes")?.max(1.0),
        spare_bytes: spare.max(0.0) * gauge("segment_bytes")?,
        eviction: reports.report(SEGMENTS)?.text("eviction")?.to_owned(),
        evicted_space: grown("evicted_space")?,
        evicted_index: grown("evicted_index")?,
        refused: reports.growth(GENERAL, "store_no_memory")?,
        sizes: Vec::new(),
    };
    // Session buffers are a share of the memory: with more of it there are more of them.
    let store = estimate.memory_bytes - reports.real(CACHED, "buffer_limit")?;
    let mut more = Vec::new();
    for (row, part) in RETURNED {
        let added = part * gauge("ghost_memory")? / store.max(1.0);
        more.push((estimate.memory_bytes * added, grown(row)?));
    }
    if estimate.eviction == "s3fifo" && estimate.evicted_space > 0.0 {
        estimate.sizes = estimate.others(&more);
    }
    Some(estimate)
}

impl Estimate {
    /// What other sizes would do, from how much more memory would have kept how many items.
    fn others(&self, returned: &[(f64, f64)]) -> Vec<Size> {
        let Some(now) = self.hit_ratio else {
            return Vec::new();
        };
        let (mut kept, mut more) = (0.0, Vec::new());
        for (bytes, items) in returned {
            kept += items;
            more.push(Size {
                memory_bytes: self.memory_bytes + bytes,
                hit_ratio: (now + kept / self.gets).min(1.0),
            });
        }
        let near = more.get(NEAR - 1);
        let slope = near.map_or(0.0, |near| {
            (near.hit_ratio - now) / (near.memory_bytes / self.memory_bytes).ln()
        });
        let less = LESS.map(|part| Size {
            memory_bytes: self.memory_bytes * part,
            hit_ratio: (now + slope * part.ln()).max(0.0),
        });
        less.into_iter().chain(more).collect()
    }

    /// Sizes of the memory with their hit ratios, ascending, the present one among them; empty where nothing tells. The
    /// words say how the ratio is meant.
    pub(crate) fn curve(&self) -> Vec<(Size, &'static str)> {
        let Some(now) = self.hit_ratio.filter(|_| !self.sizes.is_empty()) else {
            return Vec::new();
        };
        let now = Size {
            memory_bytes: self.memory_bytes,
            hit_ratio: now,
        };
        let is_less = |size: &&Size| size.memory_bytes < now.memory_bytes;
        let less = self.sizes.iter().filter(is_less);
        let more = self.sizes.iter().filter(|size| !is_less(size));
        let less = less.map(|size| (*size, "at most"));
        let more = more.map(|size| (*size, "at least"));
        less.chain([(now, "now")]).chain(more).collect()
    }

    /// In a few words.
    pub(crate) fn gist(&self) -> String {
        match self.sizes.last() {
            _ if self.refused > 0.0 => "more is needed".to_owned(),
            _ if self.evicted_space + self.evicted_index == 0.0 => "nothing is evicted".to_owned(),
            Some(most) => {
                let memory = Figure::Bytes(most.memory_bytes);
                format!("{memory}: {} hit at least", Figure::Share(most.hit_ratio))
            }
            None => "cannot be told".to_owned(),
        }
    }

    /// In a sentence.
    pub(crate) fn verdict(&self) -> String {
        let memory = Figure::Bytes(self.memory_bytes);
        if self.refused > 0.0 {
            return "Values are refused for want of memory: more is needed.".to_owned();
        }
        if self.evicted_space + self.evicted_index == 0.0 {
            return if self.spare_bytes > 0.0 {
                let enough = Figure::Bytes(self.memory_bytes - self.spare_bytes);
                format!(
                    "More memory would gain nothing: nothing is evicted. {enough} would do for now, of {memory}."
                )
            } else {
                "More memory would gain nothing now: nothing was evicted meanwhile.".to_owned()
            };
        }
        if self.evicted_index > self.evicted_space {
            return "Items are evicted for want of index: they are many and small. More memory has more index, \
                    and what that would gain cannot be told."
                .to_owned();
        }
        let Some(now) = self.hit_ratio else {
            return "Nothing was looked up: there is no hit ratio to better.".to_owned();
        };
        let (Some(least), Some(most)) = (self.sizes.first(), self.sizes.last()) else {
            return format!(
                "Items are evicted, and what other memory would do cannot be told: {} does not remember which, \
                 as s3fifo does.",
                self.eviction
            );
        };
        let (gain, loss) = (most.hit_ratio - now, now - least.hit_ratio);
        let most = Figure::Bytes(most.memory_bytes);
        match (gain < LITTLE, loss < LITTLE) {
            (false, _) => format!(
                "More memory would help: with {most} at least {:.1} of 100 lookups more would hit.",
                gain * 100.0
            ),
            (true, false) => {
                format!("The memory is about right: {most} would gain little, and less would lose.")
            }
            (true, true) => format!(
                "More memory would gain little, even {most}, and less may do: lower it step by step."
            ),
        }
    }

    /// For people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let ratio = Figure::of(self.hit_ratio, Figure::Share);
        let mut lines = vec![
            format!(
                "memory     {}, {} of the heap in use",
                Figure::Bytes(self.memory_bytes),
                Figure::Share(self.used)
            ),
            format!(
                "hit ratio  {ratio} of {} lookups in {}",
                Figure::Count(self.gets),
                Figure::Span(self.seconds)
            ),
            format!(
                "evicted    {} items for want of heap, {} for want of index ({})",
                Figure::Count(self.evicted_space),
                Figure::Count(self.evicted_index),
                self.eviction
            ),
        ];
        lines.extend(self.curve().iter().map(|(size, words)| {
            let memory = Figure::Bytes(size.memory_bytes).to_string();
            format!(
                "with {memory:>7}  {words:<8} {}",
                Figure::Share(size.hit_ratio)
            )
        }));
        lines.push(self.verdict());
        lines
    }
}

#[cfg(test)]
mod tests;
