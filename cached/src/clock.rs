//! Time as the store counts it: whole seconds that only go forward.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use storage::Seconds;

/// The first second. It leaves 1 for deadlines that have always passed; 0 means "never".
const FIRST: Seconds = 2;

/// A deadline that has always passed.
const PASSED: Seconds = 1;

/// An exptime beyond this many seconds is a date, not a span: 30 days, as in memcached.
const LONGEST_SPAN: i64 = 60 * 60 * 24 * 30;

/// Seconds since the start of the process, from the monotonic clock.
///
/// The wall clock is read once, at the start, and only to place dates among these seconds; what
/// happens to it afterwards changes no deadline. Seconds begin when the wall clock's did, so a
/// date passes on its second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// The instant that `FIRST` began at, by the wall clock's second.
    first: Instant,
    /// Unix time of that instant.
    unix: i64,
}

impl Clock {
    /// A clock that starts now.
    pub(crate) fn start() -> Clock {
        // A wall clock before 1970 has no meaning that could be kept.
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Clock::starting(Instant::now(), wall)
    }

    /// A clock that started at `instant`, when the wall clock showed `wall` since 1970.
    fn starting(instant: Instant, wall: Duration) -> Clock {
        let into_second = Duration::from_nanos(wall.subsec_nanos().into());
        Clock {
            first: instant.checked_sub(into_second).unwrap_or(instant),
            unix: i64::try_from(wall.as_secs()).unwrap_or(0),
        }
    }

    /// The second it is.
    pub(crate) fn now(&self) -> Seconds {
        self.at(Instant::now())
    }

    /// The second `instant` lies in.
    pub(crate) fn at(&self, instant: Instant) -> Seconds {
        let passed = instant.saturating_duration_since(self.first).as_secs();
        Seconds::try_from(passed + u64::from(FIRST)).unwrap_or(Seconds::MAX)
    }

    /// Seconds since the start, as `now` counts them.
    pub(crate) fn uptime(now: Seconds) -> Seconds {
        now.saturating_sub(FIRST)
    }

    /// Unix time at the second `now`, unmoved by jumps of the wall clock since the start.
    pub(crate) fn unix(&self, now: Seconds) -> i64 {
        self.unix + i64::from(now) - i64::from(FIRST)
    }

    /// Whether a client's exptime means a date, and not a span.
    pub(crate) fn is_date(exptime: i64) -> bool {
        exptime > LONGEST_SPAN
    }

    /// The deadline a client's exptime means at `now`: 0 is never, a negative one has passed, up
    /// to 30 days it is a span, beyond that a date in Unix time.
    pub(crate) fn deadline(&self, exptime: i64, now: Seconds) -> Seconds {
        match exptime {
            0 => 0,
            ..0 => PASSED,
            1..=LONGEST_SPAN => clamp(i64::from(now) + exptime),
            _ => clamp(
                exptime
                    .saturating_sub(self.unix)
                    .saturating_add(FIRST.into()),
            ),
        }
    }
}

fn clamp(second: i64) -> Seconds {
    Seconds::try_from(second.max(PASSED.into())).unwrap_or(Seconds::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2025-06-15 10:00:00.75
    const WALL: Duration = Duration::from_millis(1_749_981_600_750);
    const UNIX: i64 = 1_749_981_600;

    fn clock() -> (Clock, Instant) {
        // Far enough from the monotonic clock's own zero.
        let start = Instant::now() + Duration::from_secs(1000);
        (Clock::starting(start, WALL), start)
    }

    #[test]
    fn seconds_turn_when_the_wall_clocks_do() {
        let (clock, start) = clock();
        assert_eq!(clock.at(start), 2);
        assert_eq!(clock.at(start + Duration::from_millis(249)), 2);
        assert_eq!(clock.at(start + Duration::from_millis(250)), 3);
        assert_eq!(clock.at(start + Duration::from_millis(1250)), 4);
        assert_eq!(clock.unix(4), UNIX + 2);
    }

    #[test]
    fn no_second_is_zero_and_none_before_the_start() {
        let (clock, start) = clock();
        assert_eq!(
            clock.at(start.checked_sub(Duration::from_secs(5)).unwrap()),
            2
        );
    }

    #[test]
    fn an_exptime_is_a_span_up_to_30_days_and_a_date_beyond() {
        let (clock, _) = clock();
        assert_eq!(clock.deadline(0, 50), 0);
        assert_eq!(clock.deadline(-1, 50), PASSED);
        assert_eq!(clock.deadline(i64::MIN, 50), PASSED);
        assert_eq!(clock.deadline(1, 50), 51);
        assert_eq!(clock.deadline(LONGEST_SPAN, 50), 50 + 2_592_000);
        assert_eq!(
            clock.deadline(LONGEST_SPAN + 1, 50),
            PASSED,
            "a date in 1970"
        );
        assert_eq!(clock.deadline(UNIX + 10, 50), FIRST + 10);
        assert_eq!(clock.deadline(i64::MAX, 50), Seconds::MAX);
    }

    #[test]
    fn a_date_passes_on_its_own_second() {
        let (clock, start) = clock();
        let deadline = clock.deadline(UNIX + 5, clock.at(start));
        // 10:00:05 is 4.25 s after the start.
        assert!(clock.at(start + Duration::from_millis(4249)) < deadline);
        assert_eq!(clock.at(start + Duration::from_millis(4250)), deadline);
    }

    #[test]
    fn a_date_that_is_now_has_passed() {
        let (clock, start) = clock();
        let now = clock.at(start);
        assert!(clock.deadline(UNIX, now) <= now);
    }
}
