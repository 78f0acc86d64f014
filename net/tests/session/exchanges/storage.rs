//! Commands with a body.

use super::{Exchange, FORGOTTEN, FORMAT, row};

const CHUNK: &str = "CLIENT_ERROR bad data chunk\r\n";
const LARGE: &str = "SERVER_ERROR object too large for cache\r\n";
const TRUNCATED: &str = "memcached cuts the number to 32 bits: what was sent is not what is stored";

pub(super) fn storing() -> Vec<Exchange> {
    vec![
        row(
            "set and get",
            "set a 5 0 3\r\nabc\r\nget a\r\n",
            "STORED\r\nVALUE a 5 3\r\nabc\r\nEND\r\n",
        ),
        row(
            "a value of no bytes",
            "set a 0 0 0\r\n\r\nget a\r\n",
            "STORED\r\nVALUE a 0 0\r\n\r\nEND\r\n",
        ),
        row(
            "line ends in a value",
            "set a 0 0 4\r\n\r\n\r\n\r\nget a\r\n",
            "STORED\r\nVALUE a 0 4\r\n\r\n\r\n\r\nEND\r\n",
        ),
        row(
            "any byte in a value",
            b"set a 0 0 4\r\n\0\xff\n\r\r\nget a\r\n",
            b"STORED\r\nVALUE a 0 4\r\n\0\xff\n\r\r\nEND\r\n",
        ),
        row(
            "digits are no number",
            "set a 0 0 3\r\n007\r\nget a\r\n",
            "STORED\r\nVALUE a 0 3\r\n007\r\nEND\r\n",
        ),
        row(
            "bytes beyond ASCII in a key",
            "set ключ 0 0 1\r\nx\r\nget ключ\r\n",
            "STORED\r\nVALUE ключ 0 1\r\nx\r\nEND\r\n",
        ),
        row(
            "a key of 250 bytes",
            format!("set {0} 0 0 1\r\nx\r\nget {0}\r\n", "k".repeat(250)),
            format!("STORED\r\nVALUE {} 0 1\r\nx\r\nEND\r\n", "k".repeat(250)),
        ),
        row(
            "flags of 32 bits",
            "set a 4294967295 0 1\r\nx\r\nget a\r\n",
            "STORED\r\nVALUE a 4294967295 1\r\nx\r\nEND\r\n",
        ),
        row(
            "signs and zeros before a number",
            "set a +05 -0 +01\r\nx\r\nget a\r\n",
            "STORED\r\nVALUE a 5 1\r\nx\r\nEND\r\n",
        ),
        row(
            "a negative exptime",
            "set a 0 -1 1\r\nx\r\nget a\r\n",
            "STORED\r\nEND\r\n",
        ),
        row(
            "add",
            "add a 0 0 1\r\n1\r\nadd a 0 0 1\r\n2\r\nget a\r\n",
            "STORED\r\nNOT_STORED\r\nVALUE a 0 1\r\n1\r\nEND\r\n",
        ),
        row(
            "replace",
            "replace a 0 0 1\r\n1\r\nset a 0 0 1\r\n2\r\nreplace a 3 0 1\r\n3\r\nget a\r\n",
            "NOT_STORED\r\nSTORED\r\nSTORED\r\nVALUE a 3 1\r\n3\r\nEND\r\n",
        ),
        row(
            "append and prepend",
            "append a 0 0 1\r\n1\r\nset a 7 0 1\r\n2\r\nappend a 9 0 1\r\n3\r\nprepend a 9 0 1\r\n1\r\nget a\r\n",
            "NOT_STORED\r\nSTORED\r\nSTORED\r\nSTORED\r\nVALUE a 7 3\r\n123\r\nEND\r\n",
        ),
        row("cas of nothing", "cas a 0 0 1 5\r\nx\r\n", "NOT_FOUND\r\n"),
        row(
            "cas of another",
            "set a 0 0 1\r\nx\r\ncas a 0 0 1 18446744073709551615\r\ny\r\nget a\r\n",
            "STORED\r\nEXISTS\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
        ),
        row(
            "noreply",
            "set a 0 0 1 noreply\r\nx\r\nadd a 0 0 1 noreply\r\ny\r\nappend a 0 0 1 noreply\r\nz\r\ncas b 0 0 1 1 noreply\r\nx\r\nget a\r\n",
            "VALUE a 0 2\r\nxz\r\nEND\r\n",
        ),
        row(
            "one word more than needed",
            "set a 0 0 1 please\r\nx\r\ncas b 0 0 1 1 please\r\nx\r\n",
            "STORED\r\nNOT_FOUND\r\n",
        ),
        row(
            "a pipeline",
            "set a 0 0 1\r\n1\r\nget a b\r\nincr a 5\r\ndelete a\r\nget a\r\n",
            "STORED\r\nVALUE a 0 1\r\n1\r\nEND\r\n6\r\nDELETED\r\nEND\r\n",
        ),
    ]
}

