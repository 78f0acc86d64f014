//! The threads: how they start, and how they stop in order.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use net::Budget;
use storage::{Maintainer, Store};

use crate::admin::{Admin, Control, Stats};
use crate::clock::Clock;
use crate::connections::Connections;
use crate::execute::{Dumps, Engine};
use crate::lifetimes::Lifetimes;
use crate::listener::{Handshakes, Listener, Socket};
use crate::live::Live;
use crate::log::{Drain, Log};
use crate::metrics::{Executed, Metrics};
use crate::orders::Orders;
use crate::reload::History;
use crate::sampling::{self, Collector, Recording, Sampler};
use crate::tls::Tls;
use crate::worker::Worker;

/// How long the threads may take to stop.
const STOP: Duration = Duration::from_secs(5);

/// How long the log thread may take to write what is left. Standard error may be stuck.
const STOP_LOG: Duration = Duration::from_secs(1);

/// What the threads are made of.
pub(crate) struct Parts {
    pub(crate) live: Live,
    pub(crate) sockets: Vec<Socket>,
    pub(crate) connections: Arc<Connections>,
    /// `None`: TLS is not spoken.
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) admin: Option<Admin>,
    pub(crate) store: Arc<Store>,
    pub(crate) budget: Budget,
    pub(crate) orders: Orders,
    pub(crate) history: Arc<History>,
    pub(crate) clock: Clock,
    pub(crate) log: Log,
    pub(crate) drain: Drain,
    pub(crate) recording: Arc<Recording>,
}

/// The threads that run.
pub(crate) struct Threads {
    /// In the order in which they stop.
    threads: Vec<Thread>,
    /// Ends by itself when nobody is left who could log.
    log: JoinHandle<()>,
}

struct Thread {
    handle: JoinHandle<()>,
    /// Tells it to end, without waiting.
    stop: Box<dyn FnOnce()>,
}

impl Threads {
    /// Starts all threads. Everything they need is made first, so that none runs when one cannot.
    pub(crate) fn start(parts: Parts) -> io::Result<Threads> {
        let Parts {
            live,
            sockets,
            connections,
            tls,
            admin,
            store,
            budget,
            orders,
            history,
            clock,
            log,
            drain,
            recording,
        } = parts;
        let effective = live.now();
        let config = &effective.config;
        let metrics = Arc::new(Metrics::new(config.workers()));
        let stats = Arc::new(Stats {
            live: live.clone(),
            metrics: Arc::clone(&metrics),
            store: Arc::clone(&store),
            connections: Arc::clone(&connections),
            budget: budget.clone(),
            clock,
            tls: tls.clone(),
            orders,
            history,
            log: log.clone(),
            recording: Arc::clone(&recording),
        });
        let lifetimes = Lifetimes::new(clock, config.ttl);
        let mut workers = Vec::with_capacity(config.workers());
        let mut handoffs = Vec::with_capacity(config.workers());
        let mut rings = Vec::with_capacity(config.workers());
        for index in 0..config.workers() {
            let (ring, samples) = bounded(sampling::RING);
            rings.push(samples);
            let engine = Engine {
                dumps: Dumps::default(),
                store: Arc::clone(&store),
                writer: store.writer().expect("a writer for each worker"),
                clock,
                lifetimes: lifetimes.clone(),
                metrics: Arc::clone(&metrics),
                worker: index,
                stats: Arc::clone(&stats),
                log: log.clone(),
                sampler: Sampler::new(config, ring),
                executed: Executed::default(),
            };
            let participant = store.join().expect("a place for each worker");
            let (worker, handoff) = Worker::new(live.view(), budget.clone(), participant, engine)?;
            workers.push(worker);
            handoffs.push(handoff);
        }
        let handshakes =
            tls.map(|tls| Handshakes::new(tls, live.view(), Arc::clone(&metrics), log.clone()));
        let listener = Listener::new(
            sockets,
            handshakes,
            handoffs,
            connections,
            metrics,
            clock,
            log,
        )?;
        let maintainer = store.maintainer().expect("the only maintainer");

        let mut threads = vec![start_listener(listener)?];
        for (index, worker) in workers.into_iter().enumerate() {
            threads.push(start_worker(index, worker)?);
        }
        threads.push(start_collector(Collector::new(rings, recording))?);
        threads.push(start_maintenance(maintainer, clock)?);
        if let Some(admin) = admin {
            threads.push(start_admin(admin, Control::new(stats))?);
        }
        let log = spawn("log", || drain.run())?;
        Ok(Threads { threads, log })
    }

