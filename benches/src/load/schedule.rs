//! When requests are meant to be sent at a fixed rate.

/// Pipelines of requests at even distances, dealt out to the connections in
/// turn. The time of a request follows from its number alone, never from an
/// answer: so a server that stalls delays every request that fell due meanwhile,
/// and each of them counts its whole delay.
pub(super) struct Schedule {
    interval_ns: f64,
    /// Requests that fall due at once.
    pipeline: u32,
    connections: u32,
    /// The connections of this thread that have a request due, one after the
    /// other: their numbers leave `first` as remainder by `step`.
    first: u32,
    step: u32,
    /// The next to fall due: a connection and its request.
    next: (u32, u64),
}

impl Schedule {
    /// The part of the schedule for connections `first`, `first + step`, ...
    pub(super) fn new(rate: f64, pipeline: u32, connections: u32, first: u32, step: u32) -> Self {
        Self {
            interval_ns: 1e9 / rate,
            pipeline,
            connections,
            first,
            step,
            next: (first, 0),
        }
    }

    /// When a connection's request is meant to be sent, both counted from 0.
    #[inline]
    pub(super) fn due_ns(&self, connection: u32, request: u64) -> u64 {
        let pipeline = u64::from(self.pipeline);
        let turn = request / pipeline * u64::from(self.connections) + u64::from(connection);
        ((turn * pipeline) as f64 * self.interval_ns) as u64
    }

    /// When the next pipeline falls due.
    pub(super) fn next_ns(&self) -> u64 {
        self.due_ns(self.next.0, self.next.1)
    }

    /// The connection whose next pipeline is due by `now`, if any is; each is
    /// said once.
    pub(super) fn due(&mut self, now: u64) -> Option<u32> {
        if self.next_ns() > now {
            return None;
        }
        let (connection, request) = self.next;
        self.next = match connection + self.step {
            next if next < self.connections => (next, request),
            _ => (self.first, request + u64::from(self.pipeline)),
        };
        Some(connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_would_be_left_out_or_made_early() {
        for (rate, pipeline, connections, threads) in [
            (10.0, 1, 1, 1),
            (1000.0, 1, 7, 3),
            (33_333.0, 1, 50, 2),
            (33_333.0, 32, 50, 2),
        ] {
            let mut made = 0;
            for thread in 0..threads {
                let mut schedule = Schedule::new(rate, pipeline, connections, thread, threads);
                let mut requests = vec![0; connections as usize];
                let mut last_ns = 0;
                for now in (0..1_000_000_000).step_by(1_234_567) {
                    while let Some(connection) = schedule.due(now) {
                        let request = &mut requests[connection as usize];
                        for _ in 0..pipeline {
                            let due_ns = schedule.due_ns(connection, *request);
                            assert!(last_ns <= due_ns && due_ns <= now);
                            last_ns = due_ns;
                            *request += 1;
                            made += 1;
                        }
                    }
                    assert!(schedule.next_ns() > now);
                }
            }
            assert!(
                (f64::from(made) - rate).abs() <= rate * 0.002 + f64::from(pipeline),
                "{made} at {rate}"
            );
        }
    }
}
