//! incr and decr.

use super::long_key;
use crate::protocol::exchange::{Exchange, row};

const DELTA: &str = "CLIENT_ERROR invalid numeric delta argument\r\n";
const NON_NUMERIC: &str = "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n";

pub(super) fn rows() -> Vec<Exchange> {
    let mut rows = answered();
    rows.extend(refused());
    rows
}

fn answered() -> Vec<Exchange> {
    vec![
        row(
            "incr and decr",
            "set i1 0 0 2\r\n10\r\nincr i1 5\r\ndecr i1 1\r\nget i1\r\n",
            "STORED\r\n15\r\n14\r\nVALUE i1 0 2\r\n14\r\nEND\r\n",
        ),
        row("incr of a miss", "incr i2 1\r\n", "NOT_FOUND\r\n"),
        row("decr of a miss", "decr i3 1\r\n", "NOT_FOUND\r\n"),
        row(
            "incr wraps at 2^64",
            "set i4 0 0 20\r\n18446744073709551615\r\nincr i4 2\r\n",
            "STORED\r\n1\r\n",
        ),
        row(
            "decr stops at 0",
            "set i5 0 0 1\r\n3\r\ndecr i5 18446744073709551615\r\nget i5\r\n",
            "STORED\r\n0\r\nVALUE i5 0 1\r\n0\r\nEND\r\n",
        ),
        row(
            "a shorter number keeps the old length in blanks",
            "set i6 0 0 3\r\n100\r\ndecr i6 1\r\nget i6\r\nincr i6 0\r\n",
            "STORED\r\n99\r\nVALUE i6 0 3\r\n99 \r\nEND\r\n99\r\n",
        ),
        row(
            "a longer number grows the value",
            "set i7 0 0 2\r\n99\r\nincr i7 1\r\nget i7\r\n",
            "STORED\r\n100\r\nVALUE i7 0 3\r\n100\r\nEND\r\n",
        ),
        row(
            "flags survive",
            "set i8 77 0 1\r\n9\r\nincr i8 1\r\nget i8\r\n",
            "STORED\r\n10\r\nVALUE i8 77 2\r\n10\r\nEND\r\n",
        ),
        row(
            "leading zeros go with the first change",
            "set i9 0 0 3\r\n007\r\nincr i9 1\r\nget i9\r\n",
            "STORED\r\n8\r\nVALUE i9 0 3\r\n8  \r\nEND\r\n",
        ),
        row(
            "noreply",
            "set i10 0 0 1\r\n1\r\nincr i10 1 noreply\r\ndecr i10 2 noreply\r\nincr i10 7\r\n",
            "STORED\r\n7\r\n",
        ),
        row(
            "text behind the number goes with the first change",
            "set i12 0 0 3\r\n5 x\r\nincr i12 1\r\nget i12\r\nset i13 0 0 4\r\n7\r\nx\r\nma i13 v\r\nget i13\r\n",
            "STORED\r\n6\r\nVALUE i12 0 3\r\n6  \r\nEND\r\nSTORED\r\nVA 1\r\n8\r\nVALUE i13 0 4\r\n8   \r\nEND\r\n",
        ),
        row(
            "a number behind blanks, or up to a NUL",
            "set i14 0 0 3\r\n\x0b\t5\r\nincr i14 1\r\nset i15 0 0 3\r\n5\0x\r\nincr i15 1\r\nget i15\r\n",
            "STORED\r\n6\r\nSTORED\r\n6\r\nVALUE i15 0 3\r\n6  \r\nEND\r\n",
        ),
        row(
            "a number of more digits than the largest has, and a zero with a minus",
            "set i16 0 0 21\r\n000000000000000000001\r\nincr i16 1\r\nset i17 0 0 2\r\n-0\r\nincr i17 1\r\n",
            "STORED\r\n2\r\nSTORED\r\n1\r\n",
        ),
        row(
            "largest delta",
            "set i11 0 0 1\r\n0\r\nincr i11 18446744073709551615\r\n",
            "STORED\r\n18446744073709551615\r\n",
        ),
    ]
}

fn refused() -> Vec<Exchange> {
    vec![
        row(
            "incr noreply is silent when it misses",
            "incr n15 1 noreply\r\ndecr n15 1 noreply\r\nget n15\r\n",
            "END\r\n",
        ),
        row(
            "a third word of incr that is not noreply is passed over",
            "set n16 0 0 1\r\n1\r\nincr n16 1 x\r\n",
            "STORED\r\n2\r\n",
        ),
        row(
            "deltas with a plus and zeros",
            "set n17 0 0 1\r\n1\r\nincr n17 +5\r\nincr n17 007\r\n",
            "STORED\r\n6\r\n13\r\n",
        ),
        row("incr alone", "incr\r\n", "ERROR\r\n"),
        row("incr without a delta", "incr n1\r\n", "ERROR\r\n"),
        row(
            "incr with too many words",
            "incr n2 1 noreply x\r\n",
            "ERROR\r\n",
        ),
        row("decr without a delta", "decr n3\r\n", "ERROR\r\n"),
        row("delta that is no number", "incr n4 x\r\n", DELTA),
        row("negative delta", "incr n5 -1\r\n", DELTA),
        row("delta of 2^64", "decr n6 18446744073709551616\r\n", DELTA),
        row(
            "incr of a key of 251 bytes",
            format!("incr {} 1\r\n", long_key("n7", 251)),
            "CLIENT_ERROR bad command line format\r\n",
        ),
        row(
            "incr of text",
            "set n8 0 0 3\r\nabc\r\nincr n8 1\r\ndecr n8 1\r\nget n8\r\n",
            format!("STORED\r\n{NON_NUMERIC}{NON_NUMERIC}VALUE n8 0 3\r\nabc\r\nEND\r\n"),
        ),
        row(
            "incr of digits and text",
            "set n9 0 0 2\r\n5x\r\nincr n9 1\r\n",
            format!("STORED\r\n{NON_NUMERIC}"),
        ),
        row(
            "incr of nothing",
            "set n10 0 0 0\r\n\r\nincr n10 1\r\n",
            format!("STORED\r\n{NON_NUMERIC}"),
        ),
        row(
            "incr of a negative number",
            "set n11 0 0 2\r\n-1\r\nincr n11 1\r\n",
            format!("STORED\r\n{NON_NUMERIC}"),
        ),
        row(
            "incr of a number beyond 64 bits",
            "set n12 0 0 21\r\n184467440737095516160\r\nincr n12 1\r\n",
            format!("STORED\r\n{NON_NUMERIC}"),
        ),
        row(
            "incr of a long text that begins with a number",
            format!(
                "set n14 0 0 600000\r\n5 {}\r\nincr n14 1\r\n",
                "x".repeat(599_998)
            ),
            format!("STORED\r\n{NON_NUMERIC}"),
        ),
        row(
            "incr of a number behind 1024 blanks",
            format!(
                "set n15 0 0 1025\r\n{}5\r\nincr n15 1\r\n",
                " ".repeat(1024)
            ),
            format!("STORED\r\n{NON_NUMERIC}"),
        )
        .memcached_says("STORED\r\n6\r\n", "counters"),
        row(
            "a refused incr with noreply is silent",
            "set n13 0 0 1\r\nx\r\nincr n13 1 noreply\r\nincr n13 y noreply\r\n",
            "STORED\r\n",
        ),
    ]
}
