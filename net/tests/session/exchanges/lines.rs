//! Commands that name no key, and lines of any kind.

use net::Close;

use super::{EXPTIME, Exchange, FORGOTTEN, FORMAT, row};

const LONG: &str = "memcached closes without a word, or answers if the line came in one piece";

pub(super) fn others() -> Vec<Exchange> {
    vec![
        row(
            "flush_all",
            "set a 0 0 1\r\nx\r\nflush_all\r\nget a\r\n",
            "STORED\r\nOK\r\nEND\r\n",
        ),
        row(
            "flush_all with a delay that is none",
            "flush_all x\r\nflush_all noreply 0\r\n",
            EXPTIME.repeat(2),
        ),
        row("flush_all with a word more", "flush_all 0 0\r\n", "OK\r\n"),
        row(
            "flush_all with too many words",
            "flush_all 0 noreply x\r\n",
            "ERROR\r\n",
        ),
        row(
            "flush_all quietly",
            "set a 0 0 1\r\nx\r\nflush_all noreply\r\nflush_all 0 noreply\r\nflush_all x noreply\r\nget a\r\n",
            "STORED\r\nEND\r\n",
        ),
        row("flush_all in the past", "flush_all -1\r\n", "OK\r\n"),
        row(
            "verbosity",
            "verbosity 1\r\nverbosity 0 noreply\r\nverbosity 0 please\r\n",
            "OK\r\nOK\r\n",
        ),
        row(
            "verbosity of no number",
            "verbosity x\r\nverbosity -1\r\nverbosity noreply\r\n",
            FORMAT.repeat(2),
        ),
        row(
            "verbosity with too few or many words",
            "verbosity\r\nverbosity 0 noreply x\r\n",
            "ERROR\r\n".repeat(2),
        ),
        row(
            "version",
            "version\r\nversion please\r\n",
            "VERSION 1.6.18\r\n".repeat(2),
        ),
        row(
            "stats of no such group",
            "stats nonsense\r\nstats noreply\r\n",
            "ERROR\r\n".repeat(2),
        ),
        row("stats reset", "stats reset\r\n", "RESET\r\n"),
        row(
            "quit",
            "version\r\nquit\r\nversion\r\n",
            "VERSION 1.6.18\r\n",
        )
        .closes(Close::Quit),
        row("quit with words", "quit now please\r\n", "").closes(Close::Quit),
        row(
            "unknown commands",
            "nonsense\r\nx\r\ngetx a\r\nset\t\r\nmisbehave\r\n",
            "ERROR\r\n".repeat(5),
        ),
        row(
            "upper case",
            "GET a\r\nSet a 0 0 1\r\nVERSION\r\n",
            "ERROR\r\n".repeat(3),
        ),
        row("HTTP behind a letter", "x HTTP/1.1\r\n", "ERROR\r\n"),
        row("HTTP and no more", "HTTP/1.1\r\nversion\r\n", "").closes(Close::Http),
        row(
            "HTTP",
            "POST / HTTP/1.1\r\nHost: a\r\n\r\nset a 0 0 1\r\nx\r\n",
            "",
        )
        .closes(Close::Http),
        row("the binary protocol", [0x80; 24], "")
            .closes(Close::Binary)
            .differs("not offered"),
        row(
            "the binary protocol, too late",
            b"version\r\n\x80\0\0\n",
            "VERSION 1.6.18\r\nERROR\r\n",
        ),
    ]
}

pub(super) fn lines() -> Vec<Exchange> {
    let long = "x".repeat(2049);
    vec![
        row("empty lines", "\r\n\n \r\n", "ERROR\r\n".repeat(3)),
        row(
            "a line feed alone ends a line",
            "set a 0 0 1\nx\r\nget a\n",
            "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
        ),
        row(
            "blanks before, between and behind words",
            "  set   a  0 0   1  \r\nx\r\n  get   a  \r\n",
            "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
        ),
        row(
            "a line of 2048 bytes",
            format!("version {}\r\n", "x".repeat(2039)),
            "VERSION 1.6.18\r\n",
        ),
        row(
            "a long line",
            format!("{long}\r\nversion\r\n"),
            "CLIENT_ERROR line too long\r\n",
        )
        .closes(Close::LineTooLong)
        .differs(LONG),
        row(
            "a line that never ends",
            long.clone(),
            "CLIENT_ERROR line too long\r\n",
        )
        .closes(Close::LineTooLong)
        .differs(LONG),
        row(
            "a long retrieval",
            format!("get{}\r\nversion\r\n", " k".repeat(5000)),
            "END\r\nVERSION 1.6.18\r\n",
        ),
        row(
            "a long retrieval with one bad key",
            format!(
                "set k 0 0 1\r\nx\r\nget{} {} k\r\n",
                " k".repeat(5000),
                "k".repeat(251)
            ),
            format!("STORED\r\n{FORMAT}"),
        )
        .differs(FORGOTTEN),
        row(
            "a long gat",
            format!("gat 0{}\r\nversion\r\n", " k".repeat(5000)),
            "END\r\nVERSION 1.6.18\r\n",
        )
        .differs("memcached closes, unless the line came in one piece"),
        row(
            "a retrieval of a megabyte",
            format!("gets{}\r\nversion\r\n", " k".repeat((1 << 19) - 100)),
            "END\r\nVERSION 1.6.18\r\n",
        ),
        row(
            "a retrieval of more",
            format!("gets{}", " k".repeat(1 << 19)),
            "CLIENT_ERROR line too long\r\n",
        )
        .closes(Close::LineTooLong)
        .differs("memcached has no bound"),
    ]
}
