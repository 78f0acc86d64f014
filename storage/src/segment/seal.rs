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
struct Bins {
    first: u32,
    /// The least of these times; 0: none was counted yet.
    earliest: Seconds,
    bytes: [u32; BINS],
}

impl Bins {
    fn new(first: u32) -> Bins {
        Bins {
            first,
            ..Bins::default()
        }
    }

    /// Counts an item that dies `after` so many seconds.
    fn add(&mut self, after: Seconds, bytes: u32) {
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
        let last = if last == 0 { u64::MAX } else { last.into() };
        let mut expired = 0;
        for (at, &bytes) in self.bytes[..BINS - 1].iter().enumerate() {
            let octave_end = 2 << (self.first + at as u32);
            let octave = if at == 0 { 0 } else { octave_end / 2 };
            let start = octave.max(self.earliest.into());
            let end = octave_end.min(last.max(start + 1));
            let passed = age.min(end).saturating_sub(start);
            expired += u64::from(bytes) * passed / end.saturating_sub(start).max(1);
        }
        expired as u32
    }

    /// The next age at which it is worth to look again; `None` when no bin runs any more.
    fn next_look(&self, age: Seconds) -> Option<Seconds> {
        let mut bytes = self.bytes[..BINS - 1].iter();
        let last = bytes.rposition(|&bytes| bytes != 0)?;
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
    /// `None`: its items do not expire, or die together.
    bins: Option<Bins>,
    pub(crate) kind: Kind,
}

impl Seal {
    pub(crate) fn new(kind: Kind, opened: Seconds) -> Seal {
        Seal {
            opened,
            kind,
            bins: kind.first_octave().map(Bins::new),
            ..Seal::default()
        }
    }

    /// Counts an item.
    pub(super) fn add(&mut self, bytes: u32, deadline: Seconds) {
        let never = deadline == 0 || self.deadline == 0 && self.len > 0;
        let latest = self.deadline.max(deadline);
        self.deadline = if never { 0 } else { latest };
        self.len += bytes;
        if let Some(bins) = &mut self.bins
            && deadline != 0
        {
            bins.add(deadline.saturating_sub(self.opened), bytes);
        }
    }

    /// Bytes that have expired, as far as the bins tell.
    pub(crate) fn expired(&self, now: Seconds) -> u32 {
        let last = self.deadline.saturating_sub(self.opened);
        let age = now.saturating_sub(self.opened);
        self.bins.map_or(0, |bins| bins.expired(age, last))
    }

    /// When the bins will tell more; 0: never.
    pub(super) fn next_look(&self, now: Seconds) -> Seconds {
        let age = now.saturating_sub(self.opened);
        let next = self.bins.and_then(|bins| bins.next_look(age));
        next.map_or(0, |age| self.opened.saturating_add(age))
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