    /// Stops the first of them, so that there are no more connections. Returns whether it ended;
    /// with the socket closed, whoever connects is refused by the system.
    pub(crate) fn stop_listening(&mut self) -> bool {
        let listener = self.threads.remove(0);
        (listener.stop)();
        join(listener.handle, Instant::now() + STOP).is_ok()
    }

    /// Stops one thread after the other: no more connections, then no more requests, and last the
    /// log, if `log` is its last owner. Returns whether all ended; the log is told of one that does
    /// not. One that cannot write does not count: nothing of a client's is left by then.
    pub(crate) fn stop(self, log: Log) -> bool {
        let deadline = Instant::now() + STOP;
        let stuck = self.threads.into_iter().find_map(|thread| {
            (thread.stop)();
            join(thread.handle, deadline).err()
        });
        if let Some(name) = &stuck {
            log.warn(format_args!("{name} did not stop in time"));
        }
        drop(log);
        let _ = join(self.log, Instant::now() + STOP_LOG);
        stuck.is_none()
    }
}

fn start_listener(listener: Listener) -> io::Result<Thread> {
    let waker = listener.waker();
    let handle = spawn("listener", || listener.run())?;
    Ok(Thread {
        handle,
        stop: Box::new(move || waker.stop()),
    })
}

fn start_worker(index: usize, worker: Worker) -> io::Result<Thread> {
    let waker = worker.waker();
    let handle = spawn(&format!("worker-{index}"), || worker.run())?;
    Ok(Thread {
        handle,
        stop: Box::new(move || waker.stop()),
    })
}

fn start_collector(collector: Collector) -> io::Result<Thread> {
    start_parked("collector", move |stop| collector.run(stop))
}

fn start_maintenance(mut maintainer: Maintainer, clock: Clock) -> io::Result<Thread> {
    start_parked("maintenance", move |stop| {
        while !stop.load(Ordering::Acquire) {
            // Not a wait for a message: a writer that is short of space unparks the thread.
            thread::park_timeout(maintainer.tick(clock.now()));
        }
    })
}

/// Starts a thread that parks between its works, and ends when it finds that it is to.
fn start_parked(name: &str, body: impl FnOnce(&AtomicBool) + Send + 'static) -> io::Result<Thread> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let handle = spawn(name, move || body(&stopped))?;
    let thread = handle.thread().clone();
    Ok(Thread {
        handle,
        stop: Box::new(move || {
            stop.store(true, Ordering::Release);
            thread.unpark();
        }),
    })
}

fn start_admin(admin: Admin, mut control: Control) -> io::Result<Thread> {
    let waker = admin.waker();
    let handle = spawn("admin", move || {
        admin.run(&mut control).expect("the admin's poll is valid");
    })?;
    Ok(Thread {
        handle,
        stop: Box::new(move || waker.stop()),
    })
}

/// Starts a thread whose panic ends the process: without it the others would serve half a cache.
fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(|| {
        let _guard = AbortOnPanic;
        body();
    })
}

/// Does what `panic = "abort"` does, in builds without it.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            std::process::abort();
        }
    }
}

/// Waits for a thread until `deadline`. `Err`: its name, and it has not ended.
fn join(handle: JoinHandle<()>, deadline: Instant) -> Result<(), String> {
    while !handle.is_finished() {
        if Instant::now() >= deadline {
            return Err(handle.thread().name().unwrap_or_default().to_owned());
        }
        thread::sleep(Duration::from_millis(1));
    }
    handle.join().expect("a panic aborts");
    Ok(())
}
