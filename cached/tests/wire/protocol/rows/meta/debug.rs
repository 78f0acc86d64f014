//! `me`, and `mn`.

use crate::protocol::exchange::{Exchange, row};
use crate::protocol::rows::long_key;

const FORMAT: &str = "CLIENT_ERROR bad command line format\r\n";

pub(in crate::protocol::rows) fn rows() -> Vec<Exchange> {
    vec![
        row("mn", "mn\r\n", "MN\r\n"),
        row(
            "mn passes over words",
            "mn x y\r\nmn \r\n  mn\n",
            "MN\r\nMN\r\nMN\r\n",
        ),
        row(
            "mn answers in its place",
            "mg E1\r\nmn\r\nset E1 0 0 1\r\na\r\nmn\r\nget E1\r\nmn\r\n",
            "EN\r\nMN\r\nSTORED\r\nMN\r\nVALUE E1 0 1\r\na\r\nEND\r\nMN\r\n",
        ),
        row(
            "no other verbs begin with m",
            "mm\r\nmx E2\r\nmgg E2\r\n",
            "ERROR\r\nERROR\r\nERROR\r\n",
        ),
        row("me of a miss", "me E3\r\nme E3 k O1\r\n", "EN\r\nEN\r\n"),
        row(
            "me of an item that never expires",
            "set E4 0 0 1\r\na\r\nme E4\r\n",
            "STORED\r\nME E4 exp=-1 la=<n> cas=<n> fetch=no cls=<n> size=<n>\r\n",
        ),
        row(
            "me shows the seconds left below zero",
            "set E5 0 100 1\r\na\r\nme E5\r\n",
            "STORED\r\nME E5 exp=-<98..100> la=<n> cas=<n> fetch=no cls=<n> size=<n>\r\n",
        ),
        row(
            "me shows a fetch",
            "set E6 0 0 1\r\na\r\nget E6\r\nme E6\r\n",
            "STORED\r\nVALUE E6 0 1\r\na\r\nEND\r\n\
             ME E6 exp=-1 la=<n> cas=<n> fetch=yes cls=<n> size=<n>\r\n",
        ),
        row(
            "me passes over words that are not b",
            "set E7 0 0 1\r\na\r\nme E7 k O1 q zz zz\r\n",
            "STORED\r\nME E7 exp=-1 <line>\r\n",
        ),
        row("me alone", "me\r\n", FORMAT),
        row(
            "me of a key of 251 bytes",
            format!("me {}\r\n", long_key("E8", 251)),
            FORMAT,
        ),
        row("me of a key that is no base64", "me E9! b\r\n", FORMAT),
        row(
            "me decodes a key only when b comes first",
            "ms RTEw 1 b\r\na\r\nme RTEw b\r\nme RTEw b k\r\nme E10\r\nme RTEw k b\r\n",
            "HD\r\nME RTEw exp=-1 <line>\r\nME RTEw exp=-1 <line>\r\nME RTEw exp=-1 <line>\r\nEN\r\n",
        ),
    ]
}
