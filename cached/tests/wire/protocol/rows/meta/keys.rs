//! Keys in base64: flag `b`. `S0sx` is "KK1", and so on.

use crate::protocol::exchange::{Exchange, row};

const DECODING: &str = "CLIENT_ERROR error decoding key\r\n";

pub(in crate::protocol::rows) fn rows() -> Vec<Exchange> {
    vec![
        row(
            "a key in base64 is echoed in base64",
            "mg S0sx b k\r\nms S0sx 1 b k\r\na\r\nmg S0sx b k v\r\nmd S0sx b k\r\n",
            "EN kS0sx b\r\nHD kS0sx b\r\nVA 1 kS0sx b\r\na\r\nHD kS0sx b\r\n",
        ),
        row(
            "b follows the key, wherever it was asked",
            "mg S0sy k O1 b\r\nmg S0sy b O1 k\r\nms S0sy 1 O1 k c b\r\na\r\nmg S0sy k b s O2\r\n",
            "EN kS0sy b O1\r\nEN O1 kS0sy b\r\nHD O1 kS0sy b c<n>\r\nHD kS0sy b s1 O2\r\n",
        ),
        row(
            "b alone is not echoed",
            "mg S0sz b\r\nms S0sz 1 b\r\na\r\nmg S0sz b v\r\nmd S0sz b\r\n",
            "EN\r\nHD\r\nVA 1\r\na\r\nHD\r\n",
        ),
        row(
            "a key in base64 and the same key in plain are one",
            "ms S0s0 1 b\r\na\r\nget KK4\r\nset KK4 0 0 1\r\nb\r\nmg S0s0 b v\r\ndelete KK4\r\nmg S0s0 b\r\n",
            "HD\r\nVALUE KK4 0 1\r\na\r\nEND\r\nSTORED\r\nVA 1\r\nb\r\nDELETED\r\nEN\r\n",
        ),
        row(
            "an item stored by a key in base64 shows it so to everybody",
            "ms S0s1 1 b\r\na\r\nmg KK5 k\r\nme KK5\r\n",
            "HD\r\nHD kS0s1 b\r\nME S0s1 exp=-1 <line>\r\n",
        ),
        row(
            "an item stored by a plain key shows it so to everybody",
            "set KK6 0 0 1\r\na\r\nmg S0s2 b k\r\nmg S0s2 k b O1\r\nme S0s2 b\r\n",
            "STORED\r\nHD kKK6\r\nHD kKK6 O1\r\nME KK6 exp=-1 <line>\r\n",
        ),
        row(
            "an item that grows remembers how its key was written",
            "ms S0th 1 b\r\n9\r\nincr KKa 1\r\nappend KKa 0 0 1\r\na\r\nmg KKa k v\r\n\
             set KKa 0 0 1\r\na\r\nmg S0th b k\r\n",
            "HD\r\n10\r\nSTORED\r\nVA 3 kS0th b\r\n10a\r\nSTORED\r\nHD kKKa\r\n",
        )
        .memcached_says(
            "HD\r\n10\r\nSTORED\r\nVA 3 kKKa\r\n10a\r\nSTORED\r\nHD kKKa\r\n",
            "key shown",
        ),
        row(
            "ma and md echo the key as they were asked",
            "set KK7 0 0 1\r\n5\r\nma S0s3 b k v\r\nma KK7 k\r\nmd S0s3 b k\r\nma S0s3 b k\r\nmd S0s3 k b\r\n",
            "STORED\r\nVA 1 kS0s3 b\r\n6\r\nHD kKK7\r\nHD kS0s3 b\r\nNF kS0s3 b\r\nNF kS0s3 b\r\n",
        ),
        row(
            "mg N remembers how the key was written",
            "mg S0s4 b N0 k\r\nmg S0s4 b k\r\n",
            "HD kS0s4 b W\r\nHD kS0s4 b Z\r\n",
        )
        .memcached_says("HD kKK8 W\r\nHD kKK8 Z\r\n", "key shown"),
        row(
            "ma N with a key in base64",
            "ma S0s5 b N0 k\r\nma S0s5 b k\r\nget KK9\r\n",
            "HD kS0s5 b\r\nHD kS0s5 b\r\nVALUE KK9 0 1\r\n1\r\nEND\r\n",
        ),
        row(
            "a key of bytes that no plain key may have",
            "ms IAAKDQ== 1 b k\r\na\r\nmg IAAKDQ== b k v\r\nmd IAAKDQ== b\r\n",
            "HD kIAAKDQ== b\r\nVA 1 kIAAKDQ== b\r\na\r\nHD\r\n",
        ),
        row(
            "a key in base64 of 248 bytes",
            format!("mg {0} b k\r\n", "S0th".repeat(62)),
            format!("EN k{0} b\r\n", "S0th".repeat(62)),
        ),
        row(
            "a key in base64 is measured as it was sent",
            format!("mg {} b k\r\n", "S0th".repeat(63)),
            "CLIENT_ERROR bad command line format\r\n",
        ),
        row(
            "a key that is no base64",
            "mg S0s b\r\nmg S0sx= b\r\nmg S=== b\r\nmg ==== b\r\nmg !!! b q\r\n",
            DECODING.repeat(5),
        ),
        row(
            "an ms of a key that is no base64 swallows its body",
            "ms S0s 4 b\r\nmn\r\n\r\nmn\r\n",
            format!("{DECODING}MN\r\n"),
        ),
        row(
            "md and ma of a key that is no base64",
            "md S0s b\r\nma S0s b N0\r\n",
            "CLIENT_ERROR invalid or duplicate flag\r\n".repeat(2),
        ),
    ]
}
