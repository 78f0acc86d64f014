//! The worker's half: which requests are looked at.

use std::time::Duration;

use crossbeam_channel::Sender;
use fastrand::Rng;

use super::Sample;
use super::countdown::Countdown;
use crate::metrics::WorkerCounters;
use crate::settings::Config;

/// One request in so many is timed alone.
const TIMED: u32 = 128;

/// Chooses some of a worker's requests. One that is not chosen costs a decrement.
#[derive(Debug)]
pub(crate) struct Sampler {
    /// Requests until the next one that is looked at, that one included.
    left: u32,
    /// What `left` was then.
    distance: u32,
    timed: Countdown,
    commands: Countdown,
    keys: Countdown,
    /// A request that takes so long goes to the slow log: each is looked at. `None`: there is no
    /// slow log.
    slow: Option<Duration>,
    ring: Sender<Sample>,
    random: Rng,
}

/// What a request that is looked at was chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// It is timed.
    pub(crate) timed: bool,
    /// It goes to the command log.
    pub(crate) for_commands: bool,
    /// Its key is counted.
    pub(crate) for_keys: bool,
}

impl Sampler {
    /// One that chooses as `config` says, and has a ring for what it chooses.
    pub(crate) fn new(config: &Config, ring: Sender<Sample>) -> Sampler {
        let mut random = Rng::new();
        let mut sampler = Sampler {
            left: 0,
            distance: 0,
            timed: Countdown::new(TIMED, &mut random),
            commands: Countdown::new(0, &mut random),
            keys: Countdown::new(0, &mut random),
            slow: None,
            ring,
            random,
        };
        sampler.adapt(config);
        sampler
    }

    /// Chooses as `config` says from now on.
    pub(crate) fn adapt(&mut self, config: &Config) {
        let logs = &config.logs;
        let every = logs.commands.as_ref().map_or(0, |_| logs.command_sample);
        self.commands = Countdown::new(every, &mut self.random);
        self.timed = Countdown::new(TIMED, &mut self.random);
        self.keys = Countdown::new(config.hotkeys.sample, &mut self.random);
        self.slow = logs.slow.as_ref().map(|_| logs.slow_threshold);
        self.rewind();
    }

    /// Whether the request that comes is looked at. Then [`Sampler::choose`] is next.
    #[inline]
    pub(crate) fn is_due(&mut self) -> bool {
        self.left -= 1;
        self.left == 0
    }

    /// What the request that comes is chosen for.
    pub(crate) fn choose(&mut self) -> Chosen {
        let chosen = Chosen {
            timed: self.timed.pass(self.distance, &mut self.random),
            for_commands: self.commands.pass(self.distance, &mut self.random),
            for_keys: self.keys.pass(self.distance, &mut self.random),
        };
        self.rewind();
        chosen
    }

    /// Whether a request that took so long goes to the slow log.
    pub(crate) fn is_slow(&self, latency: Duration) -> bool {
        self.slow.is_some_and(|threshold| latency >= threshold)
    }

    /// Hands a sample to the collector, or drops it.
    pub(crate) fn put(&self, sample: Sample, counters: &WorkerCounters) {
        let Sample {
            for_commands,
            for_slow,
            for_keys,
            ..
        } = sample;
        let is_wanted = for_commands || for_slow || for_keys;
        if is_wanted && self.ring.try_send(sample).is_err() {
            counters.command_log_dropped.add(for_commands.into());
            counters.slow_log_dropped.add(for_slow.into());
            counters.hotkeys_dropped.add(for_keys.into());
        }
    }

    fn rewind(&mut self) {
        let each = self.slow.map(|_| 1);
        let distances = [
            self.timed.left(),
            self.commands.left(),
            self.keys.left(),
            each,
        ];
        // One at least is timed.
        self.distance = distances.into_iter().flatten().min().unwrap_or(1);
        self.left = self.distance;
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::bounded;

    use super::*;
    use crate::sampling::Asked;

    fn config(change: impl FnOnce(&mut Config)) -> Config {
        let mut config = Config::default();
        config.hotkeys.sample = 0;
        change(&mut config);
        config
    }

    /// What of so many requests is chosen for.
    fn chosen(sampler: &mut Sampler, requests: usize) -> Vec<Option<Chosen>> {
        let chosen = (0..requests).map(|_| sampler.is_due().then(|| sampler.choose()));
        chosen.collect()
    }

    fn count(chosen: &[Option<Chosen>], is_meant: fn(&Chosen) -> bool) -> usize {
        chosen.iter().flatten().filter(|c| is_meant(c)).count()
    }

    #[test]
    fn one_purpose_would_take_the_requests_of_another() {
        let config = config(|c| {
            c.logs.commands = Some("/commands".into());
            c.logs.command_sample = 10;
            c.hotkeys.sample = 20;
        });
        let mut sampler = Sampler::new(&config, bounded(1).0);
        let chosen = chosen(&mut sampler, 128_000);
        let commands = count(&chosen, |c| c.for_commands);
        assert!((12_000..13_600).contains(&commands), "{commands}");
        let keys = count(&chosen, |c| c.for_keys);
        assert!((5800..7000).contains(&keys), "{keys}");
        let timed = count(&chosen, |c| c.timed);
        assert!((800..1200).contains(&timed), "{timed}");
        let all = chosen.iter().flatten().count();
        assert!((commands..=commands + keys + timed).contains(&all));
    }

    #[test]
    fn a_conversation_that_is_logged_whole_would_have_gaps() {
        let config = config(|c| {
            c.logs.commands = Some("/commands".into());
            c.logs.command_sample = 1;
        });
        let mut sampler = Sampler::new(&config, bounded(1).0);
        assert_eq!(count(&chosen(&mut sampler, 1000), |c| c.for_commands), 1000);
    }

    #[test]
    fn without_a_log_requests_would_be_looked_at_for_one() {
        let mut sampler = Sampler::new(&config(|_| ()), bounded(1).0);
        let chosen = chosen(&mut sampler, 10_000);
        assert_eq!(count(&chosen, |c| c.for_commands), 0);
        assert_eq!(count(&chosen, |c| c.timed), chosen.iter().flatten().count());
        assert!(!sampler.is_slow(Duration::MAX));
    }

    #[test]
    fn a_slow_request_would_be_missed_for_not_being_chosen() {
        let config = config(|c| {
            c.logs.slow = Some("/slow".into());
            c.logs.slow_threshold = Duration::from_millis(5);
        });
        let mut sampler = Sampler::new(&config, bounded(1).0);
        assert!(chosen(&mut sampler, 1000).iter().all(Option::is_some));
        assert!(sampler.is_slow(Duration::from_millis(5)));
        assert!(!sampler.is_slow(Duration::from_micros(4999)));
    }

    #[test]
    fn a_full_ring_would_hold_up_the_worker_or_lose_in_silence() {
        let (ring, samples) = bounded(1);
        let sampler = Sampler::new(&Config::default(), ring);
        let counters = WorkerCounters::default();
        let asked = Asked {
            command: "get",
            key: Some(b"key"),
            brought: 0,
        };
        for (for_commands, for_slow) in [(false, false), (true, true), (true, false), (true, true)]
        {
            let sample = Sample {
                for_commands,
                for_slow,
                ..Sample::new(&asked)
            };
            sampler.put(sample, &counters);
        }
        assert_eq!(samples.len(), 1);
        assert_eq!(counters.command_log_dropped.get(), 2);
        assert_eq!(counters.slow_log_dropped.get(), 1);
    }
}
