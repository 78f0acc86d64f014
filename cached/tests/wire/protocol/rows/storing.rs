//! set, add, replace, append, prepend, cas. Bodies that are refused are in
//! `bodies.rs`.

use super::long_key;
use crate::protocol::exchange::{Exchange, row};

const FORMAT: &str = "CLIENT_ERROR bad command line format\r\n";

pub(super) fn rows() -> Vec<Exchange> {
    let mut rows = accepted();
    rows.extend(conditional());
    rows.extend(deadlines());
    rows.extend(refused());
    rows
}

fn accepted() -> Vec<Exchange> {
    vec![
        row(
            "set and get",
            "set s1 0 0 5\r\nhello\r\nget s1\r\n",
            "STORED\r\nVALUE s1 0 5\r\nhello\r\nEND\r\n",
        ),
        row(
            "set replaces",
            "set s2 1 0 1\r\na\r\nset s2 2 0 2\r\nbb\r\nget s2\r\n",
            "STORED\r\nSTORED\r\nVALUE s2 2 2\r\nbb\r\nEND\r\n",
        ),
        row(
            "empty value",
            "set s3 0 0 0\r\n\r\nget s3\r\n",
            "STORED\r\nVALUE s3 0 0\r\n\r\nEND\r\n",
        ),
        row(
            "value of line ends and NUL",
            b"set s4 0 0 7\r\n\r\n\0\r\nEN\r\nget s4\r\n",
            b"STORED\r\nVALUE s4 0 7\r\n\r\n\0\r\nEN\r\nEND\r\n",
        ),
        row(
            "digits come back as sent",
            "set s5 0 0 3\r\n007\r\nset s6 0 0 2\r\n+5\r\nget s5 s6\r\n",
            "STORED\r\nSTORED\r\nVALUE s5 0 3\r\n007\r\nVALUE s6 0 2\r\n+5\r\nEND\r\n",
        ),
        row(
            "largest flags",
            "set s7 4294967295 0 1\r\nx\r\nget s7\r\n",
            "STORED\r\nVALUE s7 4294967295 1\r\nx\r\nEND\r\n",
        ),
        row(
            "key of 250 bytes",
            format!("set {0} 0 0 1\r\nx\r\nget {0}\r\n", long_key("s8", 250)),
            format!(
                "STORED\r\nVALUE {} 0 1\r\nx\r\nEND\r\n",
                long_key("s8", 250)
            ),
        ),
        row(
            "key of bytes beyond ASCII",
            b"set s9\xc3\xa9\xff 0 0 1\r\nx\r\nget s9\xc3\xa9\xff\r\n",
            b"STORED\r\nVALUE s9\xc3\xa9\xff 0 1\r\nx\r\nEND\r\n",
        ),
        row(
            "set noreply says nothing",
            "set s10 0 0 1 noreply\r\nx\r\nget s10\r\n",
            "VALUE s10 0 1\r\nx\r\nEND\r\n",
        ),
        row(
            "blanks between and behind words",
            "  set   s11  0 0   1  \r\nx\r\nget    s11   \r\n",
            "STORED\r\nVALUE s11 0 1\r\nx\r\nEND\r\n",
        ),
        row(
            "a bare newline ends a request line",
            "set s12 0 0 1\nx\r\nget s12\n",
            "STORED\r\nVALUE s12 0 1\r\nx\r\nEND\r\n",
        ),
        row(
            "numbers with leading zeros and plus",
            "set s13 007 +0 01\r\nx\r\nget s13\r\n",
            "STORED\r\nVALUE s13 7 1\r\nx\r\nEND\r\n",
        ),
        row(
            "a sixth word that is not noreply is passed over",
            "set s14 0 0 1 nonsense\r\nx\r\nget s14\r\n",
            "STORED\r\nVALUE s14 0 1\r\nx\r\nEND\r\n",
        ),
    ]
}

