//! The command line, built from the table.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::memcached::{self, Answer};
use super::print::wrap;
use super::setting::Setting;
use super::table::SETTINGS;
use super::value::{Kind, Value};
use super::{Config, UsageError};

/// Columns of the text beside the options, so that both fit in 80.
const HELP_WIDTH: usize = 48;

const CONFIG: &str = "config";
const CHECK_CONFIG: &str = "check-config";
const PRINT_CONFIG: &str = "print-config";

/// What the words of the command line come to.
pub(super) enum Parsed {
    Request(Request),
    /// The text of `--help` or `--version`.
    Print(String),
}

pub(super) struct Request {
    pub(super) action: Action,
    /// The configuration file.
    pub(super) file: Option<PathBuf>,
    /// The settings given as flags: index of the row, value.
    pub(super) values: Vec<(usize, Value)>,
    /// Lines for the log: which words of the command line change nothing.
    pub(super) notes: Vec<String>,
}

pub(super) enum Action {
    Serve,
    Check,
    Print,
}

pub(super) fn parse<I>(args: I) -> Result<Parsed, UsageError>
where
    I: IntoIterator<Item = OsString>,
{
    let matches = match command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => {
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                    Ok(Parsed::Print(error.to_string()))
                }
                _ => Err(UsageError(sentence(&error))),
            };
        }
    };
    let mut values = Vec::new();
    for (row, setting) in SETTINGS.iter().enumerate() {
        if let Some(value) = given(setting, &matches) {
            let value =
                value.map_err(|why| UsageError(format!("--{} {why}", setting.flag.long)))?;
            values.push((row, value));
        }
    }
    let notes = take_foreign(&matches, &mut values)?;
    Ok(Parsed::Request(Request {
        action: if matches.get_flag(CHECK_CONFIG) {
            Action::Check
        } else if matches.get_flag(PRINT_CONFIG) {
            Action::Print
        } else {
            Action::Serve
        },
        file: matches.get_one::<PathBuf>(CONFIG).cloned(),
        values,
        notes,
    }))
}

/// Reads the options that are memcached's alone. What they mean here joins `values`; what they do
/// not change is returned.
fn take_foreign(
    matches: &ArgMatches,
    values: &mut Vec<(usize, Value)>,
) -> Result<Vec<String>, UsageError> {
    let mut notes = Vec::new();
    for (name, answer) in memcached::OPTIONS
        .iter()
        .flat_map(|option| option.answers(matches))
    {
        match answer {
            Answer::Harmless(why) => notes.push(format!("{name} has no effect: {why}")),
            Answer::Refused(why) => {
                return Err(UsageError(format!("{name} is not offered: {why}")));
            }
            Answer::Means(key, word) => {
                let row = SETTINGS.iter().position(|setting| setting.key == key);
                let row = row.expect("a setting's key");
                let value = SETTINGS[row].kind.read(&word);
                let value = value.map_err(|why| UsageError(format!("{name}: {why}")))?;
                values.push((row, value));
            }
        }
    }
    Ok(notes)
}

fn command() -> Command {
    let defaults = Config::default();
    Command::new("cached")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A cache server that speaks the memcached protocol.")
        // Of a flag given twice the last one counts, as with memcached.
        .args_override_self(true)
        .args(SETTINGS.iter().map(|setting| argument(setting, &defaults)))
        .args(memcached::OPTIONS.iter().map(memcached::Foreign::argument))
        .arg(
            Arg::new(CONFIG)
                .long(CONFIG)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Configuration file; options override it."),
        )
        .arg(
            Arg::new(CHECK_CONFIG)
                .long(CHECK_CONFIG)
                .action(ArgAction::SetTrue)
                .help("Check the configuration and end."),
        )
        .arg(
            Arg::new(PRINT_CONFIG)
                .long(PRINT_CONFIG)
                .action(ArgAction::SetTrue)
                .help("Print the configuration in effect and end."),
        )
}

fn argument(setting: &Setting, defaults: &Config) -> Arg {
    let flag = &setting.flag;
    let default = (setting.get)(defaults).to_string();
    let is_plain = default.is_empty() || setting.kind == Kind::Switch;
    let help = if is_plain {
        setting.help.to_owned()
    } else {
        format!("{} [default: {default}]", setting.help)
    };
    let arg = Arg::new(setting.key)
        .short(flag.short)
        .long(flag.long)
        .aliases(memcached::alias(setting.key))
        .help(wrap(&help, HELP_WIDTH).join("\n"));
    let Some(name) = flag.value else {
        return arg.action(match setting.kind {
            Kind::Switch => ArgAction::SetTrue,
            _ => ArgAction::Count,
        });
    };
    // A negative number is refused as a value, not taken for an option.
    arg.value_name(name)
        .allow_negative_numbers(true)
        .action(if setting.kind == Kind::List {
            ArgAction::Append
        } else {
            ArgAction::Set
        })
}

/// The value the command line gives to `setting`, if it does.
fn given(setting: &Setting, matches: &ArgMatches) -> Option<Result<Value, String>> {
    if setting.kind == Kind::Switch {
        let is_on = matches.get_flag(setting.key);
        return is_on.then_some(Ok(Value::Switch(true)));
    }
    if setting.flag.value.is_none() {
        let count = matches.get_count(setting.key);
        return (count > 0).then(|| Ok(Value::Count(count.into())));
    }
    let words = matches.get_many::<String>(setting.key)?;
    // Only a list takes several words; they read as one, its parts joined by commas.
    let word = words.map(String::as_str).collect::<Vec<_>>().join(",");
    Some(setting.kind.read(&word))
}

/// What clap found wrong, in one line.
fn sentence(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let what = first.strip_prefix("error: ").unwrap_or(first);
    match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(flag)) => format!("{what}; did you mean '{flag}'?"),
        _ => format!("{what}; 'cached --help' lists the options"),
    }
}
