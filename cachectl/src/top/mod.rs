//! The full-screen view.
//!
//! ```text
//! keys, sizes, signals --+                       +--> orders: ask other things, act, leave
//! answers, or none ------+--> update(state) -----+
//! (poller, or a player)  |                       +--> view(state), drawn
//! ```
//!
//! What is shown depends on the state alone, and the state on the events alone.

mod alarms;
pub(crate) mod answers;
mod graph;
pub(crate) mod history;
mod keys;
mod listing;
mod look;
mod panel;
pub(crate) mod poller;
mod recording;
mod screens;
mod state;
mod terminal;
#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "../../tests/live/tmux.rs"]
#[allow(dead_code, reason = "the tests beside a daemon use all of it")]
mod tmux;
mod view;

use std::env;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::PossibleValuesParser;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::{event, terminal as screen};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::failure::Failure;
use crate::output::print;
use crate::reach::Reach;
use answers::Answers;
use look::Look;
use poller::Server;
use recording::{Player, Recorder};
use screens::SCREENS;
use state::{Event, Order, Source, Start, State, Wanted, update};
use terminal::FullScreen;
use view::view;

/// How `top` is told what to show.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option")]
pub(crate) struct TopArguments {
    /// Ask the server so often, from 100ms to 1h
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = interval)]
    interval: Duration,

    /// Begin with this screen
    #[arg(long, value_name = "NAME", default_value = "overview",
          value_parser = PossibleValuesParser::new(SCREENS.iter().map(|screen| screen.name)))]
    screen: String,

    /// Print the screen as text, after two answers, and end
    #[arg(long)]
    once: bool,

    /// Write what the server answers into this new file; asks it for what every screen shows
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// Show what was recorded, at the times it was
    #[arg(long, value_name = "FILE", conflicts_with = "record")]
    replay: Option<PathBuf>,

    /// Let nothing be changed from here: no reload, no flush, no kill
    #[arg(long)]
    read_only: bool,

    /// Draw with plain ASCII; without it, so does a locale without UTF-8
    #[arg(long)]
    ascii: bool,

    /// Draw without colours, as with the environment's `NO_COLOR`
    #[arg(long)]
    no_color: bool,
}

/// What the main thread waits for.
pub(crate) enum Message {
    Event(Event),
    Signal(i32),
    /// It cannot go on.
    Failed(Failure),
}

/// Shows the server that is meant, until one leaves.
pub(crate) fn run(reach: &Reach, arguments: &TopArguments) -> Result<(), Failure> {
    if !arguments.once {
        check_terminal()?;
    }
    let recorder = arguments.record.as_deref().map(Recorder::create);
    let recorder = recorder.transpose()?;
    let (messages, events) = channel();
    if let Some(path) = &arguments.replay {
        let player = Player::open(path)?;
        let state = begin(arguments, Source::Recording(path.display().to_string()));
        if arguments.once {
            return print_last(state, player);
        }
        let outside = Outside::Recording(play(player, messages.clone()));
        return show(state, &outside, None, &messages, &events);
    }
    let server = Arc::new(Server {
        places: reach.admin()?,
        tls: reach.tls()?,
    });
    // Who is not there at the start is told of as by the other commands.
    let mut admin = server.connect()?;
    let state = begin(arguments, Source::Server(admin.place().to_string()));
    let wanted = state.wanted();
    if arguments.once {
        return print_second(state, recorder, || {
            poller::poll(&mut admin, &wanted.requests)
        });
    }
    let polls = poller::start(Arc::clone(&server), admin, wanted, messages.clone());
    let outside = Outside::Server(server, polls);
    show(state, &outside, recorder, &messages, &events)
}

/// What orders go to.
enum Outside {
    Server(Arc<Server>, Sender<Wanted>),
    /// Whether it stands still.
    Recording(Sender<bool>),
}

impl Outside {
    fn carry_out(&self, order: Order, messages: &Sender<Message>) {
        // Who is not there any more has ended with a failure, which is on its way.
        match (self, order) {
            (Outside::Server(_, polls), Order::Poll(wanted)) => {
                let _ = polls.send(wanted);
            }
            (Outside::Server(server, _), Order::Do(act)) => {
                poller::act(Arc::clone(server), act, messages.clone());
            }
            (Outside::Recording(pauses), Order::Pause(pause)) => {
                let _ = pauses.send(pause);
            }
            _ => {}
        }
    }
}

fn begin(arguments: &TopArguments, source: Source) -> State {
    let current = SCREENS.iter().position(|it| it.name == arguments.screen);
    State::new(Start {
        look: look(arguments),
        source,
        read_only: arguments.read_only,
        records: arguments.record.is_some(),
        interval: arguments.interval,
        size: size(),
        current: current.unwrap_or(0),
    })
}

/// The screen, until one leaves or a signal ends it.
fn show(
    mut state: State,
    outside: &Outside,
    mut recorder: Option<Recorder>,
    messages: &Sender<Message>,
    events: &Receiver<Message>,
) -> Result<(), Failure> {
    let terminal_failed =
        |error: io::Error| Failure::Usage(format!("the terminal cannot be used: {error}"));
    let mut terminal = FullScreen::enter().map_err(terminal_failed)?;
    watch_signals(messages.clone()).map_err(terminal_failed)?;
    watch_keys(messages.clone());
    loop {
        terminal
            .draw(|frame| view(&state, frame))
            .map_err(terminal_failed)?;
        let Ok(first) = events.recv() else {
            return Ok(());
        };
        // What has come meanwhile is drawn at once with it.
        for message in std::iter::once(first).chain(events.try_iter()) {
            let event = match message {
                Message::Event(event) => event,
                Message::Failed(failure) => return Err(failure),
                Message::Signal(SIGTSTP) => {
                    terminal.suspend().map_err(terminal_failed)?;
                    continue;
                }
                Message::Signal(signal) => {
                    drop(terminal);
                    // The shell is to see which signal ended it.
                    return emulate_default_handler(signal).map_err(terminal_failed);
                }
            };
            if let (Some(recorder), Event::Answers(answers)) = (&mut recorder, &event) {
                recorder.add(answers)?;
            }
            for order in update(&mut state, event) {
                match order {
                    Order::Quit => return Ok(()),
                    Order::Suspend => terminal.suspend().map_err(terminal_failed)?,
                    order => outside.carry_out(order, messages),
                }
            }
        }
    }
}

