//! Every screen as it was last looked at, and events that nobody thought of.
//!
//! `tests/recordings/load.jsonl` is of a daemon under load: made with `top --record`, and then made
//! smaller: only its last two answers tell more than the graphs need.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::answers::Answers;
use super::look::Look;
use super::recording::Player;
use super::screens::SCREENS;
use super::state::{Act, Event, Order, Source, Start, State, update};
use super::{text, view};
use crate::report::Report;

const SIZES: [(u16, u16); 3] = [(80, 24), (140, 45), (40, 10)];

/// Set, it says that what is drawn now is right.
const ACCEPT: &str = "CACHECTL_ACCEPT_SNAPSHOTS";

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(path)
}

fn recorded() -> Vec<Answers> {
    let path = here("recordings/load.jsonl");
    let player = Player::open(&path).expect("a recording");
    player.map(|answers| answers.expect("whole")).collect()
}

fn begin(screen: usize, size: (u16, u16), unicode: bool) -> State {
    State::new(Start {
        look: Look {
            unicode,
            colour: true,
        },
        source: Source::Server("/run/cached/admin.sock".to_owned()),
        read_only: false,
        records: false,
        interval: Duration::from_secs(1),
        size,
        current: screen,
    })
}

fn played(screen: usize, size: (u16, u16), unicode: bool) -> State {
    let mut state = begin(screen, size, unicode);
    for answers in recorded() {
        update(&mut state, Event::Answers(answers));
    }
    state
}

fn press(state: &mut State, keys: &[KeyCode]) -> Vec<Order> {
    let pressed = keys.iter().map(|code| KeyEvent::from(*code));
    pressed
        .flat_map(|key| update(state, Event::Key(key)))
        .collect()
}

fn typed(text: &str) -> Vec<KeyCode> {
    text.chars().map(KeyCode::Char).collect()
}

fn compare(name: &str, drawn: &str) {
    let path = here("snapshots").join(format!("{name}.txt"));
    if env::var_os(ACCEPT).is_some() {
        fs::write(&path, drawn).expect("written");
    }
    let accepted = fs::read_to_string(&path).unwrap_or_default();
    let new = path.with_extension("new");
    if drawn == accepted {
        // What differed at an earlier run does no more.
        let _ = fs::remove_file(new);
        return;
    }
    fs::write(&new, drawn).expect("written");
    panic!(
        "{name} is drawn otherwise: compare with {}; {ACCEPT}=1 accepts it",
        new.display()
    );
}

#[test]
fn a_screen_would_be_drawn_otherwise_than_it_was_looked_at() {
    for (number, screen) in SCREENS.iter().enumerate() {
        let mut drawn = Vec::new();
        for size in SIZES {
            for unicode in [true, false] {
                let signs = if unicode { "unicode" } else { "ascii" };
                let screen = text(&played(number, size, unicode));
                drawn.push(format!("=== {}x{} {signs}\n{screen}", size.0, size.1));
            }
        }
        compare(screen.name, &drawn.concat());
    }
}

#[test]
fn a_dialogue_would_be_drawn_otherwise_than_it_was_looked_at() {
    use KeyCode::Char;
    let flush = [typed("F"), typed("somewhere")].concat();
    let nothing = [typed("/"), typed("nothing of this"), vec![KeyCode::Enter]].concat();
    let dialogues: [(&str, usize, Vec<KeyCode>); 6] = [
        ("help", 1, vec![Char('?')]),
        ("detail", 1, vec![KeyCode::Enter]),
        ("filter being typed", 1, [typed("/"), typed("ge")].concat()),
        ("filter that nothing holds", 1, nothing),
        ("reload", 0, vec![Char('R')]),
        ("flush", 0, flush),
    ];
    let mut drawn = Vec::new();
    for (name, screen, keys) in dialogues {
        for size in [(80, 24), (40, 10)] {
            let mut state = played(screen, size, true);
            press(&mut state, &keys);
            let screen = text(&state);
            drawn.push(format!("=== {name} {}x{}\n{screen}", size.0, size.1));
        }
    }
    let mut state = played(0, (80, 24), true);
    let silence = Event::Silence {
        time: state.data().time + 7_000,
        why: "the server at /run/cached/admin.sock does not answer within 5 seconds".to_owned(),
    };
    update(&mut state, silence);
    drawn.push(format!("=== silence\n{}", text(&state)));
    let small = played(0, (39, 10), true);
    drawn.push(format!("=== too small\n{}", text(&small)));
    compare("dialogues", &drawn.concat());
}

