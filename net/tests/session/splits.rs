//! Any stream, cut anywhere, gives the same requests and the same replies, and
//! never more in memory than its bounds.

use net::LINE_MAX;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::outcome::{Way, outcome};

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
        let mut line = [verb.as_bytes(), &keys.repeat(times)].concat();
        if verb.starts_with("gat") {
            // A longer one is only served in one piece.
            line.truncate(LINE_MAX - 1);
        }
        [&line, &b"\r\n"[..]].concat()
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

fn flags() -> impl Strategy<Value = Vec<u8>> {
    let flag = prop_oneof![
        8 => "[bckqstvfhluIx]".prop_map(String::into_bytes),
        3 => ("[NRTDJFC]", number()).prop_map(|(flag, token)| [flag.into_bytes(), token].concat()),
        2 => "M[SEAPRID+]|O[a-z]{0,40}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..4),
    ];
    vec(flag, 0..6).prop_map(|flags| words(&flags.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

fn meta() -> impl Strategy<Value = Vec<u8>> {
    let verb = prop::sample::select(vec!["mg", "md", "ma", "me", "mn"]);
    let key = prop_oneof![3 => key(), 1 => "[abc]{4}".prop_map(String::into_bytes)];
    let request = (verb, key.clone(), flags()).prop_map(|(verb, key, flags)| {
        [&words(&[verb.as_bytes(), &key, &flags])[..], b"\r\n"].concat()
    });
    let store = (key, flags(), body()).prop_map(|(key, flags, (value, length))| {
        let line = words(&[b"ms", &key, &length, &flags]);
        [&line[..], b"\r\n", &value, b"\r\n"].concat()
    });
    prop_oneof![request, store]
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let request = prop_oneof![4 => storage(), 4 => retrieval(), 2 => other(), 4 => meta(), 1 => vec(any::<u8>(), 0..30)];
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
        let set = format!("set k 5 0 {length}\r\n");
        let ms = format!("ms a2tr {length} b F5 k T30 O1 c\r\n");
        for line in [set, ms] {
            body_cut_anywhere(line.as_bytes(), length);
        }
    }
}

fn body_cut_anywhere(line: &[u8], length: usize) {
    let value: Vec<u8> = (0..length).map(|at| (at / 3) as u8).collect();
    let request = [line, &value, b"\r\n"].concat();
    let (rest, cut) = (b"get k\r\nmg kkk v t f\r\n", &request[..200]);
    let stream = [&request[..], rest, cut, b"\r\n"].concat();
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
