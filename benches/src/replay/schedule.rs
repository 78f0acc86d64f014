//! When each request of a trace is to be sent.

use std::time::Duration;

use crate::trace::Request;

/// Trace time has whole seconds; the requests of one are spread over it evenly.
#[derive(Debug)]
pub(super) struct Schedule<'a> {
    requests: &'a [Request],
    speed: f64,
    /// The second that is being played: its first request, and one behind its last.
    second: std::ops::Range<usize>,
}

impl<'a> Schedule<'a> {
    /// `speed` seconds of trace time pass in one.
    pub(super) fn new(requests: &'a [Request], speed: f64) -> Self {
        Self {
            requests,
            speed,
            second: 0..0,
        }
    }

    /// When request `at` is due, from the begin of the replay. Asked in order.
    pub(super) fn due(&mut self, at: usize) -> Duration {
        let at_s = self.requests[at].at_s;
        if at >= self.second.end {
            let same = self.requests[at..].iter().take_while(|r| r.at_s == at_s);
            self.second = at..at + same.count();
        }
        let part = (at - self.second.start) as f64 / self.second.len() as f64;
        Duration::from_secs_f64((f64::from(at_s) + part) / self.speed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Operation;

    #[test]
    fn the_requests_of_a_second_would_come_in_one_burst() {
        let requests = [10, 10, 10, 10, 12].map(|at_s| Request {
            at_s,
            operation: Operation::Get,
            key: 0,
            value_size: 0,
            ttl_s: 0,
        });
        let mut schedule = Schedule::new(&requests, 10.0);
        let due: Vec<_> = (0..5).map(|at| schedule.due(at).as_millis()).collect();
        assert_eq!(due, [1000, 1025, 1050, 1075, 1200]);
    }
}