pub(super) fn storage_errors() -> Vec<Exchange> {
    let key = "k".repeat(251);
    vec![
        row(
            "too few words",
            "set a 0 0\r\nset a\r\nset\r\ncas a 0 0 1\r\n",
            "ERROR\r\nERROR\r\nERROR\r\nERROR\r\n",
        ),
        row(
            "too many words",
            "set a 0 0 1 noreply x\r\ncas a 0 0 1 1 noreply x\r\n",
            "ERROR\r\nERROR\r\n",
        ),
        row(
            "a key of 251 bytes, whose body is a line",
            format!("set {key} 0 0 1\r\nx\r\nget a\r\n"),
            format!("{FORMAT}ERROR\r\nEND\r\n"),
        ),
        row(
            "a key of 256 bytes",
            format!("set {0} 0 0 1\r\nx\r\nget {0}\r\n", "k".repeat(256)),
            format!("{FORMAT}ERROR\r\n{FORMAT}"),
        )
        .differs(FORGOTTEN),
        row(
            "flags that are none",
            "set a x 0 1\r\nset a -1 0 1\r\nset a 1.5 0 1\r\n",
            FORMAT.repeat(3),
        ),
        row(
            "flags beyond 64 bits",
            "set a 18446744073709551616 0 1\r\n",
            FORMAT,
        ),
        row(
            "flags beyond 32 bits",
            "set a 4294967296 0 1\r\nget a\r\nget a\r\n",
            format!("{FORMAT}END\r\nEND\r\n"),
        )
        .differs(TRUNCATED),
        row(
            "an exptime that is none",
            "set a 0 x 1\r\nset a 0 9223372036854775808 1\r\n",
            FORMAT.repeat(2),
        ),
        row(
            "a length that is none",
            "set a 0 0 x\r\nset a 0 0 -1\r\n",
            FORMAT.repeat(2),
        ),
        row(
            "a length beyond 31 bits",
            "set a 0 0 2147483647\r\nset a 0 0 99999999999999999999\r\n",
            FORMAT.repeat(2),
        ),
        row(
            "a length beyond 32 bits",
            "set a 0 0 4294967297\r\nget a\r\nget a\r\n",
            format!("{FORMAT}END\r\nEND\r\n"),
        )
        .differs(TRUNCATED),
        row(
            "a unique that is none",
            "cas a 0 0 1 x\r\ncas a 0 0 1 -1\r\n",
            FORMAT.repeat(2),
        ),
    ]
}

pub(super) fn bodies() -> Vec<Exchange> {
    vec![
        row(
            "a body too long",
            "set a 0 0 3\r\nabcdef\r\nget a\r\n",
            format!("{CHUNK}ERROR\r\nEND\r\n"),
        ),
        row(
            "a body too short",
            "set a 0 0 5\r\nabc\r\nget a\r\n",
            format!("{CHUNK}ERROR\r\n"),
        ),
        row(
            "a body that ends in line feeds",
            "set a 0 0 3\r\nabc\n\nget a\r\n",
            format!("{CHUNK}END\r\n"),
        ),
        row(
            "a bad body leaves the old value",
            "set a 0 0 1\r\nx\r\nset a 0 0 1\r\nyzz\r\nget a\r\n",
            format!("STORED\r\n{CHUNK}ERROR\r\nVALUE a 0 1\r\nx\r\nEND\r\n"),
        ),
        row(
            "noreply hides errors too",
            "set a 0 0 x noreply\r\nset a 0 0 1 noreply\r\nxyzget a\r\n",
            "END\r\n",
        ),
        row(
            "noreply as the last word needed hides the error about it",
            "set a 0 0 noreply\r\ncas a 0 0 1 noreply\r\nget a\r\n",
            "END\r\n",
        ),
        row(
            "noreply does not hide a wrong count of words",
            "set a 0 noreply\r\n",
            "ERROR\r\n",
        ),
        row(
            "a control character in a key",
            "set a\tb 0 0 3\r\nabc\r\nget a\tb\r\n",
            "STORED\r\nVALUE a\tb 0 3\r\nabc\r\nEND\r\n",
        ),
        row(
            "a smuggled command",
            "set a\rb 0 0 11 noreply\r\nset x 0 0 1\r\nget x\r\n",
            "END\r\n",
        ),
        row(
            "a smuggled command, and its answer",
            "set a\rb 0 0 11\r\nset x 0 0 1\r\nget x\r\n",
            format!("{FORMAT}END\r\n"),
        )
        .differs("memcached takes a carriage return into a key"),
        row("NUL in a key", "get a\0b\r\n", FORMAT)
            .differs("memcached takes NUL for the end of the line"),
        row(
            "an item too large",
            format!(
                "set a 0 0 1\r\nx\r\nset a 0 0 2000000\r\n{}\r\nget a\r\n",
                "y".repeat(2_000_000)
            ),
            format!("STORED\r\n{LARGE}END\r\n"),
        ),
        row(
            "an item too large leaves the old value to add",
            format!(
                "set a 0 0 1\r\nx\r\nadd a 0 0 2000000\r\n{}\r\nget a\r\n",
                "y".repeat(2_000_000)
            ),
            format!("STORED\r\n{LARGE}VALUE a 0 1\r\nx\r\nEND\r\n"),
        ),
        row(
            "an item too large, quietly",
            format!(
                "set a 0 0 2000000 noreply\r\n{}\r\nget a\r\n",
                "y".repeat(2_000_000)
            ),
            "END\r\n",
        ),
    ]
}