#[test]
fn an_order_would_be_given_without_being_asked_for_twice() {
    let mut state = played(0, (80, 24), true);
    assert_eq!(press(&mut state, &typed("Rn")), []);
    assert_eq!(press(&mut state, &typed("Ry")), [Order::Do(Act::Reload)]);
    let host = state.host().expect("told").to_owned();
    for (name, orders) in [
        ("elsewhere", vec![]),
        ("", vec![]),
        (host.as_str(), vec![Order::Do(Act::Flush)]),
    ] {
        let keys = [typed("F"), typed(name), vec![KeyCode::Enter]].concat();
        assert_eq!(press(&mut state, &keys), orders, "{name}");
    }
    let left = [typed("F"), typed(&host), vec![KeyCode::Esc, KeyCode::Enter]].concat();
    assert_eq!(press(&mut state, &left), []);
}

#[test]
fn a_page_would_keep_one_from_another_screen() {
    for open in [KeyCode::Char('?'), KeyCode::Enter] {
        let mut state = played(1, (80, 24), true);
        press(&mut state, &[open]);
        assert!(state.overlay.is_some());
        let orders = press(&mut state, &typed("3"));
        assert_eq!(orders, [Order::Poll(state.wanted())]);
        assert_eq!((state.current, &state.overlay), (2, &None));
    }
}

#[test]
fn a_key_soon_after_escape_would_be_lost_or_say_yes() {
    let alt = |c| Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::ALT));
    let mut state = played(1, (80, 24), true);
    press(&mut state, &[KeyCode::Enter]);
    update(&mut state, alt('4'));
    assert_eq!((state.current, &state.overlay), (3, &None));
    press(&mut state, &typed("R"));
    assert_eq!(update(&mut state, alt('y')), []);
    assert_eq!(state.overlay, None);
    press(&mut state, &typed("/never"));
    update(&mut state, alt('2'));
    assert_eq!(state.current, 1);
    assert_eq!(state.places[3].sight.filter, "");
}

#[test]
fn a_spectator_would_change_something() {
    let host = played(0, (80, 24), true).host().expect("told").to_owned();
    for (number, screen) in SCREENS.iter().enumerate() {
        for recording in [false, true] {
            let mut state = played(number, (80, 24), true);
            if recording {
                state.source = Source::Recording("load.jsonl".to_owned());
            } else {
                state.read_only = true;
            }
            let keys = [typed("RyKyF"), typed(&host), vec![KeyCode::Enter]].concat();
            let orders = press(&mut state, &keys);
            let acts = orders.iter().any(|order| matches!(order, Order::Do(_)));
            assert!(!acts, "{orders:?} on {}", screen.name);
        }
    }
}

#[test]
fn a_frozen_screen_would_move_or_forget() {
    let mut state = played(1, (80, 24), true);
    let answers = recorded().pop().expect("one");
    let before = text(&state);
    press(&mut state, &[KeyCode::Char(' ')]);
    let frozen = text(&state);
    let later = Answers {
        time: answers.time + 60_000,
        ..answers
    };
    update(&mut state, Event::Answers(later));
    assert_eq!(text(&state), frozen);
    press(&mut state, &[KeyCode::Char(' ')]);
    assert_ne!(text(&state), before, "what came meanwhile is there");
}

#[test]
fn a_row_would_be_lost_when_the_order_changes() {
    let mut state = played(1, (80, 24), true);
    press(&mut state, &[KeyCode::Down]);
    let selected = state.place().sight.selected.clone();
    assert!(selected.is_some());
    press(&mut state, &[KeyCode::Char('r'), KeyCode::Left]);
    assert_eq!(state.place().sight.selected, selected);
    let orders = press(&mut state, &[KeyCode::Tab, KeyCode::BackTab]);
    assert!(matches!(orders.last(), Some(Order::Poll(wanted)) if *wanted == state.wanted()));
    assert_eq!(state.place().sight.selected, selected);
}

/// What a server may do to a document that `top` was not made for.
#[derive(Clone, Copy, Debug)]
enum Harm {
    None,
    Missing,
    Refused,
    Foreign,
    /// Only each of so many rows.
    Thin(usize),
    /// As after a restart.
    Zero,
    /// Numbers where there were texts, and texts where there were numbers.
    Swapped,
    Huge,
}

