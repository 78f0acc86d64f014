//! Figures as people read them.

use std::borrow::Cow;
use std::fmt;

/// A figure with its unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Figure<'a> {
    /// There is none to tell.
    #[default]
    Nothing,
    /// No figure but a text.
    Text(Cow<'a, str>),
    /// A number told in full, such as an id.
    Whole(u64),
    /// How many.
    Count(f64),
    /// How many a second.
    Rate(f64),
    /// In powers of 1024.
    Bytes(f64),
    /// Bytes a second.
    Flow(f64),
    /// In seconds.
    Span(f64),
    /// Of 1, shown in percent.
    Share(f64),
}

impl Figure<'_> {
    /// `figure` of a value, if there is one.
    pub(crate) fn of(value: Option<f64>, figure: fn(f64) -> Figure<'static>) -> Figure<'static> {
        value.map_or(Figure::Nothing, figure)
    }

    /// The number alone, by which figures of one kind are compared; 0 where there is none.
    pub(crate) fn number(&self) -> f64 {
        match *self {
            Figure::Nothing | Figure::Text(_) => 0.0,
            Figure::Whole(number) => number as f64,
            Figure::Count(number)
            | Figure::Rate(number)
            | Figure::Bytes(number)
            | Figure::Flow(number)
            | Figure::Span(number)
            | Figure::Share(number) => number,
        }
    }
}

impl fmt::Display for Figure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Figure::Nothing => f.write_str("-"),
            Figure::Text(ref text) => f.write_str(text),
            Figure::Whole(number) => number.fmt(f),
            Figure::Count(count) if count.fract() == 0.0 && count < 10_000.0 => count.fmt(f),
            Figure::Count(count) => thousands(f, count),
            Figure::Rate(rate) => {
                thousands(f, rate)?;
                f.write_str("/s")
            }
            Figure::Bytes(bytes) => {
                let (value, unit) =
                    scaled(bytes, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
                digits(f, value)?;
                f.write_str(unit)
            }
            Figure::Flow(bytes) => write!(f, "{}/s", Figure::Bytes(bytes)),
            Figure::Span(seconds) => span(f, seconds),
            Figure::Share(share) => write!(f, "{:.1}%", share * 100.0),
        }
    }
}

/// In powers of 1000. From 1000 on there are three digits, of a whole number too: what is so large
/// changes, and its width should not.
fn thousands(f: &mut fmt::Formatter<'_>, value: f64) -> fmt::Result {
    match scaled(value, 1000.0, &["", "k", "M", "G", "T"]) {
        (value, "") => digits(f, value),
        (value, unit) => write!(f, "{value:.*}{unit}", places(value)),
    }
}

/// The value in the largest unit that leaves at least 1 of it.
fn scaled(mut value: f64, step: f64, units: &[&'static str]) -> (f64, &'static str) {
    let mut units = units.iter().peekable();
    let mut unit = units.next().unwrap_or(&"");
    // What would be rounded up to a whole step is in the next unit already.
    while value >= step - 0.5
        && let Some(next) = units.next()
    {
        value /= step;
        unit = next;
    }
    (value, unit)
}

/// Three digits; none behind the point of a whole number.
fn digits(f: &mut fmt::Formatter<'_>, value: f64) -> fmt::Result {
    let places = if value.fract() == 0.0 {
        0
    } else {
        places(value)
    };
    write!(f, "{value:.places$}")
}

/// How many digits stand behind the point if there are three.
fn places(value: f64) -> usize {
    match value {
        _ if value < 9.995 => 2,
        _ if value < 99.95 => 1,
        _ => 0,
    }
}

fn span(f: &mut fmt::Formatter<'_>, seconds: f64) -> fmt::Result {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    for (unit, name) in [(1e-6, "ns"), (1e-3, "us"), (1.0, "ms")] {
        let shown = seconds / unit * 1000.0;
        if shown < 999.5 && seconds > 0.0 {
            digits(f, (shown * 1000.0).round() / 1000.0)?;
            return f.write_str(name);
        }
    }
    if seconds < 59.5 {
        digits(f, seconds)?;
        return f.write_str("s");
    }
    let whole = seconds.round() as u64;
    match whole {
        ..HOUR => write!(f, "{}m{:02}s", whole / MINUTE, whole % MINUTE),
        HOUR..DAY => write!(f, "{}h{:02}m", whole / HOUR, whole % HOUR / MINUTE),
        _ => write!(f, "{}d{:02}h", whole / DAY, whole % DAY / HOUR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_would_be_read_in_another_unit() {
        for (figure, wanted) in [
            (Figure::Nothing, "-"),
            (Figure::Whole(12_345), "12345"),
            (Figure::Count(0.0), "0"),
            (Figure::Count(9999.0), "9999"),
            (Figure::Count(10_000.0), "10.0k"),
            (Figure::Count(12_345.0), "12.3k"),
            (Figure::Count(999_999.0), "1.00M"),
            (Figure::Rate(20_012.4), "20.0k/s"),
            (Figure::Rate(8000.0), "8.00k/s"),
            (Figure::Rate(7993.4), "7.99k/s"),
            (Figure::Rate(12.0), "12/s"),
            (Figure::Rate(0.25), "0.25/s"),
            (Figure::Bytes(0.0), "0B"),
            (Figure::Bytes(1023.0), "1023B"),
            (Figure::Bytes(1024.0), "1KiB"),
            (Figure::Bytes(67_108_864.0), "64MiB"),
            (Figure::Bytes(1_572_864.0), "1.50MiB"),
            (Figure::Flow(2048.0), "2KiB/s"),
            (Figure::Span(0.0), "0s"),
            (Figure::Span(840e-9), "840ns"),
            (Figure::Span(18.431e-6), "18.4us"),
            (Figure::Span(0.999_96), "1.00s"),
            (Figure::Span(59.4), "59.4s"),
            (Figure::Span(59.7), "1m00s"),
            (Figure::Span(3599.0), "59m59s"),
            (Figure::Span(7500.0), "2h05m"),
            (Figure::Span(1e6), "11d13h"),
            (Figure::Share(0.9312), "93.1%"),
        ] {
            assert_eq!(figure.to_string(), wanted, "{figure:?}");
        }
    }
}
