//! What the keys do: one table, which the keys, the line that shows them and the help are made from.

use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::listing::Order as ListingOrder;
use super::look::Mark;
use super::screens::SCREENS;
use super::state::{Act, Order, Overlay, State};

/// A key of the screens.
pub(crate) struct Key {
    /// What is printed on it.
    pub(crate) label: &'static str,
    /// What it does, in a word.
    pub(crate) does: &'static str,
    /// The same in a sentence.
    pub(crate) about: &'static str,
    codes: &'static [KeyCode],
    /// Whether it does anything here.
    pub(crate) works: fn(&State) -> bool,
    press: fn(&mut State, KeyCode) -> Vec<Order>,
}

/// To another screen.
const SCREEN_KEYS: &[KeyCode] = &[
    KeyCode::Tab,
    KeyCode::BackTab,
    KeyCode::Char('1'),
    KeyCode::Char('2'),
    KeyCode::Char('3'),
    KeyCode::Char('4'),
    KeyCode::Char('5'),
    KeyCode::Char('6'),
    KeyCode::Char('7'),
    KeyCode::Char('8'),
    KeyCode::Char('9'),
];

/// Every key, the one to be shown first before the others.
pub(crate) const KEYS: &[Key] = &[
    Key {
        label: "q",
        does: "quit",
        about: "leave; Ctrl-C does so everywhere",
        codes: &[KeyCode::Char('q')],
        works: |_| true,
        press: |_, _| vec![Order::Quit],
    },
    Key {
        label: "?",
        does: "help",
        about: "this page",
        codes: &[KeyCode::Char('?'), KeyCode::F(1)],
        works: |_| true,
        press: |state, _| open(state, Overlay::Help),
    },
    Key {
        label: "Tab",
        does: "screen",
        about: "the next screen, Shift-Tab the one before; 1 to 9 go there",
        codes: SCREEN_KEYS,
        works: |_| true,
        press: go,
    },
    Key {
        label: "m",
        does: "mode",
        about: "look at the screen in another way: its title says in which",
        codes: &[KeyCode::Char('m')],
        works: |state| state.screen().modes.len() > 1,
        press: |state, _| {
            let modes = state.screen().modes.len().max(1);
            let place = state.place_mut();
            place.mode = (place.mode + 1) % modes;
            place.sight.order = None;
            vec![Order::Poll(state.wanted())]
        },
    },
    Key {
        label: "K",
        does: "kill",
        about: "end the connection one is at, after a question",
        codes: &[KeyCode::Char('K')],
        works: |state| state.screen().kills && may_act(state),
        press: |state, _| match row(state, 0, Step::By) {
            Some((id, _)) => open(state, Overlay::Confirm(Act::Kill(id))),
            None => Vec::new(),
        },
    },
    Key {
        label: "/",
        does: "filter",
        about: "show only rows that hold what is typed; Esc shows all again",
        codes: &[KeyCode::Char('/')],
        works: has_listing,
        press: |state, _| open(state, Overlay::Filter),
    },
    Key {
        label: "Esc",
        does: "all rows",
        about: "end the filter",
        codes: &[KeyCode::Esc],
        works: |state| !state.place().sight.filter.is_empty(),
        press: |state, _| {
            state.place_mut().sight.filter.clear();
            Vec::new()
        },
    },
    Key {
        label: "Enter",
        does: "detail",
        about: "all there is to tell of the row one is at; Esc goes back",
        codes: &[KeyCode::Enter],
        works: has_listing,
        press: |state, _| match row(state, 0, Step::By) {
            Some((id, _)) => open(state, Overlay::Detail(id)),
            None => Vec::new(),
        },
    },
    Key {
        label: "< >",
        does: "sort",
        about: "sort by the column before or behind, as the arrows to the left and right",
        codes: &[
            KeyCode::Char('<'),
            KeyCode::Char('>'),
            KeyCode::Left,
            KeyCode::Right,
        ],
        works: has_listing,
        press: sort,
    },
    Key {
        label: "r",
        does: "reverse",
        about: "turn the order round",
        codes: &[KeyCode::Char('r')],
        works: has_listing,
        press: reverse,
    },
    Key {
        label: "Space",
        does: "freeze",
        about: "let the screen stand still, or go on; a recording stops and goes on",
        codes: &[KeyCode::Char(' ')],
        works: |_| true,
        press: |state, _| {
            let freeze = !state.is_frozen();
            state.freeze(freeze);
            if state.is_replay() {
                vec![Order::Pause(freeze)]
            } else {
                Vec::new()
            }
        },
    },
    Key {
        label: "+ -",
        does: "interval",
        about: "ask more rarely, or more often",
        codes: &[KeyCode::Char('+'), KeyCode::Char('-')],
        works: |state| !state.is_replay(),
        press: |state, code| {
            state.interval = interval(state.interval, code == KeyCode::Char('+'));
            vec![Order::Poll(state.wanted())]
        },
    },
    Key {
        label: "R",
        does: "reload",
        about: "let the server read its configuration again, after a question",
        codes: &[KeyCode::Char('R')],
        works: may_act,
        press: |state, _| open(state, Overlay::Confirm(Act::Reload)),
    },
    Key {
        label: "F",
        does: "flush",
        about: "make everything void that is stored, once the name of the host is typed",
        codes: &[KeyCode::Char('F')],
        works: may_act,
        press: |state, _| {
            if state.host().is_none() {
                let why = "this server does not tell its host's name, which is to be typed first; \
                           cachectl flush does it";
                state.message = Some((Mark::Warn, why.to_owned()));
                return Vec::new();
            }
            open(state, Overlay::Flush(String::new()))
        },
    },
    Key {
        label: "j k",
        does: "move",
        about: "down and up, as the arrows; PgUp, PgDn half a screen; g G to the ends",
        codes: &[
            KeyCode::Char('j'),
            KeyCode::Char('k'),
            KeyCode::Down,
            KeyCode::Up,
            KeyCode::PageDown,
            KeyCode::PageUp,
            KeyCode::Char('g'),
            KeyCode::Char('G'),
            KeyCode::Home,
            KeyCode::End,
        ],
        works: has_listing,
        press: walk,
    },
];

