//! Hot keys: which are asked for most, by requests and by bytes, over a window that slides.
//!
//! The window is made of slices, each of which knows its heaviest keys; the oldest is forgotten as
//! a whole. So a window is as exact as its newest slice is full, and takes a few megabytes at most.

mod heavy;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::settings::Hotkeys;

use heavy::Heavy;

/// Slices of a window.
const SLICES: u32 = 6;

/// What a key is hot by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Requests,
    /// Of values, brought or found.
    Bytes,
}

/// The window.
#[derive(Debug)]
pub(crate) struct HotKeys {
    /// How long a slice is.
    slice: Duration,
    /// One request in so many is counted: what was counted at another rate does not add up with it.
    sample: u32,
    /// The oldest first.
    slices: VecDeque<Slice>,
}

#[derive(Debug)]
struct Slice {
    began: Instant,
    requests: Heavy,
    bytes: Heavy,
}

/// What was seen of a window: of some requests, which were chosen at random.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Top {
    /// Requests that were seen.
    pub(crate) samples: u64,
    /// The weight of all of them: requests, or bytes.
    pub(crate) total: u64,
    /// Keys with their weight, the heaviest first.
    pub(crate) keys: Vec<(Vec<u8>, u64)>,
}

impl Default for HotKeys {
    fn default() -> HotKeys {
        HotKeys::new(Hotkeys::default().window)
    }
}

impl HotKeys {
    /// An empty window of that length.
    pub(crate) fn new(window: Duration) -> HotKeys {
        HotKeys {
            slice: window / SLICES,
            sample: Hotkeys::default().sample,
            slices: VecDeque::new(),
        }
    }

    /// Has the window be of another length; what is seen already stays until it is too old.
    pub(crate) fn set_window(&mut self, window: Duration) {
        self.slice = window / SLICES;
    }

    /// Begins anew if one request in another number is counted from now on.
    pub(crate) fn set_sample(&mut self, sample: u32) {
        if sample != self.sample {
            self.sample = sample;
            self.slices.clear();
        }
    }

    /// A request for `key` was seen, with a value of so many bytes.
    pub(crate) fn add(&mut self, key: &[u8], bytes: u64, now: Instant) {
        let slice = self.current(now);
        slice.requests.add(key, 1);
        slice.bytes.add(key, bytes);
    }

    /// The slice that `now` lies in.
    fn current(&mut self, now: Instant) -> &mut Slice {
        let is_over = |slice: &Slice| now.saturating_duration_since(slice.began) >= self.slice;
        if self.slices.back().is_none_or(is_over) {
            if self.slices.len() == SLICES as usize {
                self.slices.pop_front();
            }
            self.slices.push_back(Slice {
                began: now,
                requests: Heavy::default(),
                bytes: Heavy::default(),
            });
        }
        self.slices.back_mut().expect("there is one")
    }

    /// The `most` hottest keys of the window that ends `now`.
    pub(crate) fn top(&self, by: By, most: usize, now: Instant) -> Top {
        let window = self.slice * SLICES;
        let is_within = |slice: &&Slice| now.saturating_duration_since(slice.began) < window;
        let mut top = Top::default();
        let mut weights: HashMap<&[u8], u64> = HashMap::new();
        for slice in self.slices.iter().filter(is_within) {
            let heavy = match by {
                By::Requests => &slice.requests,
                By::Bytes => &slice.bytes,
            };
            top.samples += slice.requests.total();
            top.total += heavy.total();
            for (key, weight) in heavy.keys() {
                *weights.entry(key).or_default() += weight;
            }
        }
        let mut keys: Vec<_> = weights.into_iter().filter(|(_, w)| *w > 0).collect();
        // Among equals by name, so that a list does not change while nothing does.
        keys.sort_unstable_by(|(a, weight_a), (b, weight_b)| {
            weight_b.cmp(weight_a).then_with(|| a.cmp(b))
        });
        let hottest = keys.into_iter().take(most);
        top.keys = hottest
            .map(|(key, weight)| (key.to_vec(), weight))
            .collect();
        top
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    fn keys(top: &Top) -> Vec<(&[u8], u64)> {
        let keys = top.keys.iter();
        keys.map(|(key, weight)| (&**key, *weight)).collect()
    }

    #[test]
    fn a_key_that_was_hot_an_hour_ago_would_be_told_of() {
        let (mut hot, start) = (HotKeys::new(WINDOW), Instant::now());
        hot.add(b"old", 1, start);
        for second in 1..=59 {
            hot.add(b"new", 1, start + Duration::from_secs(second));
        }
        let now = start + Duration::from_secs(59);
        let top = hot.top(By::Requests, 10, now);
        assert_eq!(keys(&top), [(&b"new"[..], 59), (b"old", 1)]);
        let top = hot.top(By::Requests, 10, start + WINDOW);
        assert_eq!(keys(&top), [(&b"new"[..], 50)], "its slice is over");
        let top = hot.top(By::Requests, 10, now + WINDOW);
        assert_eq!(top, Top::default());
    }

    #[test]
    fn slices_would_be_kept_without_bound() {
        let (mut hot, start) = (HotKeys::new(WINDOW), Instant::now());
        for second in 0..3600 {
            hot.add(b"key", 1, start + Duration::from_secs(second));
            assert!(hot.slices.len() <= SLICES as usize);
        }
        let top = hot.top(By::Requests, 1, start + Duration::from_secs(3599));
        assert_eq!(keys(&top), [(&b"key"[..], 60)]);
    }

    #[test]
    fn a_key_of_few_but_large_values_would_not_be_found() {
        let (mut hot, now) = (HotKeys::new(WINDOW), Instant::now());
        for number in 0..50_000_u32 {
            hot.add(&number.to_be_bytes(), 10, now);
            if number % 100 == 0 {
                hot.add(b"large", 1 << 20, now);
            }
            if number % 10 == 0 {
                hot.add(b"often", 0, now);
            }
        }
        for (by, wanted) in [(By::Bytes, &b"large"[..]), (By::Requests, b"often")] {
            let top = hot.top(by, 1, now);
            assert_eq!(top.samples, 55_500);
            assert_eq!(top.keys[0].0, wanted);
        }
        assert_eq!(hot.top(By::Bytes, 1, now).total, (500 << 20) + 500_000);
    }

    #[test]
    fn another_window_would_forget_what_it_should_keep() {
        let (mut hot, start) = (HotKeys::new(WINDOW), Instant::now());
        hot.add(b"key", 1, start);
        hot.set_window(2 * WINDOW);
        let top = hot.top(By::Requests, 1, start + WINDOW);
        assert_eq!(keys(&top), [(&b"key"[..], 1)]);
        hot.set_window(WINDOW / 2);
        let top = hot.top(By::Requests, 1, start + WINDOW / 2);
        assert_eq!(keys(&top), []);
    }

    #[test]
    fn what_was_counted_at_one_rate_would_be_multiplied_by_another() {
        let (mut hot, now) = (HotKeys::new(WINDOW), Instant::now());
        hot.set_sample(100);
        hot.add(b"key", 1, now);
        hot.set_sample(100);
        assert_eq!(hot.top(By::Requests, 1, now).samples, 1);
        hot.set_sample(1);
        assert_eq!(hot.top(By::Requests, 1, now), Top::default());
    }
}
