//! What a setting can hold, and how it is written on a command line and in a file.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::DeValue;

/// Longer than any useful timeout, short enough that adding one to a clock never overflows.
const DURATION_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The shape of a setting's value. It decides how words and file values are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text, `""` for none.
    Text,
    /// Several texts: commas on the command line, an array in a file.
    List,
    /// A plain number, or `auto` where the setting takes it.
    Count,
    /// Bytes in powers of 1024, with or without the `i`, or `auto` where the setting takes it.
    Size {
        /// Bytes that a number without a unit stands for on the command line. A file always
        /// carries the unit.
        bare: u64,
    },
    /// On or off: a flag without a value, and true or false in a file.
    Switch,
    /// A span of time with its unit. On the command line a bare number is seconds.
    Duration,
}

/// One setting's value, read but not yet checked against the setting's bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// The daemon works it out from the machine or from other settings.
    Auto,
    Text(String),
    List(Vec<String>),
    Count(u64),
    /// Bytes.
    Size(u64),
    Duration(Duration),
    Switch(bool),
}

impl Kind {
    /// Reads a word of the command line.
    pub(crate) fn read(self, word: &str) -> Result<Value, String> {
        match self {
            Kind::Text => Ok(Value::Text(word.to_owned())),
            Kind::List => Ok(Value::List(
                word.split([',', ';'])
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned)
                    .collect(),
            )),
            Kind::Count | Kind::Size { .. } if word == "auto" => Ok(Value::Auto),
            Kind::Count => word
                .parse()
                .map(Value::Count)
                .map_err(|_| self.refusal(&quoted(word))),
            Kind::Size { bare } => parse_size::Config::new()
                .with_binary()
                .with_default_factor(bare)
                .parse_size(word)
                .map(Value::Size)
                .map_err(|_| self.refusal(&quoted(word))),
            Kind::Switch => word
                .parse()
                .map(Value::Switch)
                .map_err(|_| self.refusal(&quoted(word))),
            Kind::Duration => match word.parse() {
                Ok(seconds) => Ok(Duration::from_secs(seconds)),
                Err(_) => humantime::parse_duration(word),
            }
            .map(Value::Duration)
            .map_err(|_| self.refusal(&quoted(word))),
        }
    }

    /// Reads a value of the configuration file.
    pub(crate) fn read_toml(self, value: &DeValue<'_>) -> Result<Value, String> {
        match (self, value) {
            (Kind::Text, DeValue::String(text)) => Ok(Value::Text(text.to_string())),
            (Kind::List, DeValue::Array(parts)) => parts
                .iter()
                .map(|part| match part.get_ref() {
                    DeValue::String(text) => Ok(text.to_string()),
                    other => Err(self.refusal(&type_of(other))),
                })
                .collect::<Result<_, _>>()
                .map(Value::List),
            (Kind::Count, DeValue::Integer(number)) => {
                u64::from_str_radix(number.as_str(), number.radix())
                    .map(Value::Count)
                    .map_err(|_| self.refusal(&number.to_string()))
            }
            (Kind::Count, DeValue::String(text)) if text == "auto" => Ok(Value::Auto),
            (Kind::Switch, DeValue::Boolean(on)) => Ok(Value::Switch(*on)),
            (Kind::Size { .. } | Kind::Duration, DeValue::String(text))
                if text.parse::<u64>().is_err() =>
            {
                self.read(text)
            }
            (Kind::Size { .. }, DeValue::String(_) | DeValue::Integer(_)) => {
                Err("must say its unit, as in \"64MiB\"".to_owned())
            }
            (Kind::Duration, DeValue::String(_) | DeValue::Integer(_)) => {
                Err("must say its unit, as in \"30s\"".to_owned())
            }
            (_, other) => Err(self.refusal(&type_of(other))),
        }
    }

    fn refusal(self, found: &str) -> String {
        let wanted = match self {
            Kind::Text => "a text in quotes",
            Kind::List => "a list of texts, as in [\"127.0.0.1\", \"::1\"]",
            Kind::Count => "a whole number",
            Kind::Size { .. } => "a size, as in 512KiB, 64MiB or 4GiB",
            Kind::Switch => "true or false",
            Kind::Duration => "a duration, as in 250ms, 30s or 5min",
        };
        format!("must be {wanted}, not {found}")
    }
}

impl Value {
    pub(crate) fn text(self) -> Result<String, String> {
        match self {
            Value::Text(text) => Ok(text),
            other => Err(format!("must be a text, not {other}")),
        }
    }

    pub(crate) fn list(self) -> Result<Vec<String>, String> {
        match self {
            Value::List(list) => Ok(list),
            other => Err(format!("must be a list, not {other}")),
        }
    }

    /// A count within `range`.
    pub(crate) fn count(self, range: RangeInclusive<u64>) -> Result<u64, String> {
        match self {
            Value::Count(count) if range.contains(&count) => Ok(count),
            other => Err(outside(&other, &range, Value::Count)),
        }
    }

