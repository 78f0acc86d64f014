//! Replies, cut from a stream of bytes.

use memchr::memchr;

use super::{Line, Protocol, Reply, Value, classic, meta};

/// A reply line is shorter than this.
const LINE_MAX: usize = 2048;

/// The most digits of a counter. The meta protocol tells it as a value, so a value
/// that may be one is handed out, wanted or not.
const NUMBER_MAX: usize = 20;

/// Cuts a stream of bytes into replies.
#[derive(Clone, Debug)]
pub struct Reader {
    protocol: Protocol,
    wants_values: bool,
    /// Bytes of a value that nobody wants, still to come.
    skip: usize,
}

impl Reader {
    /// One that hands out values whole, or only says how long they are.
    pub fn new(protocol: Protocol, wants_values: bool) -> Self {
        Self {
            protocol,
            wants_values,
            skip: 0,
        }
    }

    /// Forgets what was begun: another stream follows.
    pub fn begin(&mut self) {
        self.skip = 0;
    }

    /// Takes the next reply off `bytes`, or `None` when it is not all there: then
    /// the rest of `bytes` is to be shown again, with more behind it.
    /// An error says what is no reply at all.
    #[inline]
    pub fn next<'b>(&mut self, bytes: &mut &'b [u8]) -> Result<Option<Reply<'b>>, String> {
        if self.skip > 0 {
            let skipped = self.skip.min(bytes.len());
            *bytes = &bytes[skipped..];
            self.skip -= skipped;
        }
        // The end of a hit is the most frequent line.
        if self.protocol == Protocol::Classic
            && let Some(rest) = bytes.strip_prefix(b"END\r\n")
        {
            *bytes = rest;
            return Ok(Some(Reply::End));
        }
        let Some(end) = memchr(b'\n', bytes) else {
            if bytes.len() > LINE_MAX {
                return Err(format!("no line ends within {LINE_MAX} bytes"));
            }
            return Ok(None);
        };
        let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
        let rest = &bytes[end + 1..];
        let told = match self.protocol {
            Protocol::Classic => classic::line(line),
            Protocol::Meta => meta::line(line),
        };
        match told.ok_or_else(|| unknown(line))? {
            Line::Whole(reply) => {
                *bytes = rest;
                Ok(Some(reply))
            }
            Line::Value(value) if self.is_wanted(value.length) => take(value, rest, bytes),
            Line::Value(value) => {
                self.skip = value.length + 2;
                *bytes = rest;
                Ok(Some(Reply::Value(value)))
            }
        }
    }

    fn is_wanted(&self, length: usize) -> bool {
        self.wants_values || self.protocol == Protocol::Meta && length <= NUMBER_MAX
    }
}

/// Takes the value off `rest`, which follows its line, if it is all there.
#[inline]
fn take<'b>(
    value: Value<'b>,
    rest: &'b [u8],
    bytes: &mut &'b [u8],
) -> Result<Option<Reply<'b>>, String> {
    let Some((own, after)) = rest.split_at_checked(value.length) else {
        return Ok(None);
    };
    let Some((line_end, after)) = after.split_at_checked(2) else {
        return Ok(None);
    };
    if line_end != b"\r\n" {
        let length = value.length;
        return Err(format!("a value of {length} bytes does not end there"));
    }
    *bytes = after;
    Ok(Some(Reply::Value(Value {
        bytes: Some(own),
        ..value
    })))
}

