//! Every item there is, a line each.

use std::io::{self, BufWriter, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use net::admin::key_text;
use serde::Serialize;

use crate::data::{Client, Entry, Next, metadump};
use crate::failure::Failure;
use crate::output;
use crate::reach::Reach;

/// An item, as scripts are told of it.
#[derive(Serialize)]
struct Told {
    key: String,
    size: u64,
    /// Unix time; -1: never.
    expires: i64,
    /// Unix time.
    accessed: u64,
    fetched: bool,
    /// A text: it has more digits than many readers of JSON keep of a number.
    cas: String,
}

/// Prints the items whose keys begin with `prefix`, `limit` of them at most.
pub(super) fn run(
    prefix: &[u8],
    limit: Option<u64>,
    reach: &Reach,
    json: bool,
) -> Result<(), Failure> {
    let mut client = Client::connect(reach)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut left = limit.unwrap_or(u64::MAX);
    if !json {
        writeln!(
            out,
            "{:>10}  {:>10}  {:>10}  key",
            "bytes", "ttl s", "idle s"
        )
        .map_err(Failure::Output)?;
    }
    if left > 0 {
        metadump(&mut client, prefix, |entry| {
            let line = if json { object(&entry) } else { line(&entry) };
            out.write_all(line.as_bytes()).map_err(Failure::Output)?;
            left -= 1;
            Ok(if left == 0 { Next::Enough } else { Next::More })
        })?;
    }
    out.flush().map_err(Failure::Output)
}

fn object(entry: &Entry) -> String {
    output::json(&Told {
        key: key_text(&entry.key),
        size: entry.size,
        expires: entry.expires.map_or(-1, u64::cast_signed),
        accessed: entry.accessed,
        fetched: entry.is_fetched,
        cas: entry.cas.to_string(),
    })
}

/// Its size and how long it lives and has not been asked for, by our clock.
fn line(entry: &Entry) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.as_ref().map_or(0, Duration::as_secs);
    let ttl = entry.expires.map_or("never".to_owned(), |expires| {
        expires.saturating_sub(now).to_string()
    });
    let idle = now.saturating_sub(entry.accessed);
    let key = key_text(&entry.key);
    format!("{:>10}  {ttl:>10}  {idle:>10}  {key}\n", entry.size)
}
