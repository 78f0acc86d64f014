//! What `top` knows and shows, and how that changes: no input, no output, no clock.

use std::time::Duration;

use ratatui::crossterm::event::KeyEvent;

use super::answers::{Answers, Reports};
use super::history::{ASKED, History};
use super::keys;
use super::listing::Sight;
use super::look::{Look, Mark};
use super::panel::Pair;
use super::screens::{SCREENS, Scene, Screen};
use crate::report::{Lookup, Report};

/// What happens to it.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Key(KeyEvent),
    /// The terminal has this many columns and lines.
    Resize(u16, u16),
    Answers(Answers),
    /// The server did not answer.
    Silence {
        /// When that was seen, in milliseconds of unix time.
        time: u64,
        why: String,
    },
    /// The server did as it was told, or the sentence why not.
    Done(Act, Result<Report, String>),
    /// What was recorded has been played.
    End,
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    Quit,
    /// The shell is wanted for a while.
    Suspend,
    /// What the server is asked for from now on.
    Poll(Wanted),
    Do(Act),
    /// Whether the recording stands still.
    Pause(bool),
}

/// What is asked for, how often.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) requests: Vec<&'static str>,
    pub(crate) interval: Duration,
}

/// What a server is told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Reload,
    Flush,
    /// The connection with this id ends.
    Kill(String),
}

/// Where the answers are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A server at this place.
    Server(String),
    /// A file.
    Recording(String),
}

/// What is known of the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Data {
    pub(crate) reports: Reports,
    pub(crate) history: History,
    /// When the latest answers came, in milliseconds of unix time.
    pub(crate) time: u64,
    /// Milliseconds since then, and why nothing more came.
    pub(crate) silence: Option<(u64, String)>,
}

/// What lies over the screen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Overlay {
    Help,
    /// What more there is to tell of the row with this id.
    Detail(String),
    /// The filter is being typed.
    Filter,
    /// Is it to be done?
    Confirm(Act),
    /// It is, once the host's name has been typed whole.
    Flush(String),
    /// What became of an act.
    Outcome(&'static str, Vec<Pair>),
}

/// How somebody looks at a screen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) mode: usize,
    pub(crate) sight: Sight,
}

/// Everything.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) look: Look,
    pub(crate) source: Source,
    pub(crate) read_only: bool,
    /// Everything is asked for, as it is recorded.
    pub(crate) records: bool,
    pub(crate) interval: Duration,
    /// Columns and lines of the terminal.
    pub(crate) size: (u16, u16),
    /// Which of the screens is shown.
    pub(crate) current: usize,
    /// One for each screen.
    pub(crate) places: Vec<Place>,
    pub(crate) overlay: Option<Overlay>,
    /// Lines by which the overlay is scrolled.
    pub(crate) scroll: u16,
    /// What is said until the next key.
    pub(crate) message: Option<(Mark, String)>,
    pub(crate) ended: bool,
    live: Data,
    /// What is shown meanwhile, while the screen is frozen.
    frozen: Option<Box<Data>>,
}

/// What one has to say to begin.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) look: Look,
    pub(crate) source: Source,
    pub(crate) read_only: bool,
    pub(crate) records: bool,
    pub(crate) interval: Duration,
    pub(crate) size: (u16, u16),
    pub(crate) current: usize,
}

impl State {
    pub(crate) fn new(start: Start) -> State {
        let Start {
            look,
            source,
            read_only,
            records,
            interval,
            size,
            current,
        } = start;
        State {
            look,
            source,
            read_only,
            records,
            interval,
            size,
            current,
            places: vec![Place::default(); SCREENS.len()],
            overlay: None,
            scroll: 0,
            message: None,
            ended: false,
            live: Data::default(),
            frozen: None,
        }
    }

    /// The screen that is shown.
    pub(crate) fn screen(&self) -> &'static Screen {
        &SCREENS[self.current]
    }

    /// How it is looked at.
    pub(crate) fn place(&self) -> &Place {
        &self.places[self.current]
    }

    pub(crate) fn place_mut(&mut self) -> &mut Place {
        &mut self.places[self.current]
    }

    /// What is shown.
    pub(crate) fn data(&self) -> &Data {
        self.frozen.as_deref().unwrap_or(&self.live)
    }

    /// The same, for the screen that shows it.
    pub(crate) fn scene(&self) -> Scene<'_> {
        let data = self.data();
        Scene {
            reports: &data.reports,
            history: &data.history,
            mode: self.place().mode,
            time: data.time,
        }
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    pub(crate) fn freeze(&mut self, freeze: bool) {
        self.frozen = freeze.then(|| Box::new(self.live.clone()));
    }

    pub(crate) fn is_replay(&self) -> bool {
        matches!(self.source, Source::Recording(_))
    }

    /// The name of the server's machine, if it tells.
    pub(crate) fn host(&self) -> Option<&str> {
        self.data().reports.report("stats cached")?.text("host")
    }

    /// What the server is to be asked for.
    pub(crate) fn wanted(&self) -> Wanted {
        let mut requests = ASKED.to_vec();
        let of_all = SCREENS
            .iter()
            .flat_map(|screen| (0..screen.modes.len().max(1)).map(|mode| (screen.asks)(mode)));
        let of_one = [(self.screen().asks)(self.place().mode)];
        let more: Vec<_> = if self.records {
            of_all.flatten().collect()
        } else {
            of_one.into_iter().flatten().collect()
        };
        for request in more {
            if !requests.contains(request) {
                requests.push(request);
            }
        }
        Wanted {
            requests,
            interval: self.interval,
        }
    }

    fn take(&mut self, answers: Answers) {
        let live = &mut self.live;
        live.time = answers.time;
        live.silence = None;
        let asked = |request| answers.documents.iter().any(|(asked, _)| asked == request);
        let is_whole = ASKED.iter().all(asked);
        live.reports.take(answers);
        if is_whole {
            live.history.add(&live.reports, live.time);
        }
    }

    fn miss(&mut self, time: u64, why: String) {
        let live = &mut self.live;
        if live.silence.is_none() {
            live.reports.interrupt();
        }
        live.history.gap(time);
        live.silence = Some((time.saturating_sub(live.time), why));
    }
}

/// What becomes of `state`, and what is to be done.
pub(crate) fn update(state: &mut State, event: Event) -> Vec<Order> {
    match event {
        Event::Key(key) => return keys::press(state, key),
        Event::Resize(columns, lines) => state.size = (columns, lines),
        Event::Answers(answers) => state.take(answers),
        Event::Silence { time, why } => state.miss(time, why),
        Event::Done(act, result) => done(state, &act, result),
        Event::End => state.ended = true,
    }
    Vec::new()
}

fn done(state: &mut State, act: &Act, result: Result<Report, String>) {
    match (act, result) {
        (_, Err(why)) => state.message = Some((Mark::Bad, why)),
        (Act::Reload, Ok(report)) => {
            let rows = report.rows().iter();
            let pairs = rows.map(|row| Pair::new(row.name.as_ref(), &row.value));
            state.scroll = 0;
            state.overlay = Some(Overlay::Outcome(
                "What became of the settings",
                pairs.collect(),
            ));
        }
        (Act::Flush, Ok(_)) => {
            state.message = Some((Mark::Strong, "everything is flushed".to_owned()));
        }
        (Act::Kill(id), Ok(_)) => {
            state.message = Some((Mark::Strong, format!("connection {id} is ended")));
        }
    }
}