/// What is to be pressed here, and what it does.
pub(crate) fn bar(state: &State) -> Vec<(&'static str, &'static str)> {
    match &state.overlay {
        None => KEYS
            .iter()
            .filter(|key| (key.works)(state))
            .map(|key| match key.does {
                "freeze" if state.is_frozen() => (key.label, "go on"),
                "freeze" if state.is_replay() => (key.label, "pause"),
                does => (key.label, does),
            })
            .collect(),
        Some(Overlay::Filter) => vec![("Enter", "done"), ("Esc", "all rows")],
        Some(Overlay::Confirm(_)) => vec![("y", "do it"), ("any other", "leave it")],
        Some(Overlay::Flush(_)) => vec![("Enter", "flush"), ("Esc", "leave it")],
        Some(Overlay::Help | Overlay::Detail(_) | Overlay::Outcome(..)) => {
            vec![("Esc", "back"), ("j k", "scroll"), ("1-9", "screen")]
        }
    }
}

/// What a key does to `state`, and what is to be done.
pub(crate) fn press(state: &mut State, key: KeyEvent) -> Vec<Order> {
    state.message = None;
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => vec![Order::Quit],
            KeyCode::Char('z') => vec![Order::Suspend],
            _ => Vec::new(),
        };
    }
    if key.modifiers.contains(KeyModifiers::ALT) {
        // Escape and a key soon after it are the same bytes, and far more likely.
        let escape = press(state, KeyEvent::from(KeyCode::Esc));
        let then = press(state, KeyEvent::from(key.code));
        return [escape, then].concat();
    }
    match state.overlay.take() {
        None => on_screen(state, key.code),
        Some(Overlay::Filter) => {
            filter(state, key.code);
            Vec::new()
        }
        Some(Overlay::Confirm(act)) => match key.code {
            KeyCode::Char('y') => vec![Order::Do(act)],
            _ => Vec::new(),
        },
        Some(Overlay::Flush(typed)) => flush(state, typed, key.code),
        // A page is left for another screen as that is asked for.
        Some(_) if SCREEN_KEYS.contains(&key.code) => on_screen(state, key.code),
        Some(page) => {
            scroll(state, page, key.code);
            Vec::new()
        }
    }
}

fn on_screen(state: &mut State, code: KeyCode) -> Vec<Order> {
    let Some(key) = KEYS.iter().find(|key| key.codes.contains(&code)) else {
        return Vec::new();
    };
    if (key.works)(state) {
        return (key.press)(state, code);
    }
    if matches!(key.does, "kill" | "reload" | "flush") && !may_act(state) {
        let why = if state.is_replay() {
            "this is a recording: there is no server to be told anything"
        } else {
            "top was started with --read-only: nothing is changed from here"
        };
        state.message = Some((Mark::Warn, why.to_owned()));
    }
    Vec::new()
}

fn open(state: &mut State, overlay: Overlay) -> Vec<Order> {
    state.scroll = 0;
    state.overlay = Some(overlay);
    Vec::new()
}

