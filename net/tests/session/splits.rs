//! Any stream, cut anywhere, gives the same requests and the same replies, and
//! never more in memory than its bounds.

use net::{LINE_MAX, Limits};
use proptest::collection::vec;
use proptest::prelude::*;

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
struct Outcome {
    requests: Vec<Vec<u8>>,
    out: String,
    closed: Option<net::Close>,
    refused: u32,
}

/// How large values are received.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Buffer,
    Place,
    /// Into a place, and with every piece that came out of it into a buffer.
    Withdrawn,
}

fn outcome(stream: &[u8], sizes: &[usize], way: Way) -> Outcome {
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

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => "[abc]".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 1..10),
        1 => (245usize..256).prop_map(|length| vec![b'k'; length]),
    ]
}

fn number() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => (0u64..30).prop_map(|number| number.to_string().into_bytes()),
        1 => any::<i64>().prop_map(|number| number.to_string().into_bytes()),
        1 => any::<u64>().prop_map(|number| number.to_string().into_bytes()),
        1 => vec(any::<u8>(), 0..4),
    ]
}

/// A body and the length announced for it, which is mostly true.
fn body() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let value = prop_oneof![
        8 => vec(any::<u8>(), 0..40),
        1 => (4000usize..12_000).prop_map(|length| vec![b'v'; length]),
        1 => (16_380usize..16_390).prop_map(|length| (0..length).map(|at| at as u8).collect()),
        1 => (20_000usize..70_000).prop_map(|length| (0..length).map(|at| at as u8).collect()),
    ];
    (
        value,
        prop_oneof![9 => Just(None), 1 => number().prop_map(Some)],
    )
        .prop_map(|(value, lie)| {
            let length = value.len().to_string().into_bytes();
            (value, lie.unwrap_or(length))
        })
}

fn tail() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => Just(b"\r\n".to_vec()),
        2 => Just(b" noreply\r\n".to_vec()),
        1 => Just(b"\n".to_vec()),
        1 => Just(b"  more \r\n".to_vec()),
    ]
}

fn words(parts: &[&[u8]]) -> Vec<u8> {
    parts.join(&b' ')
}

fn storage() -> impl Strategy<Value = Vec<u8>> {
    let verb = prop::sample::select(vec!["set", "add", "replace", "append", "prepend", "cas"]);
    (verb, key(), number(), number(), body(), tail()).prop_map(
        |(verb, key, flags, exptime, (value, length), tail)| {
            let mut line = words(&[verb.as_bytes(), &key, &flags, &exptime, &length]);
            if verb == "cas" {
                line.extend_from_slice(b" 1");
            }
            [line, tail, value, b"\r\n".to_vec()].concat()
        },
    )
}

fn retrieval() -> impl Strategy<Value = Vec<u8>> {
    let verb = prop::sample::select(vec!["get", "gets", "gat 0", "gats -1", "gat x"]);
    let times = prop_oneof![9 => 1usize..5, 1 => 300usize..600];
    (verb, vec(key(), 0..5), times).prop_map(|(verb, keys, times)| {
        let keys = [b" ", keys.join(&b' ').as_slice()].concat();
        [verb.as_bytes(), &keys.repeat(times), b"\r\n"].concat()
    })
}

fn other() -> impl Strategy<Value = Vec<u8>> {
    let verb = prop::sample::select(vec![
        "incr",
        "decr",
        "touch",
        "delete",
        "verbosity",
        "version",
        "stats",
        "flush_all",
        "nonsense",
    ]);
    (verb, vec(prop_oneof![key(), number()], 0..4), tail())
        .prop_map(|(verb, parts, tail)| [verb.as_bytes(), b" ", &parts.join(&b' '), &tail].concat())
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let request =
        prop_oneof![4 => storage(), 4 => retrieval(), 2 => other(), 1 => vec(any::<u8>(), 0..30)];
    vec(request, 1..20).prop_map(|requests| requests.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn requests_do_not_depend_on_where_the_stream_is_cut(
        stream in stream(),
        sizes in vec(prop_oneof![3 => 1usize..20, 1 => 1usize..5000], 1..10),
    ) {
        let whole = outcome(&stream, &[usize::MAX], Way::Buffer);
        for way in [Way::Buffer, Way::Place, Way::Withdrawn] {
            prop_assert_eq!(&whole, &outcome(&stream, &sizes, way), "{:?}", way);
        }
    }

    #[test]
    fn arbitrary_bytes_neither_panic_nor_pile_up(
        stream in vec(any::<u8>(), 0..5000),
        sizes in vec(1usize..3000, 1..5),
    ) {
        outcome(&stream, &sizes, Way::Place);
    }
}

#[test]
fn a_body_of_16_kib_may_be_cut_anywhere() {
    for length in [16_383, 16_384, 16_385] {
        let value: Vec<u8> = (0..length).map(|at| (at / 3) as u8).collect();
        let request = [
            format!("set k 5 0 {length}\r\n").as_bytes(),
            &value,
            b"\r\n",
        ]
        .concat();
        let stream = [&request[..], b"get k\r\n", &request[..200], b"\r\n"].concat();
        let whole = outcome(&stream, &[usize::MAX], Way::Buffer);
        let ends = (1..40).chain(length - 40..length + 60);
        for cut in ends.chain((40..length - 40).step_by(977)) {
            for way in [Way::Place, Way::Withdrawn] {
                let cuts = [cut, usize::MAX, 1];
                assert!(
                    whole == outcome(&stream, &cuts, way),
                    "{length} {cut} {way:?}"
                );
            }
        }
    }
}
