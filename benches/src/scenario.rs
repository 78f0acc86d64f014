//! What a load is.

use std::time::Duration;

use clap::builder::ArgPredicate;
use clap::{Args, Command, FromArgMatches, ValueEnum};
use serde::{Serialize, Serializer};

use crate::Error;
use crate::item;
use crate::mix::{Mix, Operation};
use crate::popularity::Popularity;
use crate::weighted::Weighted;
use crate::wire::Protocol;

/// A load, and the flags that ask for it. All that is random in it follows
/// from `seed`.
#[derive(Args, Clone, Debug, Serialize)]
pub struct Scenario {
    /// What to do, one after the other
    #[arg(
        long = "phase",
        value_name = "PHASE,...",
        value_delimiter = ',',
        default_value = "run"
    )]
    pub phases: Vec<PhaseKind>,

    /// How requests are written
    #[arg(long, value_name = "NAME", default_value_t, value_enum)]
    pub protocol: Protocol,

    /// Connections in all
    #[arg(short, long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub connections: u32,

    /// Threads that share the connections
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: u32,

    /// Requests that a connection sends at once, before it waits for their answers
    #[arg(short = 'd', long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub pipeline: u32,

    /// Different keys
    #[arg(short, long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub keys: u32,

    /// How often each key is asked for: uniform, or zipf:EXPONENT
    #[arg(long, value_name = "LAW", default_value = "uniform")]
    pub popularity: Popularity,

    /// Bytes of a key: 32, 16-64 or weighted as in 20:9,100-250:1
    #[arg(long, value_name = "SIZES", default_value = "32", value_parser = Weighted::sizes)]
    pub key_size: Weighted,

    /// Bytes of a value, written like key sizes
    #[arg(long, value_name = "SIZES", default_value = "64", value_parser = Weighted::sizes)]
    pub value_size: Weighted,

    /// Lifetime of what is set, 0 for none: 60, 1m-2h or 0:1,1h:2
    #[arg(long, value_name = "TIMES", default_value = "0", value_parser = Weighted::seconds)]
    pub ttl: Weighted,

    /// Requests by weight: get, multiget, set, delete, incr
    #[arg(long, value_name = "NAME=WEIGHT,...", default_value = "get=90,set=10")]
    pub mix: Mix,

    /// Keys in a multi-get, written like key sizes
    #[arg(long, value_name = "NUMBERS", default_value = "16", value_parser = Weighted::sizes)]
    pub multiget_keys: Weighted,

    /// Counters that incr chooses from, each alike
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub counters: u32,

    /// Follow each miss by a set of the missed key
    #[arg(long)]
    pub cache_aside: bool,

    /// How sessions of churn over TLS begin
    #[arg(long, value_name = "KIND", default_value_t, value_enum)]
    pub handshakes: Handshakes,

    /// Requests a second in all, sent on time; without it, as fast as answers come
    #[arg(short, long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,

    /// At a fixed rate, whether to look for answers without ever sleeping
    #[arg(skip)]
    pub busy_poll: bool,

    /// Load this long before measuring; by default 1s, or not with --requests
    #[arg(long, value_name = "TIME", default_value = "1s", default_value_if("requests", ArgPredicate::IsPresent, "0s"), value_parser = humantime::parse_duration)]
    #[serde(rename = "warm_up_seconds", serialize_with = "as_seconds")]
    pub warm_up: Duration,

    /// Measure this long; by default 10s, or as long as --requests take
    #[arg(short = 'T', long, value_name = "TIME", value_parser = humantime::parse_duration)]
    #[serde(rename = "duration_seconds", serialize_with = "as_seconds")]
    pub duration: Option<Duration>,

    /// Stop after this many requests, warm-up included
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub requests: Option<u64>,

    /// A connection without an answer for so long is given up
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    #[serde(rename = "timeout_seconds", serialize_with = "as_seconds")]
    pub timeout: Duration,

    /// Let each value prove its key and version, and check every hit
    #[arg(long)]
    pub verify: bool,

    /// Repeats the requests of another run
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// One part of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum PhaseKind {
    /// Set every key once
    Fill,
    /// Get every key once, in their order
    Scan,
    /// The mix of requests
    Run,
    /// Connect, get one key, close
    Churn,
    /// Get one key on each connection, then leave all of them be
    Idle,
}

impl PhaseKind {
    /// Its name in flags and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fill => "fill",
            Self::Scan => "scan",
            Self::Run => "run",
            Self::Churn => "churn",
            Self::Idle => "idle",
        }
    }

    /// Whether it makes so many requests and no more, at no rate and without a warm-up.
    pub fn is_once(self) -> bool {
        matches!(self, Self::Fill | Self::Scan | Self::Idle)
    }

    /// Whether it ends by the clock.
    pub fn is_timed(self) -> bool {
        !matches!(self, Self::Fill | Self::Scan)
    }
}

/// How a TLS session begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Handshakes {
    /// Both sides prove who they are
    #[default]
    Full,
    /// It goes on with the connection's last one, if the server lets it
    Resumed,
}

