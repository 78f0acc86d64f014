//! One thread of the generator, and its connections.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rustix::event::Timespec;
use rustix::event::epoll::{self, EventFlags};
use rustix::io::Errno;

use super::Plan;
use super::connection::Connection;
use super::flight::Flight;
use super::requests::{Requests, Source};
use super::schedule::Schedule;
use super::stream::Stream;
use super::tally::{Tally, Window};
use crate::item;
use crate::process::thread_cpu_ns;
use crate::scenario::{Handshakes, PhaseKind};

/// One receive takes so much at most, if no value is longer.
const RECEIVE_BYTES: usize = 256 * 1024;
/// So much is made before it is sent.
const SEND_BYTES: usize = 256 * 1024;
const EVENTS: usize = 256;
/// Timeouts and lost connections are looked after so often.
const SWEEP_NS: u64 = 10_000_000;
/// A connection that was lost is opened again after so long.
const RETRY_NS: u64 = 10_000_000;

/// The server closed the connection, or it broke.
const ENDED: EventFlags = EventFlags::RDHUP
    .union(EventFlags::HUP)
    .union(EventFlags::ERR);

pub(super) struct Driver<'p> {
    plan: &'p Plan<'p>,
    requests: Requests<'p>,
    connections: Vec<Connection>,
    schedule: Option<Schedule>,
    /// Connections of which a request fell due just now, the earliest first.
    have_due: VecDeque<usize>,
    epoll: OwnedFd,
    tally: Tally,
    /// Where every receive goes; a reply's beginning is kept by its connection.
    received: Vec<u8>,
    /// Where requests are made.
    made: Vec<u8>,
    cpu_begun_ns: u64,
}

impl<'p> Driver<'p> {
    /// The connections whose number leaves `thread` as remainder, with the
    /// streams of those that are open.
    pub(super) fn new(plan: &'p Plan<'p>, thread: u32, streams: Vec<Stream>) -> io::Result<Self> {
        let scenario = plan.scenario;
        let requests = Requests::new(plan);
        let rate = scenario.rate.filter(|_| !plan.phase.is_once());
        let mut streams = streams.into_iter();
        let connections = (thread..scenario.connections)
            .step_by(scenario.threads as usize)
            .map(|number| {
                Connection::new(
                    streams.next(),
                    Source::new(scenario, plan.phase, number, requests.quota(number)),
                    Flight::new(plan.pipeline(), plan.refills(), plan.wire()),
                    plan.wire().reader(),
                    if rate.is_some() { 0 } else { u64::MAX },
                )
            })
            .collect();
        let longest = item::HEADER + scenario.value_size.max() as usize;
        let driver = Self {
            plan,
            requests,
            connections,
            schedule: rate.map(|rate| {
                let (connections, threads) = (scenario.connections, scenario.threads);
                Schedule::new(rate, plan.pipeline(), connections, thread, threads)
            }),
            have_due: VecDeque::new(),
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            tally: Tally::new(),
            received: vec![0; RECEIVE_BYTES.max(longest + RECEIVE_BYTES / 2)],
            made: Vec::with_capacity(SEND_BYTES),
            cpu_begun_ns: 0,
        };
        for at in 0..driver.connections.len() {
            driver.watch(at)?;
        }
        Ok(driver)
    }

    /// Loads until the phase is over and all is answered.
    pub(super) fn run(&mut self, progress: &AtomicU64) -> io::Result<Tally> {
        precise_timeouts();
        std::thread::sleep(self.plan.start.saturating_duration_since(Instant::now()));
        let mut events = [epoll::Event {
            flags: EventFlags::empty(),
            data: epoll::EventData::new_u64(0),
        }; EVENTS];
        self.cpu_begun_ns = thread_cpu_ns();
        self.pass_windows(0);
        if self.schedule.is_none() {
            for at in 0..self.connections.len() {
                self.fill(at, self.plan.now());
            }
        }
        let mut sweep_ns = 0;
        let mut shown = 0;
        loop {
            let now = self.plan.now();
            self.pass_windows(now);
            self.fill_what_is_due(now);
            if now >= sweep_ns {
                if self.is_over(now) {
                    break;
                }
                self.sweep(now);
                sweep_ns = now + SWEEP_NS;
            }
            let count = self.wait(&mut events, sweep_ns)?;
            for &epoll::Event { flags, data } in &events[..count] {
                let at = data.u64() as usize;
                if let Err(e) = self.serve(at, flags.intersects(ENDED)) {
                    self.lose(at, &e);
                }
            }
            let requests = self.tally.requests();
            progress.fetch_add(requests.saturating_sub(shown), Ordering::Relaxed);
            shown = requests;
        }
        if self.tally.window == Window::WarmUp {
            // Nothing of it was to be measured.
            self.tally.begin();
        }
        for at in 0..self.connections.len() {
            self.give_up(at);
        }
        self.tally.record_repeated();
        Ok(std::mem::replace(&mut self.tally, Tally::new()))
    }