fn watch_signals(messages: Sender<Message>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            if messages.send(Message::Signal(signal)).is_err() {
                return;
            }
        }
    });
    Ok(())
}

fn watch_keys(messages: Sender<Message>) {
    thread::spawn(move || {
        loop {
            let message = match event::read() {
                Ok(event::Event::Key(key)) if key.is_press() => Message::Event(Event::Key(key)),
                Ok(event::Event::Resize(columns, lines)) => {
                    Message::Event(Event::Resize(columns, lines))
                }
                Ok(_) => continue,
                Err(error) => Message::Failed(Failure::Usage(format!(
                    "the terminal cannot be read: {error}"
                ))),
            };
            let is_end = matches!(message, Message::Failed(_));
            if messages.send(message).is_err() || is_end {
                return;
            }
        }
    });
}

/// Sends what was recorded, with the pauses there were. It stands still while it is told to.
fn play(player: Player, messages: Sender<Message>) -> Sender<bool> {
    let (sender, pauses) = channel();
    thread::spawn(move || {
        let mut last = None;
        for answers in player {
            let message = match answers {
                Ok(answers) => {
                    let before = last.replace(answers.time).unwrap_or(answers.time);
                    let pause = Duration::from_millis(answers.time.saturating_sub(before));
                    if !rest(pause, &pauses) {
                        return;
                    }
                    Message::Event(Event::Answers(answers))
                }
                Err(failure) => Message::Failed(failure),
            };
            if messages.send(message).is_err() {
                return;
            }
        }
        let _ = messages.send(Message::Event(Event::End));
    });
    sender
}

/// Waits so long, not counting what it is told to stand still. False when nobody looks any more.
fn rest(mut left: Duration, pauses: &Receiver<bool>) -> bool {
    let mut stands = false;
    loop {
        let from = Instant::now();
        let told = if stands {
            pauses.recv().map_err(RecvTimeoutError::from)
        } else {
            pauses.recv_timeout(left)
        };
        if !stands {
            left = left.saturating_sub(from.elapsed());
        }
        match told {
            Ok(pause) => stands = pause,
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

/// Prints the screen of the second of two polls, so that there are rates.
fn print_second(
    mut state: State,
    mut recorder: Option<Recorder>,
    mut poll: impl FnMut() -> Result<Answers, Failure>,
) -> Result<(), Failure> {
    for pause in [Duration::ZERO, state.interval] {
        thread::sleep(pause);
        let answers = poll()?;
        if let Some(recorder) = &mut recorder {
            recorder.add(&answers)?;
        }
        update(&mut state, Event::Answers(answers));
    }
    print(text(&state))
}

/// Prints the last screen of a recording.
fn print_last(mut state: State, player: Player) -> Result<(), Failure> {
    for answers in player {
        update(&mut state, Event::Answers(answers?));
    }
    print(text(&state))
}

/// The screen as lines of text, without blanks at their ends.
fn text(state: &State) -> String {
    let (columns, lines) = state.size;
    let Ok(mut terminal) = Terminal::new(TestBackend::new(columns, lines));
    let Ok(_) = terminal.draw(|frame| view(state, frame));
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for row in buffer.area.rows() {
        let symbols = row.columns().filter_map(|cell| {
            let cell = buffer.cell((cell.x, cell.y))?;
            Some(cell.symbol())
        });
        let line: String = symbols.collect();
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// Without a terminal there is no screen.
fn check_terminal() -> Result<(), Failure> {
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let is_dumb = env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    if is_terminal && !is_dumb {
        return Ok(());
    }
    let what = if is_terminal {
        "this terminal cannot show a screen (TERM is dumb or not set)"
    } else {
        "top needs a terminal"
    };
    Err(Failure::Usage(format!(
        "{what}; `cachectl top --once` prints a screen as text, `cachectl watch` a line an interval"
    )))
}

/// Columns and lines of the terminal; those of the first terminals where there is none.
fn size() -> (u16, u16) {
    let size = io::stdout().is_terminal().then(screen::size);
    size.and_then(Result::ok).unwrap_or((80, 24))
}

fn look(arguments: &TopArguments) -> Look {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    Look {
        unicode: !arguments.ascii && is_utf8(),
        colour: !arguments.no_color && !is_set("NO_COLOR") && !is_dumb,
    }
}

/// Whether the locale is one of UTF-8: the first of these that is set says which it is.
fn is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(env::var_os)
        .find(|value| !value.is_empty());
    locale.is_some_and(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

pub(crate) fn interval(text: &str) -> Result<Duration, String> {
    const BOUNDS: std::ops::RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_secs(60 * 60);
    let interval = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if BOUNDS.contains(&interval) {
        Ok(interval)
    } else {
        Err("it is from 100ms to 1h".to_owned())
    }
}