/// memcached's longest key.
const KEY_SIZE_MAX: u32 = 250;
/// A value is at most as long as memcached's `-I` may be.
const VALUE_SIZE_MAX: u32 = 1 << 30;
const MULTIGET_KEYS_MAX: u32 = 1000;
/// One request a nanosecond, the unit of the schedule.
const RATE_MAX: f64 = 1e9;
const DURATION: Duration = Duration::from_secs(10);

impl Scenario {
    /// Says in one sentence what cannot be done.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |sentence: String| Err(Error::Usage(sentence));
        let (min, max) = (self.key_size.min(), self.key_size.max());
        if min < item::KEY_MIN as u32 || max > KEY_SIZE_MAX {
            return wrong(format!(
                "--key-size {}: a key has {} to {KEY_SIZE_MAX} bytes, so that its number fits",
                self.key_size,
                item::KEY_MIN
            ));
        }
        if self.value_size.max() > VALUE_SIZE_MAX {
            return wrong(format!("--value-size {}: at most 1 GiB", self.value_size));
        }
        if self.verify && self.value_size.min() < item::HEADER as u32 {
            return wrong(format!(
                "--value-size {}: a value that proves itself has at least {} bytes",
                self.value_size,
                item::HEADER
            ));
        }
        let keys = &self.multiget_keys;
        if keys.min() == 0 || keys.max() > MULTIGET_KEYS_MAX {
            return wrong(format!("--multiget-keys {keys}: 1 to {MULTIGET_KEYS_MAX}"));
        }
        if self.keys > u32::MAX - self.counters {
            return wrong(format!(
                "--keys {}: at most {}, for counters are numbered like keys",
                self.keys,
                u32::MAX - self.counters
            ));
        }
        if self.threads > self.connections {
            return wrong(format!(
                "--threads {}: there are {} connections to share",
                self.threads, self.connections
            ));
        }
        if self.verify && self.keys < self.connections {
            return wrong(format!(
                "--keys {}: with --verify, each of {} connections needs a key of its own",
                self.keys, self.connections
            ));
        }
        if self.phases.contains(&PhaseKind::Idle) && self.phases.len() > 1 {
            return wrong(
                "--phase: idle goes alone, for a server may keep the memory of connections before"
                    .to_owned(),
            );
        }
        if self.duration.is_some_and(|time| time.is_zero()) || self.timeout.is_zero() {
            return wrong("--duration and --timeout are more than nothing".to_owned());
        }
        Ok(())
    }

    /// How long the phases that end by the clock are measured; `None` if only
    /// `requests` ends them.
    pub fn measured(&self) -> Option<Duration> {
        let default = self.requests.is_none().then_some(DURATION);
        self.duration.or(default)
    }

    /// Whether the mix ever counts.
    pub fn has_counters(&self) -> bool {
        self.mix.has(Operation::Incr)
    }
}

/// What the flags say when none is given.
impl Default for Scenario {
    fn default() -> Self {
        let matches = Self::augment_args(Command::new("scenario")).get_matches_from(["scenario"]);
        Self::from_arg_matches(&matches).expect("every flag has a default")
    }
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate| *rate > 0.0 && *rate <= RATE_MAX)
        .ok_or_else(|| format!("a rate is a positive number, at most {RATE_MAX:e}"))
}

/// A time in seconds, or nothing.
fn as_seconds<S: Serializer>(
    time: &(impl Into<Option<Duration>> + Copy),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let time: Option<Duration> = (*time).into();
    time.map(|time| time.as_secs_f64()).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_that_cannot_be_made_would_be_begun() {
        let default = Scenario::default();
        assert!(default.check().is_ok());
        let refused: [fn(&mut Scenario); 7] = [
            |s| s.key_size = Weighted::fixed(8),
            |s| s.key_size = Weighted::fixed(251),
            |s| (s.verify, s.value_size) = (true, Weighted::fixed(31)),
            |s| s.multiget_keys = Weighted::fixed(0),
            |s| s.threads = s.connections + 1,
            |s| (s.verify, s.keys) = (true, s.connections - 1),
            |s| s.phases = vec![PhaseKind::Fill, PhaseKind::Idle],
        ];
        for (at, change) in refused.iter().enumerate() {
            let mut scenario = default.clone();
            change(&mut scenario);
            assert!(scenario.check().is_err(), "{at}");
        }
    }

    fn parsed(flags: &[&str]) -> Result<Scenario, clap::Error> {
        let command = Scenario::augment_args(Command::new("scenario").no_binary_name(true));
        Scenario::from_arg_matches(&command.try_get_matches_from(flags)?)
    }

    #[test]
    fn a_number_of_requests_would_all_be_warm_up() {
        for (flags, warm_up) in [
            (&[][..], 1),
            (&["-n", "100"], 0),
            (&["-n", "100", "--warm-up", "2s"], 2),
        ] {
            let scenario = parsed(flags).unwrap();
            assert_eq!(scenario.warm_up, Duration::from_secs(warm_up), "{flags:?}");
        }
    }

    #[test]
    fn a_rate_that_no_schedule_can_keep_would_be_begun() {
        for rate in ["0", "-1", "NaN", "inf", "1.1e9"] {
            assert!(parsed(&["--rate", rate]).is_err(), "{rate}");
        }
        assert_eq!(parsed(&["--rate", "1e9"]).unwrap().rate, Some(1e9));
    }
}
