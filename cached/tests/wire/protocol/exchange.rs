//! One row of the table, and how its replies are compared.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

type Bytes = Cow<'static, [u8]>;

/// What a client sends and the exact bytes that come back. Rows use keys of
/// their own, so that they may run in any order and in one stream.
///
/// In an expectation `<n>` stands for one or more digits, `<98..100>` for a
/// number in that range, `<line>` for the rest of a line and `<stats>` for any
/// number of whole `STAT` lines.
pub(crate) struct Exchange {
    /// The file of the table that it comes from.
    pub(crate) family: &'static str,
    pub(crate) name: &'static str,
    pub(crate) send: Bytes,
    pub(crate) expect: Bytes,
    /// The connection ends after the replies.
    pub(crate) closes: bool,
    /// It touches more than its own keys, so nothing may run beside it.
    pub(crate) alone: bool,
    /// Only a server that does not speak TLS says so.
    pub(crate) without_tls: bool,
    pub(crate) memcached: Memcached,
}

/// What memcached 1.6.18 does with the row. A difference carries its name, under
/// which cached-protocol(7) gives the reason.
pub(crate) enum Memcached {
    Agrees,
    Says(Bytes, &'static str),
    /// Says nothing and closes the connection.
    Closes(&'static str),
    /// Cannot be compared, because it depends on how the bytes arrive or leads
    /// into another protocol.
    NotCompared(&'static str),
    /// Only memcached from 1.6.`patch` on does so, as its document says.
    Since {
        patch: u32,
        document: &'static str,
    },
}

/// Anything a row may be written as.
pub(crate) trait IntoBytes {
    fn into_bytes(self) -> Bytes;
}

impl IntoBytes for &'static str {
    fn into_bytes(self) -> Bytes {
        Cow::Borrowed(self.as_bytes())
    }
}

impl IntoBytes for String {
    fn into_bytes(self) -> Bytes {
        Cow::Owned(self.into_bytes())
    }
}

impl<const N: usize> IntoBytes for &'static [u8; N] {
    fn into_bytes(self) -> Bytes {
        Cow::Borrowed(self)
    }
}

impl IntoBytes for Vec<u8> {
    fn into_bytes(self) -> Bytes {
        Cow::Owned(self)
    }
}

pub(crate) fn row(name: &'static str, send: impl IntoBytes, expect: impl IntoBytes) -> Exchange {
    Exchange {
        family: "",
        name,
        send: send.into_bytes(),
        expect: expect.into_bytes(),
        closes: false,
        alone: false,
        without_tls: false,
        memcached: Memcached::Agrees,
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.family, self.name)
    }
}

impl Exchange {
    /// The connection ends after the replies.
    pub(crate) fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    /// It touches more than its own keys.
    pub(crate) fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// A server that speaks TLS says something else.
    pub(crate) fn without_tls(mut self) -> Self {
        self.without_tls = true;
        self
    }

    /// memcached answers `expect` here and keeps the connection.
    pub(crate) fn memcached_says(mut self, expect: impl IntoBytes, name: &'static str) -> Self {
        self.memcached = Memcached::Says(expect.into_bytes(), name);
        self
    }

    pub(crate) fn memcached_closes(mut self, name: &'static str) -> Self {
        self.memcached = Memcached::Closes(name);
        self
    }

    pub(crate) fn not_compared(mut self, name: &'static str) -> Self {
        self.memcached = Memcached::NotCompared(name);
        self
    }

