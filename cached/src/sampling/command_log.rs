//! The command log and the slow log: a line for each request that was sampled or slow.

use std::fmt;
use std::io::Write;
use std::net::SocketAddr;

use humantime::Rfc3339Timestamp;
use serde::{Serialize, Serializer};

use super::Sample;
use crate::log::{Format, LogFile, append_json};
use crate::settings::Logs;

/// The files that there are lines for.
pub(crate) struct CommandLogs {
    pub(super) commands: Option<LogFile>,
    pub(super) slow: Option<LogFile>,
    pub(super) format: Format,
}

impl CommandLogs {
    /// Opens what `logs` names. The error is a sentence.
    pub(crate) fn open(logs: &Logs) -> Result<CommandLogs, String> {
        let open = |path: &Option<_>| path.as_deref().map(LogFile::open).transpose();
        Ok(CommandLogs {
            commands: open(&logs.commands)?,
            slow: open(&logs.slow)?,
            format: logs.format,
        })
    }
}

/// A client as a line shows it.
struct Client(Option<SocketAddr>);

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(peer) if peer.port() != 0 => peer.fmt(f),
            Some(_) => f.write_str("unix"),
            None => f.write_str("-"),
        }
    }
}

/// A line, and its fields in JSON. Times are in microseconds.
#[derive(Serialize)]
struct Fields<'s> {
    #[serde(serialize_with = "as_text")]
    time: Rfc3339Timestamp,
    #[serde(serialize_with = "as_text")]
    client: Client,
    command: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    result: &'s str,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_us: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    own_us: Option<u128>,
}

fn as_text<S: Serializer>(shown: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(shown)
}

/// Appends the line of `sample` to `lines`, in the slow log with its times.
pub(super) fn append(sample: &Sample, format: Format, with_times: bool, lines: &mut Vec<u8>) {
    let fields = Fields {
        time: humantime::format_rfc3339_millis(sample.time),
        client: Client(sample.client),
        command: sample.command,
        key: sample.key().map(net::admin::key_text),
        result: sample.outcome.name(),
        size: sample.size,
        latency_us: with_times.then_some(sample.latency.as_micros()),
        own_us: with_times.then_some(sample.own.as_micros()),
    };
    match format {
        Format::Text => {
            let written = writeln!(lines, "{fields}");
            debug_assert!(written.is_ok(), "a Vec takes every byte");
        }
        Format::Json => append_json(&fields, lines),
    }
}

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fields {
            time,
            client,
            command,
            key,
            result,
            size,
            latency_us,
            own_us,
        } = self;
        let key = key.as_deref().unwrap_or("-");
        write!(f, "{time} {client} {command} {key} {result} {size}")?;
        for micros in [latency_us, own_us].into_iter().flatten() {
            write!(f, " {micros}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::sampling::{Asked, Outcome};

    fn line(asked: &Asked<'_>, format: Format, with_times: bool) -> String {
        let sample = Sample {
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_749_981_600_750),
            client: Some(([10, 0, 0, 1], 5000).into()),
            outcome: Outcome::Hit,
            latency: Duration::from_millis(12),
            own: Duration::from_micros(7),
            ..Sample::new(asked)
        };
        let mut lines = Vec::new();
        append(&sample, format, with_times, &mut lines);
        String::from_utf8(lines).expect("text")
    }

    fn get(key: &[u8]) -> Asked<'_> {
        Asked {
            command: "get",
            key: Some(key),
            brought: 3,
        }
    }

    #[test]
    fn a_line_would_not_be_as_the_manual_says() {
        let begin = "2025-06-15T10:00:00.750Z 10.0.0.1:5000";
        let asked = get(b"user:17");
        assert_eq!(
            line(&asked, Format::Text, false),
            format!("{begin} get user:17 hit 3\n")
        );
        assert_eq!(
            line(&asked, Format::Text, true),
            format!("{begin} get user:17 hit 3 12000 7\n")
        );
        let keyless = Asked {
            command: "version",
            key: None,
            brought: 0,
        };
        assert_eq!(
            line(&keyless, Format::Text, false),
            format!("{begin} version - hit 0\n")
        );
        assert_eq!(
            line(&asked, Format::Json, true),
            "{\"time\":\"2025-06-15T10:00:00.750Z\",\"client\":\"10.0.0.1:5000\",\
             \"command\":\"get\",\"key\":\"user:17\",\"result\":\"hit\",\"size\":3,\
             \"latency_us\":12000,\"own_us\":7}\n"
        );
    }

    #[test]
    fn a_key_would_make_two_lines_of_one() {
        let key = b"a\nb \xff%\"";
        for format in [Format::Text, Format::Json] {
            let line = line(&get(key), format, false);
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert!(line.contains("a%0Ab%20%FF%25"), "{line}");
        }
        let long = vec![b'k'; net::KEY_MAX];
        assert!(line(&get(&long), Format::Text, false).contains(&"k".repeat(net::KEY_MAX)));
    }

    #[test]
    fn clients_of_a_unix_socket_would_have_an_address_that_is_none() {
        let unix = SocketAddr::from(([0_u16; 8], 0));
        assert_eq!(Client(Some(unix)).to_string(), "unix");
    }
}