    /// Ends all connections in order.
    pub(super) fn close(mut self) {
        for connection in &mut self.connections {
            connection.close(false);
        }
    }

    /// Begins and ends the measurement.
    fn pass_windows(&mut self, now: u64) {
        if self.tally.window == Window::WarmUp && now >= self.plan.measure_ns {
            self.tally.begin();
            self.cpu_begun_ns = thread_cpu_ns();
        }
        if self.tally.window == Window::Measured && now >= self.plan.end_ns {
            self.end();
        }
    }

    /// What fell due and was not sent counts with the delay it has by now;
    /// what was sent is still waited for.
    fn end(&mut self) {
        self.fill_what_is_due(self.plan.end_ns - 1);
        self.tally.cpu_ns = thread_cpu_ns() - self.cpu_begun_ns;
        self.tally.window = Window::Drain;
        for connection in &mut self.connections {
            if let Some(schedule) = &self.schedule {
                let source = &connection.source;
                let due = connection.due.min(source.quota);
                // Its operation is not chosen yet.
                for request in source.made..due {
                    let due_ns = schedule.due_ns(source.connection, request);
                    self.tally.overdue += 1;
                    self.tally.unanswered(self.plan.end_ns - due_ns);
                }
            }
            connection.stop();
        }
    }

    fn is_over(&mut self, now: u64) -> bool {
        let idle = self.connections.iter().all(|connection| {
            let flight = &connection.flight;
            !connection.wants_more() && flight.is_empty() && flight.refills.is_empty()
        });
        let timeout_ns = self.plan.scenario.timeout.as_nanos() as u64;
        // Connections that are to be idle have nothing to do, for long.
        let idle = idle && (self.plan.phase != PhaseKind::Idle || now >= self.plan.end_ns);
        if idle && self.tally.window != Window::Drain {
            self.tally.cpu_ns = thread_cpu_ns() - self.cpu_begun_ns;
        }
        idle || now >= self.plan.end_ns.saturating_add(timeout_ns)
    }

    fn fill_what_is_due(&mut self, now: u64) {
        let until = now.min(self.plan.end_ns - 1);
        while let Some(number) = self.schedule.as_mut().and_then(|s| s.due(until)) {
            let at = (number / self.plan.scenario.threads) as usize;
            let connection = &mut self.connections[at];
            // One with more to send already waits for answers.
            if connection.source.made == connection.due {
                self.have_due.push_back(at);
            }
            connection.due += u64::from(self.plan.pipeline());
        }
        while let Some(at) = self.have_due.pop_front() {
            self.fill(at, now);
        }
    }