    /// Newer than 1.6.18; `document` is the sentence that promises it.
    pub(crate) fn since(mut self, patch: u32, document: &'static str) -> Self {
        self.memcached = Memcached::Since { patch, document };
        self
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The expectation is met by this many of the bytes seen.
    Met(usize),
    /// Right so far; more bytes are due.
    MoreDue,
    /// No further byte can make it right.
    Wrong,
}

/// Compares what was seen with an expectation that may hold placeholders.
pub(crate) fn compare(expect: &[u8], seen: &[u8]) -> Verdict {
    compare_and_keep(expect, seen, &mut Vec::new())
}

/// Compares, and keeps the digits that stand where the expectation has `<n>`
/// or a range.
pub(crate) fn compare_and_keep(
    mut expect: &[u8],
    seen: &[u8],
    numbers: &mut Vec<String>,
) -> Verdict {
    let mut at = 0;
    while let Some(&want) = expect.first() {
        let rest = &seen[at..];
        if rest.is_empty() {
            return Verdict::MoreDue;
        }
        let taken = if let Some((range, after)) = number(expect) {
            expect = after;
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == rest.len() {
                return Verdict::MoreDue;
            }
            let text = String::from_utf8_lossy(&rest[..digits]);
            if !text.parse().is_ok_and(|number| range.contains(&number)) {
                return Verdict::Wrong;
            }
            numbers.push(text.into_owned());
            digits
        } else if let Some(after) = expect.strip_prefix(b"<line>") {
            expect = after;
            rest.iter().take_while(|&&b| b != b'\r').count()
        } else if let Some(after) = expect.strip_prefix(b"<stats>") {
            expect = after;
            stat_lines(rest)
        } else if rest[0] == want {
            expect = &expect[1..];
            1
        } else {
            return Verdict::Wrong;
        };
        at += taken;
    }
    Verdict::Met(at)
}

/// Splits `<n>` or `<a..b>` off the front of an expectation.
fn number(expect: &[u8]) -> Option<(RangeInclusive<u64>, &[u8])> {
    if let Some(after) = expect.strip_prefix(b"<n>") {
        return Some((0..=u64::MAX, after));
    }
    let end = expect.iter().position(|&b| b == b'>')?;
    let inside = std::str::from_utf8(expect[..end].strip_prefix(b"<")?).ok()?;
    let (first, last) = inside.split_once("..")?;
    let range = first.parse().ok()?..=last.parse().ok()?;
    Some((range, &expect[end + 1..]))
}

/// Length of the leading `STAT` lines; a line cut short counts as far as it came.
fn stat_lines(bytes: &[u8]) -> usize {
    let mut at = 0;
    while bytes[at..].starts_with(b"STAT ") || b"STAT ".starts_with(&bytes[at..]) {
        match bytes[at..].iter().position(|&b| b == b'\n') {
            Some(end) => at += end + 1,
            None => return bytes.len(),
        }
    }
    at
}

#[test]
fn a_comparison_that_accepts_everything_would_prove_nothing() {
    let cases: [(&[u8], &[u8], Verdict); 16] = [
        (b"END\r\n", b"END\r\n", Verdict::Met(5)),
        (b"END\r\n", b"END\r\nOK", Verdict::Met(5)),
        (b"END\r\n", b"EN", Verdict::MoreDue),
        (b"END\r\n", b"", Verdict::MoreDue),
        (b"END\r\n", b"ERROR\r\n", Verdict::Wrong),
        (b"<n>\r\n", b"12\r\n", Verdict::Met(4)),
        (b"<n>\r\n", b"12", Verdict::MoreDue),
        (b"<n>\r\n", b"x\r\n", Verdict::Wrong),
        (b"<8..10>\r\n", b"9\r\n", Verdict::Met(3)),
        (b"<8..10>\r\n", b"1", Verdict::MoreDue),
        (b"<8..10>\r\n", b"11\r\n", Verdict::Wrong),
        (b"<8..10>\r\n", b"7\r\n", Verdict::Wrong),
        (b"VERSION <line>\r\n", b"VERSION 1.6\r\n", Verdict::Met(13)),
        (b"<stats>END\r\n", b"STAT a 1\r\nEND\r\n", Verdict::Met(15)),
        (b"<stats>END\r\n", b"STAT a 1\r\nST", Verdict::MoreDue),
        (b"<stats>END\r\n", b"STAT a 1\r\nERROR\r\n", Verdict::Wrong),
    ];
    for (expect, seen, verdict) in cases {
        let (e, s) = (expect.escape_ascii(), seen.escape_ascii());
        assert_eq!(compare(expect, seen), verdict, "{e} against {s}");
    }
    assert_eq!(compare(b"", b""), Verdict::Met(0));
}
