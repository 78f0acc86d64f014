//! Every item there is, one by one: `lru_crawler metadump`.

use net::admin::key_bytes;

use super::Client;
use crate::failure::Failure;

/// What is told of an item. Times are in Unix time, by the server's clock.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: Vec<u8>,
    /// `None`: never.
    pub(crate) expires: Option<u64>,
    pub(crate) accessed: u64,
    pub(crate) cas: u64,
    /// It was asked for at least once.
    pub(crate) is_fetched: bool,
    /// Bytes, with its key and what the server keeps beside it.
    pub(crate) size: u64,
}

/// Whether more is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    More,
    Enough,
}

/// Shows `take` the items whose keys begin with `prefix`, as they come and in no order.
pub(crate) fn metadump(
    client: &mut Client,
    prefix: &[u8],
    mut take: impl FnMut(Entry) -> Result<Next, Failure>,
) -> Result<(), Failure> {
    client.send(b"lru_crawler metadump all\r\n")?;
    loop {
        let line = client.line()?;
        if line == b"END" {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        if text.starts_with("BUSY") {
            return Err(Failure::Refused(text.into()));
        }
        let entry = entry(&text).ok_or_else(|| client.foreign())?;
        if entry.key.starts_with(prefix) && take(entry)? == Next::Enough {
            return Ok(());
        }
    }
}

/// Reads a line. What it tells besides is for newer clients.
fn entry(line: &str) -> Option<Entry> {
    let mut entry = Entry {
        key: key_bytes(line.split(' ').next()?.strip_prefix("key=")?)?,
        ..Entry::default()
    };
    for word in line.split(' ').skip(1) {
        match word.split_once('=')? {
            // -1: it does not expire.
            ("exp", text) => entry.expires = text.parse::<i64>().ok()?.try_into().ok(),
            ("la", text) => entry.accessed = text.parse().ok()?,
            ("cas", text) => entry.cas = text.parse().ok()?,
            ("fetch", text) => entry.is_fetched = text == "yes",
            ("size", text) => entry.size = text.parse().ok()?,
            _ => {}
        }
    }
    Some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_would_be_told_wrong() {
        let line =
            "key=a%20b%ff exp=1795430700 la=1795430640 cas=7 fetch=yes cls=1 size=1195 new=1";
        let wanted = Entry {
            key: b"a b\xff".to_vec(),
            expires: Some(1_795_430_700),
            accessed: 1_795_430_640,
            cas: 7,
            is_fetched: true,
            size: 1195,
        };
        assert_eq!(entry(line), Some(wanted));
        let lasting = entry("key=k exp=-1 la=1 cas=2 fetch=no cls=1 size=9").expect("an item");
        assert_eq!(lasting.expires, None);
        for line in ["", "OK", "key=%zz exp=1", "key=k exp=soon", "key=k exp"] {
            assert_eq!(entry(line), None, "{line}");
        }
    }
}