fn unknown(line: &[u8]) -> String {
    let start = &line[..line.len().min(60)];
    format!("`{}` is no reply", start.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSIC: &[u8] =
        b"VALUE a 0 5\r\nE\r\nND\r\nVALUE bb 7 0\r\n\r\nEND\r\nEND\r\nSTORED\r\n\
        NOT_STORED\r\nDELETED\r\nNOT_FOUND\r\n18446744073709551615\r\n5  \r\nERROR\r\n\
        SERVER_ERROR out of memory storing object\r\nCLIENT_ERROR no\r\n";

    const META: &[u8] =
        b"VA 5\r\nE\r\nND\r\nVA 0 f7\r\n\r\nVA 25 f4294967295 kbb\r\nHD\r\n3456789012345678901\r\n\r\n\
        VA 21 kEN\r\n\r\n23456789012345678\r\n\r\nEN\r\nEN ka\r\nMN\r\nHD\r\nNS\r\nNF\r\nERROR\r\n\
        SERVER_ERROR out of memory reading request\r\nCLIENT_ERROR no\r\n";

    /// What a reader makes of the stream when it comes in pieces of this size.
    fn read(protocol: Protocol, wants_values: bool, stream: &[u8], piece: usize) -> Vec<String> {
        let mut reader = Reader::new(protocol, wants_values);
        let (mut kept, mut seen) = (Vec::new(), Vec::new());
        for piece in stream.chunks(piece) {
            kept.extend_from_slice(piece);
            let mut bytes = kept.as_slice();
            while let Some(reply) = reader.next(&mut bytes).unwrap() {
                seen.push(format!("{reply:?}"));
            }
            kept = bytes.to_vec();
        }
        assert!(kept.is_empty(), "{}", kept.escape_ascii());
        seen
    }

    #[test]
    fn replies_would_depend_on_how_they_were_cut() {
        for (protocol, stream, replies) in
            [(Protocol::Classic, CLASSIC, 13), (Protocol::Meta, META, 13)]
        {
            for wants_values in [false, true] {
                let whole = read(protocol, wants_values, stream, stream.len());
                assert_eq!(whole.len(), replies);
                for piece in 1..stream.len() {
                    let pieces = read(protocol, wants_values, stream, piece);
                    assert_eq!(pieces, whole, "pieces of {piece}");
                }
            }
            let first = &read(protocol, true, stream, 9)[0];
            assert!(first.contains(&format!("{:?}", b"E\r\nND")), "{first}");
        }
    }

    #[test]
    fn a_counter_would_be_passed_over_as_a_value_that_nobody_wants() {
        let mut bytes = &b"VA 20\r\n18446744073709551615\r\n"[..];
        let reply = Reader::new(Protocol::Meta, false).next(&mut bytes);
        let Ok(Some(Reply::Value(value))) = reply else {
            panic!("{reply:?}");
        };
        assert_eq!(value.bytes, Some(&b"18446744073709551615"[..]));
    }

    fn is_garbage(protocol: Protocol, mut bytes: &[u8]) -> bool {
        Reader::new(protocol, true).next(&mut bytes).is_err()
    }

    #[test]
    fn garbage_would_count_as_replies() {
        for garbage in [
            &b"VALUE a 0\r\n"[..],
            b"VALUE a 0 x\r\n",
            b"VALUE a  5\r\n",
            b"VALUE  0 5\r\n",
            b"VALUE a x 5\r\n",
            b"VALUE a 4294967296 5\r\n",
            b"VALUE a 0 99999999999999999999\r\n",
            b"VALUE a 0 1\r\nxyz",
            b"HELLO\r\n",
            b"\r\n",
            b"-1\r\n",
            b"HD\r\n",
            b"VA 1\r\n5\r\n",
            &[b'x'; LINE_MAX + 1],
        ] {
            let is_garbage = is_garbage(Protocol::Classic, garbage);
            assert!(is_garbage, "{}", garbage.escape_ascii());
        }
        for garbage in [
            &b"VA\r\n"[..],
            b"VA \r\n",
            b"VA x\r\n",
            b"VA 99999999999999999999\r\n",
            b"VA 1 \r\n5\r\n",
            b"VA 1 f\r\n5\r\n",
            b"VA 1 f4294967296\r\n5\r\n",
            b"VA 1 k\r\n5\r\n",
            b"VA 1 ka f1\r\n5\r\n",
            b"VA 1 ka W\r\n5\r\n",
            b"VA 1\r\nxyz",
            b"HD k\r\n",
            b"hd\r\n",
            b"EN \r\n",
            b"EN k\r\n",
            b"EN ka f0\r\n",
            b"END\r\n",
            b"STORED\r\n",
            b"5\r\n",
            b"\r\n",
            &[b'x'; LINE_MAX + 1],
        ] {
            let is_garbage = is_garbage(Protocol::Meta, garbage);
            assert!(is_garbage, "{}", garbage.escape_ascii());
        }
    }
}
