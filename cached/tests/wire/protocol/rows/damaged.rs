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
            "control characters in a key are refused",
            b"get z5\x01\r\nget z5\x7f\r\n",
            "CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n",
        )
        .memcached_says("END\r\nEND\r\n", "control characters"),
        row(
            "a key with a control character is refused, its body passed over",
            b"set z6\x02 0 0 4\r\nmany\r\nget z6\r\n",
            "CLIENT_ERROR bad command line format\r\nEND\r\n",
        )
        .memcached_says("STORED\r\nEND\r\n", "control characters"),
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
