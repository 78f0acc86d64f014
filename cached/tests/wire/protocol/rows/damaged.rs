//! Lines that are no command, and lines of another protocol.

use crate::protocol::exchange::{Exchange, row};

pub(super) fn rows() -> Vec<Exchange> {
    let mut rows = no_commands();
    rows.extend(without_end());
    rows.extend(other_protocols());
    rows
}

fn no_commands() -> Vec<Exchange> {
    vec![
        row("an unknown verb", "bogus\r\n", "ERROR\r\n"),
        row("an empty line", "\r\n", "ERROR\r\n"),
        row("a bare newline", "\n", "ERROR\r\n"),
        row(
            "a bare newline ends every line",
            "set z11 0 0 1\n1\r\nincr z11 1\ndecr z11 1\ntouch z11 0\ngat 0 z11\ngets z11\n\
             verbosity 0\nversion\ndelete z11\ndelete z11\nbogus\n",
            "STORED\r\n2\r\n1\r\nTOUCHED\r\nVALUE z11 0 1\r\n1\r\nEND\r\nVALUE z11 0 1 <n>\r\n1\r\nEND\r\n\
             OK\r\nVERSION <line>\r\nDELETED\r\nNOT_FOUND\r\nERROR\r\n",
        ),
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
        row(
            "an old name of get",
            "set z7 0 0 1\r\na\r\nbget z7 z7none\r\nbget\r\n",
            "STORED\r\nVALUE z7 0 1\r\na\r\nEND\r\nERROR\r\n",
        ),
        row(
            "control characters in a key are bytes like any",
            b"set z5\x01\t\x7f 0 0 1\r\na\r\nget z5\x01\t\x7f\r\nmg z5\x01\t\x7f k s\r\ndelete z5\x01\t\x7f\r\n",
            b"STORED\r\nVALUE z5\x01\t\x7f 0 1\r\na\r\nEND\r\nHD kz5\x01\t\x7f s1\r\nDELETED\r\n",
        ),
        row(
            "carriage returns in a key could pass for line ends in the reply",
            "get z5\rx\r\nmg z5\rx k\r\nmd z5\rx k\r\n",
            "CLIENT_ERROR bad command line format\r\n".repeat(3),
        )
        .memcached_says("END\r\nEN kz5\rx\r\nNF kz5\rx\r\n", "line ends in keys"),
        row(
            "a key with a carriage return is refused, its body passed over",
            "set z6\r 0 0 4\r\nmany\r\nget z6\r\n",
            "CLIENT_ERROR bad command line format\r\nEND\r\n",
        )
        .memcached_says("STORED\r\nEND\r\n", "line ends in keys"),
        row(
            "what is behind a NUL in a key would be taken for commands",
            b"set z12\0 0 0 7\r\nversion\r\nget z12\r\n",
            "CLIENT_ERROR bad command line format\r\nEND\r\n",
        )
        .memcached_says("ERROR\r\nVERSION <line>\r\nEND\r\n", "line ends in keys"),
    ]
}

fn without_end() -> Vec<Exchange> {
    vec![
        row(
            "a line without an end",
            "x".repeat(2049),
            "CLIENT_ERROR line too long\r\n",
        )
        .closing()
        .memcached_closes("line too long"),
        row(
            "a long line of meta without an end",
            format!("mg {}", "x".repeat(2049)),
            "CLIENT_ERROR line too long\r\n",
        )
        .closing()
        .memcached_closes("line too long"),
        row(
            "a long gat line without an end",
            format!("gat 0{}", " kk".repeat(700)),
            "CLIENT_ERROR line too long\r\n",
        )
        .closing()
        .memcached_closes("line too long"),
        row(
            "a long set line without an end",
            format!("set {}", "x".repeat(2049)),
            "CLIENT_ERROR line too long\r\n",
        )
        .closing()
        .memcached_closes("line too long"),
    ]
}

fn other_protocols() -> Vec<Exchange> {
    vec![
        row("a browser", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "").closing(),
        row(
            "a form",
            "POST /set HTTP/1.1\r\nContent-Length: 9\r\n\r\nget z8\r\n",
            "",
        )
        .closing(),
        row("a probe", "HEAD / HTTP/1.0\r\n\r\n", "").closing(),
        row(
            "any verb of HTTP",
            "get z9\r\nBREW  /pot  HTTP/2  \r\n",
            "END\r\n",
        )
        .closing(),
        row(
            "keys that look like HTTP",
            "get / HTTP/1.1\r\nOPTIONS * HTTP/1.1 x\r\nversion HTTP/1.1\r\nGET / http/1.1\r\n",
            "END\r\nERROR\r\nVERSION <line>\r\nERROR\r\n",
        ),
        row(
            "a byte of the binary protocol that is not the first",
            b"get z10\r\n\x80\x0b\r\nget z10\r\n",
            b"END\r\nERROR\r\nEND\r\n",
        ),
        row(
            "a first byte of the binary protocol",
            b"\x80\x0b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            "",
        )
        .closing()
        .not_compared("binary"),
    ]
}
