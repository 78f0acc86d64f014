//! Which of a worker's requests are looked at more closely.

mod countdown;

use fastrand::Rng;

use countdown::Countdown;

/// One request in so many is timed alone.
const TIMED: u32 = 128;

/// Chooses some of a worker's requests. One that is not chosen costs a decrement.
#[derive(Debug)]
pub(crate) struct Sampler {
    /// Requests until the next one that is chosen, that one included.
    left: u32,
    timed: Countdown,
    random: Rng,
}

impl Sampler {
    pub(crate) fn new() -> Sampler {
        let mut random = Rng::new();
        let timed = Countdown::new(TIMED, &mut random);
        Sampler {
            left: timed.left().unwrap_or(u32::MAX),
            timed,
            random,
        }
    }

    /// Whether the request that comes is chosen: it is to be timed.
    #[inline]
    pub(crate) fn is_chosen(&mut self) -> bool {
        self.left -= 1;
        self.left == 0 && self.choose()
    }

    #[cold]
    fn choose(&mut self) -> bool {
        let passed = self.timed.left().unwrap_or(0);
        let is_timed = self.timed.pass(passed, &mut self.random);
        self.left = self.timed.left().unwrap_or(u32::MAX);
        is_timed
    }
}
