//! What is known of a segment when it is sealed: how long it is, and when its bytes expire.

use super::class::Kind;
use crate::Seconds;

/// Bins of a coarse segment.
const BINS: usize = 8;
/// A running octave is looked at so often.
const LOOKS: u32 = 8;

/// Bytes of a coarse segment by the time between its opening and their deadline, an octave a bin.
///
/// ```text
/// bin 0      up to 2^(first + 1) seconds
/// bin i      2^(first + i) to 2^(first + i + 1)
/// bin 7      everything later: counted only when the whole segment has expired
/// ```
#[derive(Clone, Copy, Default)]
pub(crate) struct Bins {
    first: u32,
    /// The least of these times; 0: none was counted yet.
    earliest: Seconds,
    bytes: [u32; BINS],
}

impl Bins {
    pub(crate) fn new(first_octave: u32) -> Bins {
        Bins {
            first: first_octave,
            earliest: 0,
            bytes: [0; BINS],
        }
    }

    /// Counts an item that dies `after` so many seconds.
    pub(crate) fn add(&mut self, after: Seconds, bytes: u32) {
        let after = after.max(1);
        if self.earliest == 0 || after < self.earliest {
            self.earliest = after;
        }
        let octave = after.ilog2().saturating_sub(self.first);
        self.bytes[(octave as usize).min(BINS - 1)] += bytes;
    }

    /// Bytes that have expired at an age of so many seconds, taking those of a running octave to expire evenly from the
    /// first of all on. The last of all expires at the age of `last`; 0: it is not known.
    fn expired(&self, age: Seconds, last: Seconds) -> u32 {
        let age = u64::from(age);
        let share = |(at, &bytes): (usize, &u32)| {
            let end = 2_u64 << (self.first + at as u32);
            let start = if at == 0 { 0 } else { end / 2 };
            let start = start.max(self.earliest.into());
            let end = if u64::from(last) > start {
                end.min(last.into())
            } else {
                end
            };
            let passed = age.max(start).min(end).saturating_sub(start);
            u64::from(bytes) * passed / end.saturating_sub(start).max(1)
        };
        self.bytes[..BINS - 1]
            .iter()
            .enumerate()
            .map(share)
            .sum::<u64>() as u32
    }

    /// The next age at which it is worth to look again; `None` when no bin runs any more.
    fn next_look(&self, age: Seconds) -> Option<Seconds> {
        let last = self.bytes[..BINS - 1]
            .iter()
            .rposition(|&bytes| bytes != 0)?;
        let octave = age.max(1).ilog2().max(self.first);
        let running = octave <= self.first + last as u32;
        running.then(|| age.saturating_add((1_u32 << octave.min(31)).div_ceil(LOOKS)))
    }
}

/// A sealed segment, or what is known of an open one.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seal {
    /// Bytes of items.
    pub(crate) len: u32,
    /// When its last item expires; 0: one of them never does.
    pub(crate) deadline: Seconds,
    pub(crate) opened: Seconds,
    /// `None` for a fine class or a span, whose items expire together.
    pub(crate) bins: Option<Bins>,
    /// Under s3fifo: its items have proven themselves.
    pub(crate) main: bool,
    /// `None` for a span.
    pub(crate) kind: Option<Kind>,
}

impl Seal {
    /// Bytes that have expired, as far as the bins tell.
    pub(crate) fn expired(&self, now: Seconds) -> u32 {
        let last = self.deadline.saturating_sub(self.opened);
        let age = now.saturating_sub(self.opened);
        self.bins.map_or(0, |bins| bins.expired(age, last))
    }

    /// When the bins will tell more.
    pub(crate) fn next_look(&self, now: Seconds) -> Option<Seconds> {
        let age = self.bins?.next_look(now.saturating_sub(self.opened))?;
        Some(self.opened.saturating_add(age))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_expires_evenly_is_estimated_within_a_tenth() {
        let mut bins = Bins::new(6);
        for ttl in 61..400 {
            bins.add(ttl, 100);
        }
        for age in [100, 200, 300, 399] {
            let expired = 100 * i64::from(age - 60);
            let told = i64::from(bins.expired(age, 399));
            assert!(
                (told - expired).abs() < 33_900 / 10,
                "age {age}: {told}, not {expired}"
            );
        }
        assert_eq!(bins.expired(1_000, 399), 33_900);
    }

    #[test]
    fn looks_end_with_the_last_bin_and_come_closer_together_early() {
        let mut bins = Bins::new(0);
        bins.add(40, 1);
        let mut ages = vec![0];
        while let Some(next) = bins.next_look(ages[ages.len() - 1]) {
            assert!(next > ages[ages.len() - 1]);
            ages.push(next);
        }
        let last = ages[ages.len() - 1];
        assert!((64..80).contains(&last), "{last}");
        assert!(ages.len() < 50, "{}", ages.len());
    }
}