fn conditional() -> Vec<Exchange> {
    vec![
        row(
            "add stores once",
            "add c1 0 0 1\r\na\r\nadd c1 0 0 1\r\nb\r\nget c1\r\n",
            "STORED\r\nNOT_STORED\r\nVALUE c1 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "add after delete",
            "set c2 0 0 1\r\na\r\ndelete c2\r\nadd c2 0 0 1\r\nb\r\nget c2\r\n",
            "STORED\r\nDELETED\r\nSTORED\r\nVALUE c2 0 1\r\nb\r\nEND\r\n",
        ),
        row(
            "add noreply says nothing either way",
            "add c3 0 0 1 noreply\r\na\r\nadd c3 0 0 1 noreply\r\nb\r\nget c3\r\n",
            "VALUE c3 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "replace needs an item",
            "replace c4 0 0 1\r\na\r\nset c4 0 0 1\r\nb\r\nreplace c4 7 0 2\r\ncc\r\nget c4\r\n",
            "NOT_STORED\r\nSTORED\r\nSTORED\r\nVALUE c4 7 2\r\ncc\r\nEND\r\n",
        ),
        row(
            "replace noreply",
            "set c5 0 0 1\r\na\r\nreplace c5 0 0 1 noreply\r\nb\r\nget c5\r\n",
            "STORED\r\nVALUE c5 0 1\r\nb\r\nEND\r\n",
        ),
        row(
            "append and prepend need an item",
            "append c6 0 0 1\r\na\r\nprepend c6 0 0 1\r\na\r\nget c6\r\n",
            "NOT_STORED\r\nNOT_STORED\r\nEND\r\n",
        ),
        row(
            "append and prepend keep the old flags",
            "set c7 5 0 2\r\nmm\r\nappend c7 9 0 2\r\nzz\r\nprepend c7 9 0 2\r\naa\r\nget c7\r\n",
            "STORED\r\nSTORED\r\nSTORED\r\nVALUE c7 5 6\r\naammzz\r\nEND\r\n",
        ),
        row(
            "append nothing",
            "set c8 0 0 1\r\na\r\nappend c8 0 0 0\r\n\r\nget c8\r\n",
            "STORED\r\nSTORED\r\nVALUE c8 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "append and prepend noreply",
            "set c9 0 0 1\r\nm\r\nappend c9 0 0 1 noreply\r\nz\r\nprepend c9 0 0 1 noreply\r\na\r\nget c9\r\n",
            "STORED\r\nVALUE c9 0 3\r\namz\r\nEND\r\n",
        ),
        row(
            "cas of no item",
            "cas c10 0 0 1 1\r\nx\r\n",
            "NOT_FOUND\r\n",
        ),
        row(
            "cas with the unique 0",
            "cas c19 0 0 1 0\r\nx\r\nset c19 0 0 1\r\na\r\ncas c19 0 0 1 0\r\nx\r\nget c19\r\n",
            "NOT_FOUND\r\nSTORED\r\nEXISTS\r\nVALUE c19 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "cas noreply of no item is silent",
            "cas c20 0 0 1 1 noreply\r\nx\r\nget c20\r\n",
            "END\r\n",
        ),
        row(
            "replace, append and prepend noreply of no item are silent",
            "replace c21 0 0 1 noreply\r\na\r\nappend c21 0 0 1 noreply\r\na\r\n\
             prepend c21 0 0 1 noreply\r\na\r\nget c21\r\n",
            "END\r\n",
        ),
        row(
            "cas with another unique",
            "set c11 0 0 1\r\na\r\ncas c11 0 0 1 18446744073709551615\r\nb\r\nget c11\r\n",
            "STORED\r\nEXISTS\r\nVALUE c11 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "cas noreply",
            "set c12 0 0 1\r\na\r\ncas c12 0 0 1 18446744073709551615 noreply\r\nb\r\nget c12\r\n",
            "STORED\r\nVALUE c12 0 1\r\na\r\nEND\r\n",
        ),
    ]
}