fn go(state: &mut State, code: KeyCode) -> Vec<Order> {
    let screens = SCREENS.len();
    let to = match code {
        KeyCode::Tab => (state.current + 1) % screens,
        KeyCode::BackTab => (state.current + screens - 1) % screens,
        KeyCode::Char(digit) => match digit.to_digit(10) {
            Some(number @ 1..) if number as usize <= screens => number as usize - 1,
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    state.current = to;
    vec![Order::Poll(state.wanted())]
}

/// How a place in a table is meant.
#[derive(Clone, Copy)]
enum Step {
    /// So many rows from where one is.
    By,
    /// This row.
    To,
}

/// The id and the place of a row of the table that is shown.
fn row(state: &State, rows: isize, step: Step) -> Option<(String, usize)> {
    let listing = (state.screen().listing?)(&state.scene());
    let sight = &state.place().sight;
    let shown = listing.shown(sight);
    let last = shown.len().checked_sub(1)?;
    let from = match step {
        Step::By => listing.position(sight, &shown),
        Step::To => 0,
    };
    let position = from.saturating_add_signed(rows).min(last);
    Some((shown.get(position)?.id.to_string(), position))
}

fn walk(state: &mut State, code: KeyCode) -> Vec<Order> {
    let page = isize::try_from(state.size.1 / 2).unwrap_or(1).max(1);
    let (rows, step) = match code {
        KeyCode::Char('j') | KeyCode::Down => (1, Step::By),
        KeyCode::Char('k') | KeyCode::Up => (-1, Step::By),
        KeyCode::PageDown => (page, Step::By),
        KeyCode::PageUp => (-page, Step::By),
        KeyCode::Char('g') | KeyCode::Home => (0, Step::To),
        _ => (isize::MAX, Step::To),
    };
    let to = row(state, rows, step);
    let is_end = matches!(step, Step::To) && rows > 0;
    let follows = is_end && tail(state);
    let sight = &mut state.place_mut().sight;
    match to {
        Some((id, position)) if !follows => {
            sight.selected = Some(id);
            sight.position = position;
        }
        _ => sight.selected = None,
    }
    Vec::new()
}

/// Whether one looks at the end of the table unless one has moved.
fn tail(state: &State) -> bool {
    let listing = state.screen().listing;
    listing.is_some_and(|listing| listing(&state.scene()).tail)
}

fn sort(state: &mut State, code: KeyCode) -> Vec<Order> {
    let Some(listing) = state.screen().listing else {
        return Vec::new();
    };
    let listing = listing(&state.scene());
    let columns = listing.columns.len().max(1);
    let order = match listing.order(&state.place().sight) {
        None => ListingOrder {
            column: 0,
            descending: false,
        },
        Some(order) => ListingOrder {
            column: match code {
                KeyCode::Right | KeyCode::Char('>') => (order.column + 1) % columns,
                _ => (order.column + columns - 1) % columns,
            },
            ..order
        },
    };
    state.place_mut().sight.order = Some(order);
    Vec::new()
}

fn reverse(state: &mut State, _: KeyCode) -> Vec<Order> {
    let Some(listing) = state.screen().listing else {
        return Vec::new();
    };
    let order = listing(&state.scene()).order(&state.place().sight);
    state.place_mut().sight.order = order.map(|order| ListingOrder {
        descending: !order.descending,
        ..order
    });
    Vec::new()
}

fn filter(state: &mut State, code: KeyCode) {
    let filter = &mut state.place_mut().sight.filter;
    match code {
        KeyCode::Enter => return,
        KeyCode::Esc => {
            filter.clear();
            return;
        }
        KeyCode::Backspace => {
            filter.pop();
        }
        KeyCode::Char(c) => filter.push(c),
        _ => {}
    }
    state.overlay = Some(Overlay::Filter);
}

fn flush(state: &mut State, mut typed: String, code: KeyCode) -> Vec<Order> {
    match code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Enter if state.host() == Some(&typed) => return vec![Order::Do(Act::Flush)],
        KeyCode::Enter => {
            let why = "that is not the name of the host: nothing was flushed";
            state.message = Some((Mark::Warn, why.to_owned()));
            return Vec::new();
        }
        KeyCode::Backspace => {
            typed.pop();
        }
        KeyCode::Char(c) => typed.push(c),
        _ => {}
    }
    state.overlay = Some(Overlay::Flush(typed));
    Vec::new()
}

fn scroll(state: &mut State, page: Overlay, code: KeyCode) {
    let half = (state.size.1 / 2).max(1);
    state.scroll = match code {
        KeyCode::Char('j') | KeyCode::Down => state.scroll.saturating_add(1),
        KeyCode::Char('k') | KeyCode::Up => state.scroll.saturating_sub(1),
        KeyCode::PageDown => state.scroll.saturating_add(half),
        KeyCode::PageUp => state.scroll.saturating_sub(half),
        KeyCode::Char('g') | KeyCode::Home => 0,
        KeyCode::Char('?' | 'q') | KeyCode::Esc | KeyCode::Enter => return,
        _ => state.scroll,
    };
    state.overlay = Some(page);
}

fn has_listing(state: &State) -> bool {
    state.screen().listing.is_some()
}

fn may_act(state: &State) -> bool {
    !state.read_only && !state.is_replay()
}

/// The next longer interval, or the next shorter one.
fn interval(now: Duration, longer: bool) -> Duration {
    const STEPS_MS: [u64; 11] = [
        100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 600_000, 3_600_000,
    ];
    let mut steps = STEPS_MS.map(Duration::from_millis).into_iter();
    let next = if longer {
        steps.find(|step| *step > now)
    } else {
        steps.rev().find(|step| *step < now)
    };
    next.unwrap_or(now)
}