    /// Waits for events, but not beyond the next request or sweep.
    fn wait(&self, events: &mut [epoll::Event], sweep_ns: u64) -> io::Result<usize> {
        let until = match &self.schedule {
            Some(_) if self.plan.scenario.busy_poll => 0,
            Some(schedule) if self.tally.window != Window::Drain => {
                schedule.next_ns().min(sweep_ns)
            }
            _ => sweep_ns,
        };
        // Less than a second, for a sweep is never farther.
        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: until
                .saturating_sub(self.plan.now())
                .min(SWEEP_NS)
                .cast_signed(),
        };
        match epoll::wait(&self.epoll, events, Some(&timeout)) {
            Err(Errno::INTR) => Ok(0),
            outcome => Ok(outcome?),
        }
    }

    /// Takes all that came on a connection, and sends what may follow it.
    /// `has_ended` says that the server closed its half: nothing will call again.
    fn serve(&mut self, at: usize, has_ended: bool) -> io::Result<()> {
        self.connections[at].wake(has_ended)?;
        loop {
            let connection = &mut self.connections[at];
            let Some((held, new)) = connection.receive(&mut self.received)? else {
                // What was flushed may have made room.
                self.fill(at, self.plan.now());
                return Ok(());
            };
            // After the receive: what it brought was not there before.
            let now = self.plan.now();
            self.tally.received(new);
            connection.progress_ns = now;
            connection.failing_since_ns = None;
            let mut bytes = &self.received[..held];
            let is_full = held == self.received.len();
            while let Some(reply) = connection.reader.next(&mut bytes).map_err(nonsense)? {
                let (ledger, tally) = (self.plan.ledger, &mut self.tally);
                connection
                    .flight
                    .answer(reply, now, ledger, tally)
                    .map_err(nonsense)?;
            }
            connection.keep(bytes);
            if self.plan.phase == PhaseKind::Churn && connection.flight.is_empty() {
                if connection.is_resumed() == Some(true) {
                    self.tally.resumed();
                }
                connection.close(self.plan.scenario.handshakes == Handshakes::Resumed);
            }
            self.fill(at, now);
            // A short receive took all there was, save an end.
            if !is_full && !has_ended {
                return Ok(());
            }
        }
    }

    /// Makes and sends the requests that the connection may make now: at a
    /// fixed rate those that are due, as far as the pipeline allows; flat out, a
    /// whole pipeline when the last is answered. (To follow each answer by a
    /// request would soon cut the pipeline into single requests.)
    fn fill(&mut self, at: usize, now: u64) {
        loop {
            let connection = &mut self.connections[at];
            if connection.is_blocked() || now < connection.retry_ns {
                return;
            }
            if connection.flight.is_empty() {
                connection.progress_ns = now;
                connection.batch = self.plan.pipeline() as usize;
            }
            self.made.clear();
            let room = if self.schedule.is_some() {
                self.plan.pipeline() as usize - connection.flight.len()
            } else {
                connection.batch
            };
            for _ in 0..room {
                if self.made.len() >= SEND_BYTES {
                    break;
                }
                let may_make = connection.wants_more() && connection.source.made < connection.due;
                let Connection { source, flight, .. } = &mut *connection;
                if let Some((key, missed_ns)) = flight.refills.pop_front() {
                    self.requests.refill(key, missed_ns, flight, &mut self.made);
                } else if may_make {
                    let sent_ns = match &self.schedule {
                        Some(schedule) => schedule.due_ns(source.connection, source.made),
                        None => now,
                    };
                    self.requests.next(source, sent_ns, flight, &mut self.made);
                } else {
                    break;
                }
                connection.batch = connection.batch.saturating_sub(1);
            }
            if self.made.is_empty() {
                return;
            }
            self.tally.sent(self.made.len());
            if let Err(e) = self.open_and_send(at) {
                self.lose(at, &e);
                return;
            }
        }
    }

    fn open_and_send(&mut self, at: usize) -> io::Result<()> {
        let connection = &mut self.connections[at];
        if !connection.is_open() {
            connection.begin_to_open(self.plan.target)?;
            self.watch(at)?;
        }
        self.connections[at].send(&self.made)
    }

    /// Edge-triggered, both ways, once: no call changes it later.
    fn watch(&self, at: usize) -> io::Result<()> {
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        if let Some(fd) = self.connections[at].fd() {
            epoll::add(&self.epoll, fd, epoll::EventData::new_u64(at as u64), flags)?;
        }
        Ok(())
    }

    /// Counts a broken connection, which is opened again when it is next needed.
    fn lose(&mut self, at: usize, error: &io::Error) {
        let now = self.plan.now();
        let connection = &mut self.connections[at];
        let errors = &mut self.tally.errors;
        match error.kind() {
            io::ErrorKind::InvalidData => errors.nonsense += 1,
            io::ErrorKind::TimedOut => errors.timeouts += 1,
            _ => errors.connections += 1,
        }
        errors.note(|| error.to_string());
        let flight = &mut connection.flight;
        flight.lose(now, self.plan.ledger, &mut self.tally);
        connection.abandon();
        connection.retry_ns = now + RETRY_NS;
        connection.failing_since_ns.get_or_insert(now);
    }

    /// Gives up what waits for too long, and opens again what was lost.
    fn sweep(&mut self, now: u64) {
        let timeout_ns = self.plan.scenario.timeout.as_nanos() as u64;
        for at in 0..self.connections.len() {
            let connection = &mut self.connections[at];
            let waited_ns = now.saturating_sub(connection.progress_ns);
            if !connection.flight.is_empty() && waited_ns >= timeout_ns {
                let why = format!("no answer for {:?}", self.plan.scenario.timeout);
                self.lose(at, &io::Error::new(io::ErrorKind::TimedOut, why));
            } else if self.plan.end_ns == u64::MAX
                && connection
                    .failing_since_ns
                    .is_some_and(|ns| now - ns >= timeout_ns)
            {
                // No clock will end it. What it should still have asked is lost, too.
                self.tally.errors.lost += connection.source.quota - connection.source.made;
                connection.source.quota = connection.source.made;
                connection.stop();
            } else if !connection.is_open() && now >= connection.retry_ns {
                self.fill(at, now);
            }
        }
    }

    /// The phase is over; what is still unanswered will not be.
    fn give_up(&mut self, at: usize) {
        if !self.connections[at].flight.is_empty() {
            let why = io::Error::new(io::ErrorKind::TimedOut, "no answer after the phase's end");
            self.lose(at, &why);
        }
    }
}

fn nonsense(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Without this, the kernel adds up to 50 us to each timeout.
fn precise_timeouts() {
    // Refused, requests go out a little later, and count the delay.
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZero::new(1));
}