fn deadlines() -> Vec<Exchange> {
    vec![
        row(
            "an item stored with a past exptime is gone at once",
            "set c13 0 -1 1\r\na\r\nget c13\r\nadd c13 0 0 1\r\nb\r\nget c13\r\n",
            "STORED\r\nEND\r\nSTORED\r\nVALUE c13 0 1\r\nb\r\nEND\r\n",
        ),
        row(
            "a past exptime ends the old value as well",
            "set c14 0 0 1\r\na\r\nset c14 0 -5 1\r\nb\r\nget c14\r\n",
            "STORED\r\nSTORED\r\nEND\r\n",
        ),
        row(
            "an absolute exptime long past",
            "set c15 0 2592001 1\r\na\r\nget c15\r\n",
            "STORED\r\nEND\r\n",
        ),
        row(
            "an exptime of exactly thirty days is relative",
            "set c16 0 2592000 1\r\na\r\nget c16\r\n",
            "STORED\r\nVALUE c16 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "an absolute exptime beyond 31 bits",
            "set c18 0 9999999999 1\r\na\r\nget c18\r\n",
            "STORED\r\nVALUE c18 0 1\r\na\r\nEND\r\n",
        )
        .memcached_says("STORED\r\nEND\r\n", "wide numbers"),
        row(
            "an absolute exptime to come",
            "set c17 0 2147483647 1\r\na\r\nget c17\r\n",
            "STORED\r\nVALUE c17 0 1\r\na\r\nEND\r\n",
        ),
    ]
}

fn refused() -> Vec<Exchange> {
    // memcached takes the body of a refused line for requests, so do we: `x` is
    // shorter than any command and answers ERROR.
    vec![
        row("set alone", "set\r\n", "ERROR\r\n"),
        row("set with a key only", "set r1\r\n", "ERROR\r\n"),
        row("set without a length", "set r2 0 0\r\n", "ERROR\r\n"),
        row(
            "set with too many words",
            "set r3 0 0 1 noreply x\r\n",
            "ERROR\r\n",
        ),
        row("cas without a unique", "cas r4 0 0 1\r\n", "ERROR\r\n"),
        row(
            "cas with too many words",
            "cas r5 0 0 1 1 noreply x\r\n",
            "ERROR\r\n",
        ),
        row(
            "key of 251 bytes",
            format!("set {0} 0 0 1\r\nx\r\n", long_key("r6", 251)),
            format!("{FORMAT}ERROR\r\n"),
        ),
        row(
            "key of 256 bytes",
            format!("add {0} 0 0 1\r\nx\r\n", long_key("r7", 256)),
            format!("{FORMAT}ERROR\r\n"),
        ),
        row("flags that are no number", "set r8 a 0 1\r\n", FORMAT),
        row("negative flags", "set r9 -1 0 1\r\n", FORMAT),
        row(
            "flags beyond 32 bits",
            "set r21 4294967296 0 1\r\nx\r\n",
            format!("{FORMAT}ERROR\r\n"),
        )
        .memcached_says("STORED\r\n", "wide numbers"),
        row("exptime that is no number", "set r10 0 soon 1\r\n", FORMAT),
        row("length that is no number", "set r11 0 0 1k\r\n", FORMAT),
        row("negative length", "set r12 0 0 -1\r\n", FORMAT),
        row(
            "length of -2147483648",
            "set r13 0 0 -2147483648\r\n",
            FORMAT,
        ),
        row(
            "largest length of 31 bits",
            "set r14 0 0 2147483647\r\n",
            FORMAT,
        ),
        row(
            "length beyond 64 bits",
            "set r15 0 0 99999999999999999999\r\n",
            FORMAT,
        ),
        row(
            "length beyond 32 bits",
            "set r22 0 0 4294967297\r\nx\r\n",
            format!("{FORMAT}ERROR\r\n"),
        )
        .memcached_says("STORED\r\n", "wide numbers"),
        row("unique that is no number", "cas r16 0 0 1 x\r\n", FORMAT),
        row("negative unique", "cas r17 0 0 1 -1\r\n", FORMAT),
        row(
            "a quiet cas too short is refused aloud, or its noreply taken for the unique",
            "cas r19 0 0 noreply\r\ncas r19 0 noreply\r\ncas r19 0 0 1 noreply\r\nmn\r\n",
            "ERROR\r\nERROR\r\nMN\r\n",
        ),
        row(
            "a refused line with noreply is silent",
            "set r18 a 0 1 noreply\r\nget r18\r\n",
            "END\r\n",
        ),
        row(
            "a refused key with noreply is silent",
            format!("set {0} 0 0 2 noreply\r\nxx\r\n", long_key("r19", 251)),
            "ERROR\r\n",
        ),
        row(
            "a refused set leaves the old value",
            "set r20 0 0 1\r\na\r\nset r20 0 0 -1\r\nget r20\r\n",
            format!("STORED\r\n{FORMAT}VALUE r20 0 1\r\na\r\nEND\r\n"),
        ),
    ]
}
