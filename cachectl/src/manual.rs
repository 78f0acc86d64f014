//! cachectl(1) and the program agree.

use clap::{CommandFactory, Parser};

use crate::arguments::Arguments;
use crate::commands;

const PAGE: &str = include_str!("../../man/cachectl.1");

fn value_name(option: &clap::Arg) -> &str {
    let names = option.get_value_names().unwrap_or_default();
    names.first().map_or("", |name| name.as_str())
}

#[test]
fn the_page_lists_exactly_the_options_and_commands() {
    let command = Arguments::command();
    let mut options: Vec<_> = command
        .get_arguments()
        .filter_map(|option| {
            let takes_value = option.get_action().takes_values();
            let value = takes_value.then(|| format!(" Ar {}", value_name(option)));
            let long = option.get_long()?;
            Some(format!("-{long}{}", value.unwrap_or_default()))
        })
        .collect();
    options.extend(["h , Fl -help", "V , Fl -version"].map(str::to_owned));
    let verbs: Vec<_> = command
        .get_subcommands()
        .map(|verb| {
            let words = verb.get_arguments().map(|argument| {
                let name = argument.get_id().as_str().to_uppercase();
                match argument.get_long() {
                    Some(long) if !argument.get_action().takes_values() => {
                        format!(" Oo Fl -{long} Oc")
                    }
                    Some(long) => format!(" Oo Fl -{long} Ar {} Oc", value_name(argument)),
                    None if argument.is_required_set() => format!(" Ar {name}"),
                    None => format!(" Oo Ar {name} Oc"),
                }
            });
            let further = if verb.has_subcommands() {
                " Ar COMMAND"
            } else {
                ""
            };
            verb.get_name().to_owned() + &words.collect::<String>() + further
        })
        .collect();

    let listed = |mark: &str| -> Vec<&str> {
        PAGE.lines()
            .filter_map(|line| line.strip_prefix(mark))
            .collect()
    };
    assert_eq!(listed(".It Fl "), options);
    assert_eq!(listed(".It Ic "), verbs);
}

#[test]
fn several_servers_would_be_taken_for_one() {
    for (words, sentence) in [
        (
            &["--socket", "/s", "--admin", "127.0.0.1:1"][..],
            "one server",
        ),
        (
            &["--admin", "127.0.0.1:1", "--admin", "127.0.0.1:2"],
            "one server",
        ),
        (&["--server", "127.0.0.1"], "--server names none"),
        (&["--tls"], "TLS is spoken to a host"),
        (&["--tls-insecure"], "--tls-insecure says how --tls is"),
        (
            &["--admin", "127.0.0.1", "--tls", "--tls-key", "k"],
            "go together",
        ),
    ] {
        let words = [&["cachectl", "ping"], words].concat();
        let arguments = Arguments::try_parse_from(&words).expect("words that can be parsed");
        let failure = commands::run(&arguments).expect_err("nobody is asked");
        assert_eq!(failure.status(), 2, "{words:?}");
        assert!(failure.to_string().contains(sentence), "{failure}");
    }
    assert!(Arguments::try_parse_from(["cachectl"]).is_err());
}

/// Fails unless `example` is a line that the program understands.
fn check(example: &str) {
    // Of a pipe, the program's own part, without what the shell makes of the rest.
    let mut parts = example.split(" | ");
    let own = parts.find(|part| part.starts_with("cachectl "));
    let own = own.unwrap_or_else(|| panic!("{example} runs something else"));
    let words = own.split_whitespace();
    let words = words.take_while(|word| !matches!(*word, ">" | "#"));
    if let Err(error) = Arguments::try_parse_from(words) {
        panic!("{example}: {error}");
    }
}

#[test]
fn an_example_in_a_page_would_not_work() {
    let readme = include_str!("../../README.md");
    let mut seen = 0;
    for line in readme.lines().chain(PAGE.lines()) {
        let line = line.strip_prefix("$ ").unwrap_or(line);
        if line.starts_with("cachectl ") {
            check(line);
            seen += 1;
        }
    }
    assert!(seen > 10, "no examples are found");
}

#[test]
fn an_example_in_the_help_would_not_work() {
    let mut command = Arguments::command();
    command.build();
    let mut left: Vec<_> = command.get_subcommands().collect();
    while let Some(command) = left.pop() {
        if command.get_name() == "help" {
            continue;
        }
        if command.has_subcommands() {
            left.extend(command.get_subcommands());
            continue;
        }
        let help = command.get_after_help().map(ToString::to_string);
        let help = help.unwrap_or_default();
        let examples = help.lines().filter_map(|line| line.strip_prefix("  "));
        let mut seen = 0;
        for example in examples {
            check(example);
            seen += 1;
        }
        assert!(seen > 0, "{} has no example", command.get_name());
    }
}
