//! What a whole stream comes to, however it is cut.

use net::{LINE_MAX, Limits};

use crate::client::Client;
use crate::map::ITEM_MAX;

/// Small bounds, so that short streams reach them.
fn limits() -> Limits {
    Limits {
        retrieval_line: 5000,
        output: 300,
        operations: 7,
    }
}

/// What a whole stream came to.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    requests: Vec<Vec<u8>>,
    out: String,
    closed: Option<net::Close>,
    refused: u32,
}

/// How large values are received.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    Buffer,
    Place,
    /// Into a place, and with every piece that came out of it into a buffer.
    Withdrawn,
}

pub(crate) fn outcome(stream: &[u8], sizes: &[usize], way: Way) -> Outcome {
    let mut client = Client::with_limits(limits());
    client.map.places = way != Way::Buffer;
    let mut sizes = sizes.iter().copied().cycle();
    let mut rest = stream;
    while !rest.is_empty() && client.closed.is_none() {
        let size = sizes.next().unwrap_or(usize::MAX).clamp(1, rest.len());
        let (now, later) = rest.split_at(size);
        client.send(now);
        rest = later;
        if way == Way::Withdrawn {
            assert!(client.session.withdraw(&client.budget));
        }
        let bound = ITEM_MAX + LINE_MAX;
        assert!(client.held_most <= bound, "held {} bytes", client.held_most);
    }
    let held = client.held();
    assert_eq!(client.budget.used(), held, "every byte held is charged");
    Outcome {
        requests: std::mem::take(&mut client.map.requests),
        out: client.take_out(),
        closed: client.closed,
        refused: client.refused,
    }
}

/// Bytes at the front of a seed that say where the rest is cut.
const CUTS: usize = 4;

/// The replies to a stream, and all that it does, do not depend on where it is
/// cut. That is told by its first bytes.
pub(crate) fn is_the_same_however_it_is_cut(bytes: &[u8]) {
    let (cuts, stream) = bytes.split_at(CUTS.min(bytes.len()));
    // A gat of many keys is served only in one piece, as memcached does.
    let is_long_gat = |line: &[u8]| line.len() >= LINE_MAX && line.starts_with(b"gat");
    if stream.split(|&byte| byte == b'\n').any(is_long_gat) {
        return;
    }
    // Most pieces are short; the longest have some 4 KiB.
    let sizes: Vec<usize> = cuts
        .iter()
        .map(|&cut| match usize::from(cut) {
            cut @ 0..128 => cut + 1,
            cut => (cut - 127) * 32,
        })
        .collect();
    let whole = outcome(stream, &[usize::MAX], Way::Buffer);
    for way in [Way::Buffer, Way::Place, Way::Withdrawn] {
        assert_eq!(whole, outcome(stream, &sizes, way), "{way:?}");
    }
}
