//! Lines that are no command, and lines of another protocol.

use crate::exchange::{Exchange, row};

pub(super) fn rows() -> Vec<Exchange> {
    vec![
        row("an unknown verb", "bogus\r\n", "ERROR\r\n"),
        row("an empty line", "\r\n", "ERROR\r\n"),
        row("a bare newline", "\n", "ERROR\r\n"),
        row("a line of blanks", "   \r\n", "ERROR\r\n"),
        row("a verb of one letter", "g\r\n", "ERROR\r\n"),
        row("a verb and a letter more", "gett z1\r\n", "ERROR\r\n"),
        row("a verb cut short", "ge z2\r\n", "ERROR\r\n"),
        row(
            "verbs are lower case",
            "GET z3\r\nSet z3 0 0 1\r\n",
            "ERROR\r\nERROR\r\n",
        ),
        row(
            "an error leaves the connection in step",
            "bogus\r\nset z4 0 0 1\r\na\r\nbogus again\r\nget z4\r\n",
            "ERROR\r\nSTORED\r\nERROR\r\nVALUE z4 0 1\r\na\r\nEND\r\n",
        ),
        row("shutdown is not for clients", "shutdown\r\n", "ERROR\r\n")
            .memcached_says("ERROR: shutdown not enabled\r\n", "no flag enables it here"),
        row("meta commands are not offered", "mn\r\n", "ERROR\r\n")
            .memcached_says("MN\r\n", "the meta protocol is not offered yet"),
        row("an old name of get", "bget z7\r\n", "ERROR\r\n")
            .memcached_says("END\r\n", "no client has used it for many years"),
        row(
            "control characters in a key are refused",
            b"get z5\x01\r\nget z5\x7f\r\n",
            "CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n",
        )
        .memcached_says(
            "END\r\nEND\r\n",
            "a key with a control character can forge lines in logs and dumps",
        ),
        row(
            "a key with a control character is refused, its body passed over",
            b"set z6\x02 0 0 4\r\nmany\r\nget z6\r\n",
            "CLIENT_ERROR bad command line format\r\nEND\r\n",
        )
        .memcached_says("STORED\r\nEND\r\n", "as above"),
        row("a browser", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "").closing(),
        row(
            "a line without an end",
            "x".repeat(2049),
            "CLIENT_ERROR line too long\r\n",
        )
        .closing()
        .memcached_closes("a client that is cut off is told why"),
        row(
            "a first byte of the binary protocol",
            b"\x80\x0b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            "",
        )
        .closing()
        .not_compared("memcached goes on in the binary protocol, which is not offered yet"),
    ]
}
