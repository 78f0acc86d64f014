//! man/cacheperf.1 against the command line.

use clap::{Arg, Command, CommandFactory};

use super::Arguments;

const PAGE: &str = include_str!("../../../../man/cacheperf.1");

/// The lines of a subcommand's section.
fn section(name: &str) -> Vec<&'static str> {
    PAGE.lines()
        .skip_while(|line| *line != format!(".Ss cacheperf {name}"))
        .skip(1)
        .take_while(|line| !line.starts_with(".Ss ") && !line.starts_with(".Sh "))
        .collect()
}

fn command(name: &str) -> Command {
    let mut all = Arguments::command();
    all.build();
    all.find_subcommand(name).expect("a subcommand").clone()
}

/// A flag as the page writes it.
fn item(flag: &Arg) -> String {
    let short = flag.get_short().map(|c| format!("{c} , Fl "));
    let long = flag.get_long().unwrap_or_default();
    let takes_value = flag.get_action().takes_values();
    let value = flag
        .get_value_names()
        .filter(|_| takes_value)
        .map(|names| format!(" Ar {}", names[0]));
    format!(
        ".It Fl {}-{long}{}",
        short.unwrap_or_default(),
        value.unwrap_or_default()
    )
}

#[test]
fn the_page_would_lack_a_flag_or_name_one_that_is_not_there() {
    for name in ["run", "replay", "compare", "floor"] {
        let lines = section(name);
        let listed: Vec<_> = lines
            .iter()
            .filter(|line| line.starts_with(".It Fl "))
            .map(|line| (*line).to_owned())
            .collect();
        let command = command(name);
        let flags = command.get_arguments().filter(|flag| !flag.is_positional());
        let flags: Vec<_> = flags
            // `compare` names the flags of a load in a sentence, one a line.
            .filter(|flag| {
                let named = format!(".Fl -{}", flag.get_long().unwrap_or_default());
                let is_named = |line: &&str| line.trim_end_matches([' ', ',', '.']) == named;
                name != "compare" || !lines.iter().any(is_named)
            })
            .map(item)
            .collect();
        assert_eq!(listed, flags, "cacheperf {name}");
    }
}

#[test]
fn a_subcommand_would_have_no_section() {
    let all = Arguments::command();
    let sections: Vec<_> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix(".Ss cacheperf "))
        .collect();
    let names: Vec<_> = all.get_subcommands().map(Command::get_name).collect();
    assert_eq!(sections, names);
}
