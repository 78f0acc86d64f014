//! The options of memcached, as cached-operations(7) lists them.

use super::super::memcached::extended_names;
use super::*;

const PAGE: &str = include_str!("../../../../man/cached-operations.7");

/// Every option of memcached 1.6.18.
const MEMCACHEDS: &str = "pUsaAlrdumMckvhiVPfnLDtRCbBISFXWYeZoN";

/// One row of the page on memcached's options.
struct OptionRow {
    /// `-x` and `--long`, each to be followed by the value.
    spellings: Vec<String>,
    /// Those to be tried; an empty one where there is none.
    values: Vec<String>,
    verdict: &'static str,
}

impl OptionRow {
    fn read(head: &'static str, verdict: &'static str) -> OptionRow {
        let (names, values) = match (head.split_once(" Cm "), head.split_once(" Ar ")) {
            (Some((names, words)), _) => (names, words.split(" , ").map(str::to_owned).collect()),
            (None, Some((names, placeholder))) => (names, vec![sample(placeholder).to_owned()]),
            (None, None) => (head, vec![String::new()]),
        };
        OptionRow {
            spellings: names
                .split(" , ")
                .map(|name| name.replacen("Fl ", "-", 1))
                .collect(),
            values,
            verdict: verdict
                .split(|c: char| !c.is_alphabetic())
                .next()
                .expect("a word"),
        }
    }

    /// Every way to write it.
    fn command_lines(&self) -> impl Iterator<Item = Vec<&str>> {
        self.spellings.iter().flat_map(|spelling| {
            let with = |value| [spelling.as_str(), value];
            self.values
                .iter()
                .map(move |value| with(value.as_str()).into_iter().filter(|w| !w.is_empty()))
                .map(Iterator::collect)
        })
    }
}

/// What to try where the page says `placeholder`.
fn sample(placeholder: &str) -> &'static str {
    match placeholder {
        "num" => "3",
        "megabytes" => "128",
        "size" => "2m",
        "mask" => "770",
        "factor" => "1.5",
        "char" => ";",
        "name" => "nobody",
        "addr" => "::1",
        "file" => "/tmp/memcached",
        other => panic!("nothing to try for {other}"),
    }
}

fn option_rows() -> Vec<OptionRow> {
    let (_, options) = PAGE.split_once(".Sh OPTIONS").expect("a section");
    let lines: Vec<_> = options.lines().collect();
    lines
        .windows(2)
        .filter_map(|pair| Some((pair[0].strip_prefix(".It ")?, pair[1])))
        .filter(|(head, _)| head.starts_with("Fl "))
        .map(|(head, verdict)| OptionRow::read(head, verdict))
        .collect()
}

#[test]
fn an_option_of_memcached_does_what_its_row_says() {
    for row in option_rows() {
        for line in row.command_lines() {
            match (row.verdict, run(&line)) {
                ("Implemented", Ok(Command::Serve(effective, _))) => {
                    assert_ne!(
                        effective.config,
                        Config::default(),
                        "{line:?} changes nothing"
                    );
                }
                ("Implemented", Ok(Command::Print(text))) => assert!(!text.is_empty()),
                ("Harmless", Ok(Command::Serve(effective, notes))) => {
                    assert_eq!(
                        effective.config,
                        Config::default(),
                        "{line:?} changes something"
                    );
                    assert_eq!(notes.len(), 1, "{line:?}: {notes:?}");
                    assert!(notes[0].starts_with(&row.spellings[0]), "{notes:?}");
                    assert!(notes[0].contains(" has no effect: "), "{notes:?}");
                }
                ("Refused", Err(refusal)) => {
                    let refusal = refusal.to_string();
                    assert!(refusal.starts_with(&row.spellings[0]), "{refusal}");
                    assert!(refusal.contains(" is not offered: "), "{refusal}");
                    assert_eq!(refusal.lines().count(), 1, "{refusal}");
                }
                (verdict, outcome) => panic!("{line:?} is said to be {verdict}: {outcome:?}"),
            }
        }
    }
}

#[test]
fn an_option_of_memcached_without_a_row_would_be_a_surprise() {
    let rows = option_rows();
    let listed: Vec<_> = rows.iter().flat_map(|row| &row.spellings).collect();
    for short in MEMCACHEDS.chars() {
        assert!(listed.contains(&&format!("-{short}")), "-{short}");
    }
    let mut extended: Vec<_> = rows
        .iter()
        .filter(|row| row.spellings[0] == "-o")
        .flat_map(|row| &row.values)
        .map(|value| value.split('=').next().expect("a name"))
        .collect();
    let mut known: Vec<_> = extended_names().collect();
    extended.sort_unstable();
    known.sort_unstable();
    assert_eq!(extended, known);
    let unknown = refusal(&["-o", "modern,nonsense"]);
    assert!(unknown.starts_with("-o (--extended) nonsense is not offered"));
}

#[test]
fn an_option_in_memcacheds_words_sets_the_same() {
    assert_eq!(config(&["-M"]), config(&["--eviction", "none"]));
    assert_eq!(
        config(&["-o", "modern,idle_timeout=90"]),
        config(&["--idle-timeout", "90"])
    );
    assert_eq!(config(&["-a", "0770"]).unix_mode, 0o770);
    assert_eq!(config(&["-b", "64", "--listen-backlog", "65"]).backlog, 65);
    assert_eq!(config(&["--memory-limit", "128"]).memory, 128 << 20);
    let refusal = refusal(&["-o", "idle_timeout"]);
    assert!(refusal.starts_with("-o (--extended) idle_timeout: must be a duration"));
}
