//! Other commands that name a key.

use super::{EXPTIME, Exchange, FORMAT, row};

const USAGE: &str = "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n";
const DELTA: &str = "CLIENT_ERROR invalid numeric delta argument\r\n";
const NUMERIC: &str = "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n";

pub(super) fn deletes() -> Vec<Exchange> {
    vec![
        row(
            "delete",
            "set a 0 0 1\r\nx\r\ndelete a\r\ndelete a\r\n",
            "STORED\r\nDELETED\r\nNOT_FOUND\r\n",
        ),
        row(
            "delete with the time 0",
            "delete a 0\r\ndelete a 0 noreply\r\nget a\r\n",
            "NOT_FOUND\r\nEND\r\n",
        ),
        row(
            "delete with a time",
            "delete a 1\r\ndelete a x\r\ndelete a 0 0\r\n",
            USAGE.repeat(3),
        ),
        row(
            "delete quietly",
            "set a 0 0 1\r\nx\r\ndelete a noreply\r\nget a\r\n",
            "STORED\r\nEND\r\n",
        ),
        row(
            "delete with a time, quietly",
            "set a 0 0 1\r\nx\r\ndelete a 1 noreply\r\ndelete a noreply noreply\r\nget a\r\ndelete a 0 noreply\r\nget a\r\n",
            "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\nEND\r\n",
        ),
        row(
            "delete with too few or many words",
            "delete\r\ndelete a 0 noreply x\r\n",
            "ERROR\r\nERROR\r\n",
        ),
        row(
            "delete noreply",
            "set noreply 0 0 1\r\nx\r\ndelete noreply\r\n",
            "STORED\r\nDELETED\r\n",
        ),
        row(
            "delete a key too long",
            format!("delete {}\r\n", "k".repeat(251)),
            FORMAT,
        ),
    ]
}

pub(super) fn numbers() -> Vec<Exchange> {
    vec![
        row(
            "incr and decr",
            "set a 0 0 2\r\n10\r\nincr a 5\r\ndecr a 10\r\ndecr a 10\r\n",
            "STORED\r\n15\r\n5\r\n0\r\n",
        ),
        row(
            "incr wraps",
            "set a 0 0 20\r\n18446744073709551615\r\nincr a 2\r\n",
            "STORED\r\n1\r\n",
        ),
        row(
            "incr of nothing",
            "incr a 1\r\ndecr a 1\r\n",
            "NOT_FOUND\r\nNOT_FOUND\r\n",
        ),
        row(
            "incr of no number",
            "set a 0 0 1\r\nx\r\nincr a 1\r\n",
            format!("STORED\r\n{NUMERIC}"),
        ),
        row(
            "incr by no number",
            "set a 0 0 1\r\n1\r\nincr a x\r\nincr a -1\r\nincr a 18446744073709551616\r\n",
            format!("STORED\r\n{}", DELTA.repeat(3)),
        ),
        row(
            "incr with too few or many words",
            "incr a\r\nincr\r\nincr a 1 noreply x\r\n",
            "ERROR\r\n".repeat(3),
        ),
        row(
            "incr quietly",
            "set a 0 0 1\r\n1\r\nincr a 1 noreply\r\ndecr a x noreply\r\nincr a noreply\r\nget a\r\n",
            "STORED\r\nVALUE a 0 1\r\n2\r\nEND\r\n",
        ),
        row(
            "incr with a word more",
            "set a 0 0 1\r\n1\r\nincr a 1 please\r\n",
            "STORED\r\n2\r\n",
        ),
        row(
            "incr a key too long",
            format!("incr {} 1\r\n", "k".repeat(251)),
            FORMAT,
        ),
    ]
}

pub(super) fn touches() -> Vec<Exchange> {
    vec![
        row(
            "touch",
            "touch a 0\r\nset a 0 0 1\r\nx\r\ntouch a 100\r\nget a\r\n",
            "NOT_FOUND\r\nSTORED\r\nTOUCHED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
        ),
        row(
            "touch with an exptime that is none",
            "touch a x\r\n",
            EXPTIME,
        ),
        row(
            "touch with too few or many words",
            "touch a\r\ntouch\r\ntouch a 0 noreply x\r\n",
            "ERROR\r\n".repeat(3),
        ),
        row(
            "touch quietly",
            "touch a 0 noreply\r\ntouch a noreply\r\nget a\r\n",
            "END\r\n",
        ),
        row(
            "touch a key too long",
            format!("touch {} 0\r\n", "k".repeat(251)),
            FORMAT,
        ),
    ]
}