    /// Bytes within `range`.
    pub(crate) fn size(self, range: RangeInclusive<u64>) -> Result<u64, String> {
        match self {
            Value::Size(bytes) if range.contains(&bytes) => Ok(bytes),
            other => Err(outside(&other, &range, Value::Size)),
        }
    }

    pub(crate) fn switch(self) -> Result<bool, String> {
        match self {
            Value::Switch(on) => Ok(on),
            other => Err(format!("must be true or false, not {other}")),
        }
    }

    /// A timeout; 0 is none.
    pub(crate) fn timeout(self) -> Result<Option<Duration>, String> {
        match self {
            Value::Duration(span) if span <= DURATION_MAX => Ok((!span.is_zero()).then_some(span)),
            other => Err(format!("must be at most a year, not {other}")),
        }
    }

    /// As the configuration file spells it.
    pub(crate) fn to_toml(&self) -> String {
        match self {
            Value::List(list) => {
                let parts: Vec<_> = list.iter().map(|part| quoted(part)).collect();
                format!("[{}]", parts.join(", "))
            }
            Value::Count(_) | Value::Switch(_) => self.to_string(),
            Value::Auto | Value::Text(_) | Value::Size(_) | Value::Duration(_) => {
                quoted(&self.to_string())
            }
        }
    }
}

impl fmt::Display for Value {
    /// As the command line spells it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Auto => f.write_str("auto"),
            Value::Text(text) => f.write_str(text),
            Value::List(list) => f.write_str(&list.join(",")),
            Value::Count(count) => count.fmt(f),
            Value::Switch(on) => on.fmt(f),
            Value::Size(bytes) => f.write_str(&size_text(*bytes)),
            Value::Duration(span) => humantime::format_duration(*span).fmt(f),
        }
    }
}

/// Why `value` is refused where a number within `range` is wanted; `number` wraps the bounds so
/// that they are spelled as the setting is.
fn outside(value: &Value, range: &RangeInclusive<u64>, number: fn(u64) -> Value) -> String {
    let (low, high) = (number(*range.start()), number(*range.end()));
    format!("must be from {low} to {high}, not {value}")
}

/// Bytes in the largest unit that leaves no rest, so that reading it back gives the same number.
pub(crate) fn size_text(bytes: u64) -> String {
    const UNITS: [(u32, &str); 4] = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    UNITS
        .iter()
        .find(|(shift, _)| bytes != 0 && bytes.trailing_zeros() >= *shift)
        .map_or_else(
            || format!("{bytes}B"),
            |(shift, unit)| format!("{}{unit}", bytes >> shift),
        )
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn type_of(value: &DeValue<'_>) -> String {
    let name = value.type_str();
    let article = if name.starts_with(['a', 'i']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024_with_or_without_the_i() {
        let kind = Kind::Size { bare: 1 << 20 };
        for (word, bytes) in [
            ("64", 64 << 20),
            ("64k", 64 << 10),
            ("64KB", 64 << 10),
            ("64KiB", 64 << 10),
            ("4G", 4 << 30),
            ("4gib", 4 << 30),
            ("100B", 100),
        ] {
            assert_eq!(kind.read(word), Ok(Value::Size(bytes)), "{word}");
        }
        for word in ["", "-1", "64X", "99999999999T", "MiB"] {
            assert!(kind.read(word).is_err(), "{word}");
        }
    }

    #[test]
    fn a_size_reads_back_as_it_was_printed() {
        for bytes in [0, 1, 1023, 1024, 1 << 20, 3 << 30, (1 << 24) - 1, u64::MAX] {
            let text = size_text(bytes);
            let read = Kind::Size { bare: 1 << 20 }.read(&text);
            assert_eq!(read, Ok(Value::Size(bytes)), "{text}");
        }
    }

    #[test]
    fn a_bare_duration_is_seconds_on_the_command_line() {
        for (word, millis) in [("0", 0), ("30", 30_000), ("250ms", 250), ("5min", 300_000)] {
            let span = Duration::from_millis(millis);
            assert_eq!(Kind::Duration.read(word), Ok(Value::Duration(span)));
        }
        assert!(Kind::Duration.read("-1s").is_err());
        assert!(
            Kind::Duration
                .read("99999999999")
                .unwrap()
                .timeout()
                .is_err()
        );
    }

    #[test]
    fn a_file_value_without_its_unit_is_refused() {
        for text in ["64", "\"64\""] {
            let value = DeValue::parse(text).unwrap();
            for kind in [Kind::Size { bare: 1 }, Kind::Duration] {
                let refusal = kind.read_toml(value.get_ref()).unwrap_err();
                assert!(refusal.contains("unit"), "{refusal}");
            }
        }
    }

    #[test]
    fn a_value_outside_its_bounds_is_named_with_them() {
        assert_eq!(
            Value::Size(1).size(1024..=1 << 20).unwrap_err(),
            "must be from 1KiB to 1MiB, not 1B"
        );
        assert!(Value::Auto.count(1..=2).is_err());
    }
}
