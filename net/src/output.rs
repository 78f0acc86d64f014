//! The replies of some sessions until they are sent.

/// A value of so many bytes is sent from where it lies: to copy it would cost
/// more than a piece of its own.
pub(crate) const LENT_MIN: usize = 16 << 10;

/// Replies in the order they are sent in: bytes, and between them large values
/// that are lent for as long as `'v`.
///
/// ```text
/// bytes  | VALUE a 0 20000\r\n | \r\nEND\r\nVALUE b 0 30000\r\n | \r\nEND\r\n |
/// lent                         a                               b
/// ```
#[derive(Debug, Default)]
pub struct Output<'v> {
    bytes: Vec<u8>,
    lent: Vec<Lent<'v>>,
    lent_bytes: usize,
}

/// A value, and how many of the output's bytes go before it.
#[derive(Clone, Copy, Debug)]
struct Lent<'v> {
    value: &'v [u8],
    at: usize,
}

/// A place between two replies.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    bytes: usize,
    lent: usize,
}

/// What lies between two marks: one session's replies.
#[derive(Clone, Copy, Debug)]
pub struct Replies<'o> {
    bytes: &'o [u8],
    /// The first of them, counted from the output's start.
    start: usize,
    lent: &'o [Lent<'o>],
}

impl<'v> Output<'v> {
    /// An empty output that reuses the memory of `bytes`.
    pub fn new(mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        Output {
            bytes,
            lent: Vec::new(),
            lent_bytes: 0,
        }
    }

    /// The memory of the bytes, to be reused.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Bytes to be sent, lent ones included.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.bytes.len() + self.lent_bytes
    }

    /// The end of what is there.
    pub fn mark(&self) -> Mark {
        Mark {
            bytes: self.bytes.len(),
            lent: self.lent.len(),
        }
    }

    /// What lies between two marks.
    pub fn between(&self, from: Mark, to: Mark) -> Replies<'_> {
        Replies {
            bytes: self.bytes.get(from.bytes..to.bytes).unwrap_or_default(),
            start: from.bytes,
            lent: self.lent.get(from.lent..to.lent).unwrap_or_default(),
        }
    }

    /// Where replies are appended that are not lent.
    pub(crate) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(crate) fn lend(&mut self, value: &'v [u8]) {
        let at = self.bytes.len();
        self.lent.push(Lent { value, at });
        self.lent_bytes += value.len();
    }
}

impl<'o> Replies<'o> {
    /// Bytes to be sent, lent ones included.
    pub fn len(&self) -> usize {
        let lent: usize = self.lent.iter().map(|lent| lent.value.len()).sum();
        self.bytes.len() + lent
    }

    /// There is nothing to be sent.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// All of it, where nothing is lent.
    pub fn whole(&self) -> Option<&'o [u8]> {
        self.lent.is_empty().then_some(self.bytes)
    }

    /// All of it, piece by piece. None is empty.
    pub fn pieces(&self) -> impl Iterator<Item = &'o [u8]> {
        let (bytes, start) = (self.bytes, self.start);
        let starts = std::iter::once(start).chain(self.lent.iter().map(|lent| lent.at));
        let before = self.lent.iter().zip(starts).flat_map(move |(lent, from)| {
            let own = bytes.get(from - start..lent.at - start);
            [own.unwrap_or_default(), lent.value]
        });
        let last = self.lent.last().map_or(start, |lent| lent.at);
        let rest = bytes.get(last - start..).unwrap_or_default();
        before
            .chain([rest])
            .filter(|piece: &&[u8]| !piece.is_empty())
    }

    /// A copy of what follows the first `sent` bytes.
    pub fn after(&self, sent: usize) -> Vec<u8> {
        let mut rest = Vec::with_capacity(self.len() - sent);
        let mut skip = sent;
        for piece in self.pieces() {
            let (_, unsent) = piece.split_at(skip.min(piece.len()));
            skip -= piece.len() - unsent.len();
            rest.extend_from_slice(unsent);
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::Output;

    #[test]
    fn what_was_not_sent_is_kept_whole_wherever_the_send_ended() {
        let (a, b) = (b"first".repeat(3), b"second".repeat(2));
        let mut output = Output::new(b"left over".to_vec());
        output.bytes().extend_from_slice(b"others");
        output.lend(b"theirs");
        let from = output.mark();
        output.bytes().extend_from_slice(b"head ");
        output.lend(&a);
        output.lend(&b);
        output.bytes().extend_from_slice(b" tail");
        let to = output.mark();
        output.bytes().extend_from_slice(b"others");
        output.lend(b"theirs");

        let all = [b"head ", &a[..], &b, b" tail"].concat();
        let replies = output.between(from, to);
        assert_eq!(replies.len(), all.len());
        assert_eq!(replies.pieces().collect::<Vec<_>>().concat(), all);
        for sent in 0..=all.len() {
            assert_eq!(replies.after(sent), all[sent..]);
        }
        assert_eq!(output.len(), all.len() + 2 * b"otherstheirs".len());
    }

    #[test]
    fn bytes_alone_are_one_piece() {
        let mut output = Output::new(Vec::new());
        let from = output.mark();
        assert!(output.between(from, output.mark()).is_empty());
        output.bytes().extend_from_slice(b"END\r\n");
        let replies = output.between(from, output.mark());
        assert_eq!(replies.whole(), Some(&b"END\r\n"[..]));
    }
}
