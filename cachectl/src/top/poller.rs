//! The thread that asks the server again and again, and those that tell it to do something.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use net::admin::Request;

use super::Message;
use super::answers::{Answer, Answers};
use super::state::{Act, Event, Wanted};
use crate::admin::{Admin, PATIENCE, PATIENCE_OTHERS};
use crate::connection::Tls;
use crate::failure::Failure;
use crate::place::Place;
use crate::report::Report;

/// How long after a failure the server is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Where the server is, and how it is spoken to.
pub(crate) struct Server {
    pub(crate) places: Vec<Place>,
    pub(crate) tls: Option<Tls>,
}

impl Server {
    pub(crate) fn connect(&self) -> Result<Admin, Failure> {
        Admin::connect(&self.places, self.tls.as_ref())
    }
}

/// Asks everything that is wanted, in one go.
pub(crate) fn poll(admin: &mut Admin, requests: &[&str]) -> Result<Answers, Failure> {
    for line in requests {
        admin.send(&request(line))?;
    }
    let mut documents = Vec::new();
    let mut rest = None;
    for line in requests {
        let answer = admin.receive(PATIENCE)?;
        let answer = read(&answer, admin)?;
        if *line == CONNECTIONS {
            rest = next(&answer);
        }
        documents.push(((*line).to_owned(), answer));
    }
    while let Some(from) = rest {
        let line = format!("{CONNECTIONS} {from}");
        let answer = admin.ask(&request(&line), PATIENCE)?;
        let answer = read(&answer, admin)?;
        rest = next(&answer);
        documents.push((CONNECTIONS.to_owned(), answer));
    }
    Ok(Answers {
        documents,
        time: now(),
    })
}

/// What may come in several documents.
const CONNECTIONS: &str = "connections";

/// Where the rest of an answer begins, if there is more.
fn next(answer: &Answer) -> Option<String> {
    let last = answer.read.as_ref().ok()?.rows().last()?;
    (last.name == "next").then(|| last.value.to_string())
}

fn read(answer: &[u8], admin: &Admin) -> Result<Answer, Failure> {
    serde_json::from_slice(answer).map_err(|_| admin.foreign())
}

/// Starts to ask over `admin`, and goes on until nobody listens to `messages` any more. What is
/// wanted may change at any time.
pub(crate) fn start(
    server: Arc<Server>,
    admin: Admin,
    wanted: Wanted,
    messages: Sender<Message>,
) -> Sender<Wanted> {
    let (sender, changes) = channel();
    let mut poller = Poller {
        server,
        admin: Some(admin),
        wanted,
        changes,
        messages,
    };
    thread::spawn(move || poller.run());
    sender
}

struct Poller {
    server: Arc<Server>,
    /// The connection, while there is one.
    admin: Option<Admin>,
    wanted: Wanted,
    changes: Receiver<Wanted>,
    messages: Sender<Message>,
}

impl Poller {
    fn run(&mut self) {
        let mut due = Instant::now();
        loop {
            let asked = self.wanted.requests.clone();
            let answered = self.ask(&asked);
            // From when it was due, so that slow answers do not make the interval longer.
            due = (due + self.wanted.interval).max(Instant::now());
            let retry = (!answered).then(|| Instant::now() + PAUSE);
            if !self.rest(retry.unwrap_or(due), retry.is_none()) {
                return;
            }
        }
    }

    /// Waits until `due`, while changes of what is wanted come in. False when nobody listens.
    fn rest(&mut self, mut due: Instant, may_ask: bool) -> bool {
        loop {
            let left = due.saturating_duration_since(Instant::now());
            let wanted = match self.changes.recv_timeout(left) {
                Ok(wanted) => wanted,
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            };
            if wanted.interval < self.wanted.interval {
                due = due.min(Instant::now() + wanted.interval);
            }
            let before = std::mem::replace(&mut self.wanted, wanted);
            let mut new = self.wanted.requests.clone();
            new.retain(|request| !before.requests.contains(request));
            // A new screen is not made to wait; what was asked a moment ago is not asked again, as
            // rates over so short a time say little.
            if may_ask && !new.is_empty() && !self.ask(&new) {
                return true;
            }
        }
    }

    /// Whether there were answers. What came is told either way.
    fn ask(&mut self, requests: &[&str]) -> bool {
        let event = match self.try_ask(requests) {
            Ok(answers) => Event::Answers(answers),
            Err(failure) => {
                self.admin = None;
                Event::Silence {
                    time: now(),
                    why: failure.to_string(),
                }
            }
        };
        let answered = matches!(event, Event::Answers(_));
        // With nobody listening, the next wait ends this thread.
        let _ = self.messages.send(Message::Event(event));
        answered
    }

    fn try_ask(&mut self, requests: &[&str]) -> Result<Answers, Failure> {
        let admin = match &mut self.admin {
            Some(admin) => admin,
            None => self.admin.insert(self.server.connect()?),
        };
        poll(admin, requests)
    }
}

/// Tells the server to do something, over a connection of its own: it may take its time.
pub(crate) fn act(server: Arc<Server>, act: Act, messages: Sender<Message>) {
    thread::spawn(move || {
        let result = tell(&server, &act).map_err(|failure| failure.to_string());
        let _ = messages.send(Message::Event(Event::Done(act, result)));
    });
}

fn tell(server: &Server, act: &Act) -> Result<Report, Failure> {
    let line = match act {
        Act::Reload => "reload".to_owned(),
        Act::Flush => "flush".to_owned(),
        Act::Kill(id) => format!("kill {id}"),
    };
    let mut admin = server.connect()?;
    let answer = admin.ask(&request(&line), PATIENCE_OTHERS)?;
    match Report::parse(&answer) {
        Ok(report) => report.map_err(Failure::Refused),
        Err(_) => Err(admin.foreign()),
    }
}

/// A request by its line.
fn request(line: &str) -> Request<'_> {
    let mut words = line.split(' ');
    Request {
        verb: words.next().unwrap_or_default(),
        arguments: words.collect(),
    }
}

/// Unix time, in milliseconds.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
