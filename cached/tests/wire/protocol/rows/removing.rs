//! delete.

use super::long_key;
use crate::protocol::exchange::{Exchange, row};

const USAGE: &str = "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n";

pub(super) fn rows() -> Vec<Exchange> {
    vec![
        row(
            "delete removes once",
            "set d1 0 0 1\r\na\r\ndelete d1\r\nget d1\r\ndelete d1\r\n",
            "STORED\r\nDELETED\r\nEND\r\nNOT_FOUND\r\n",
        ),
        row(
            "delete noreply",
            "set d2 0 0 1\r\na\r\ndelete d2 noreply\r\nget d2\r\n",
            "STORED\r\nEND\r\n",
        ),
        row(
            "delete with the old time argument 0",
            "set d3 0 0 1\r\na\r\ndelete d3 0\r\nset d3 0 0 1\r\na\r\ndelete d3 0 noreply\r\nget d3\r\n",
            "STORED\r\nDELETED\r\nSTORED\r\nEND\r\n",
        ),
        row(
            "delete with another time is refused",
            "set d4 0 0 1\r\na\r\ndelete d4 10\r\nget d4\r\n",
            format!("STORED\r\n{USAGE}VALUE d4 0 1\r\na\r\nEND\r\n"),
        ),
        row(
            "delete with another time and noreply is refused silently",
            "set d10 0 0 1\r\na\r\ndelete d10 10 noreply\r\nget d10\r\n",
            "STORED\r\nVALUE d10 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "delete noreply of a miss is silent",
            "delete d11 noreply\r\ndelete d11 0 noreply\r\nget d11\r\n",
            "END\r\n",
        ),
        row("delete with two times", "delete d12 0 0\r\n", USAGE),
        row("delete with a word", "delete d13 x\r\n", USAGE),
        row("delete with a negative time", "delete d5 -1\r\n", USAGE),
        row("delete with a time and a word", "delete d6 0 x\r\n", USAGE),
        row(
            "delete with too many words",
            "delete d7 0 noreply x\r\n",
            "ERROR\r\n",
        ),
        row("delete alone", "delete\r\n", "ERROR\r\n"),
        row(
            "delete of a key of 251 bytes",
            format!("delete {}\r\n", long_key("d8", 251)),
            "CLIENT_ERROR bad command line format\r\n",
        ),
        row(
            "delete of an expired item",
            "set d9 0 -1 1\r\na\r\ndelete d9\r\n",
            "STORED\r\nNOT_FOUND\r\n",
        ),
    ]
}