fn harmed(document: &RawValue, harm: Harm) -> Option<Value> {
    let mut document: Value = serde_json::from_str(document.get()).expect("JSON");
    let each = |document: &mut Value, change: &dyn Fn(&mut Value)| {
        for row in document["rows"].as_array_mut().into_iter().flatten() {
            change(&mut row["value"]);
        }
    };
    match harm {
        Harm::None => {}
        Harm::Missing => return None,
        Harm::Refused => return Some(json!({ "error": "there is no such verb" })),
        Harm::Foreign => return Some(json!([1])),
        Harm::Thin(step) => {
            let rows = document["rows"].as_array_mut()?;
            *rows = std::mem::take(rows).into_iter().step_by(step).collect();
        }
        Harm::Zero => each(&mut document, &|value| {
            if value.is_number() {
                *value = json!(0);
            }
        }),
        Harm::Swapped => each(&mut document, &|value| {
            *value = if value.is_number() {
                json!("x")
            } else {
                json!(7)
            };
        }),
        Harm::Huge => each(&mut document, &|value| *value = json!(u64::MAX)),
    }
    Some(document)
}

/// One of the things that may happen.
#[derive(Clone, Debug)]
enum Step {
    Event(Event),
    /// The recorded answers with this number, harmed, and later than they were.
    Answers(usize, Vec<Harm>, u64),
}

impl Step {
    fn event(self, recorded: &[Answers]) -> Event {
        let (number, harms, later) = match self {
            Step::Event(event) => return event,
            Step::Answers(number, harms, later) => (number, harms, later),
        };
        let answers = &recorded[number % recorded.len()];
        let documents = answers.documents.iter().zip(harms.iter().cycle());
        let documents = documents.filter_map(|((request, document), harm)| {
            let document = harmed(&document.document, *harm)?.to_string();
            let document = RawValue::from_string(document).expect("JSON");
            Some((request.clone(), document.into()))
        });
        Event::Answers(Answers {
            time: answers.time + later,
            documents: documents.collect(),
        })
    }
}

fn any_answers() -> impl Strategy<Value = Step> {
    let harm = prop_oneof![
        4 => Just(Harm::None),
        1 => select(vec![Harm::Missing, Harm::Refused, Harm::Foreign, Harm::Zero]),
        1 => select(vec![Harm::Swapped, Harm::Huge, Harm::Thin(2), Harm::Thin(3)]),
    ];
    let harms = prop::collection::vec(harm, 12);
    (0..100_usize, harms, 0..5000_u64)
        .prop_map(|(number, harms, later)| Step::Answers(number, harms, later))
}

fn any_key() -> impl Strategy<Value = Event> {
    let special = select(vec![
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Backspace,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::F(5),
    ]);
    let known = select(typed("123456789/?mrgGjkRFKy +-q"));
    let other = any::<char>().prop_map(KeyCode::Char);
    let code = prop_oneof![3 => special, 5 => known, 1 => other];
    let with = prop_oneof![8 => Just(KeyModifiers::NONE), 1 => Just(KeyModifiers::CONTROL)];
    (code, with).prop_map(|(code, with)| Event::Key(KeyEvent::new(code, with)))
}

fn any_step() -> impl Strategy<Value = Step> {
    let silence = any::<u64>().prop_map(|time| Event::Silence {
        time,
        why: "the server at 127.0.0.1:9999 broke off its answer".to_owned(),
    });
    let acts = select(vec![Act::Reload, Act::Flush, Act::Kill("1".to_owned())]);
    let done = (acts, any::<bool>()).prop_map(|(act, is_done)| {
        let result = if is_done {
            Ok(Report::default())
        } else {
            Err("refused".to_owned())
        };
        Event::Done(act, result)
    });
    let size = (1..200_u16, 1..70_u16).prop_map(|(columns, lines)| Event::Resize(columns, lines));
    let other = prop_oneof![
        12 => any_key(),
        3 => size,
        1 => silence,
        1 => done,
        1 => Just(Event::End),
    ];
    prop_oneof![4 => other.prop_map(Step::Event), 1 => any_answers()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn something_would_end_it_that_nobody_thought_of(
        screen in 0..SCREENS.len(),
        unicode in any::<bool>(),
        steps in prop::collection::vec(any_step(), 1..40),
    ) {
        let recorded = recorded();
        let mut state = begin(screen, (80, 24), unicode);
        for step in steps {
            update(&mut state, step.event(&recorded));
            let (columns, lines) = state.size;
            let mut terminal = Terminal::new(TestBackend::new(columns, lines)).expect("no device");
            terminal.draw(|frame| view(&state, frame)).expect("no device");
            if !unicode {
                let drawn = text(&state);
                prop_assert!(drawn.is_ascii(), "{drawn}");
            }
        }
    }
}
