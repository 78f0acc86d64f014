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
        row("TLS", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "")
            .closes(Close::Tls)
            .differs("memcached waits for the end of a line"),
        row(
            "the binary protocol, too late",
            b"version\r\n\x80\0\0\n",
            "VERSION 1.6.18\r\nERROR\r\n",
        ),
    ]
}

pub(super) fn operators() -> Vec<Exchange> {
    let refused = "memcached has slabs, watchers and an adjustable limit";
    vec![
        row("bget", "bget a\r\nbget\r\n", "END\r\nERROR\r\n"),
        row(
            "what changes nothing",
            "lru tune 20 40 0.2 2.0\r\nlru mode flat\r\nlru temp_ttl -1\r\nlru_crawler tocrawl 0\r\nslabs automove 1\r\nlru mode segmented noreply\r\nslabs automove x noreply\r\n",
            "OK\r\n".repeat(5),
        ),
        row(
            "what is not enabled",
            "shutdown\r\nshutdown graceful\r\nrefresh_certs\r\n",
            "ERROR: shutdown not enabled\r\nERROR: shutdown not enabled\r\nError TLS not enabled\r\n",
        ),
        row(
            "what is not offered",
            "watch\r\ncache_memlimit 64\r\nslabs reassign 1 2\r\n",
            "CLIENT_ERROR watch is not offered: start with --log-commands\r\nCLIENT_ERROR memory is set when the server starts, by -m\r\nCLIENT_ERROR there are no slab classes to move memory between\r\n",
        )
        .differs(refused),
        row(
            "what is not offered, quietly",
            "watch noreply\r\ncache_memlimit 64 noreply\r\ncache_memlimit noreply\r\nslabs automove noreply\r\nmn\r\n",
            "MN\r\n",
        ),
        row(
            "noreply where it is a word like any",
            "slabs reassign 1 noreply\r\n",
            "CLIENT_ERROR there are no slab classes to move memory between\r\n",
        )
        .differs(refused),
        row(
            "a dump",
            "lru_crawler metadump all\r\nset a 0 0 1\r\nx\r\nset b/%-._~ 0 100 1\r\nx\r\nms AAoNIMOp 1 b\r\nx\r\nget a\r\nset c 0 -1 1\r\nx\r\nlru_crawler metadump all\r\nlru_crawler mgdump 2,1\r\nlru_crawler metadump 2\r\nmn\r\n",
            "END\r\nSTORED\r\nSTORED\r\nHD\r\nVALUE a 0 1\r\nx\r\nEND\r\nSTORED\r\n\
             key=%00%0A%0D%20%C3%A9 exp=-1 la=1800000000 cas=3 fetch=no cls=1 size=23\n\
             key=a exp=-1 la=1800000000 cas=1 fetch=yes cls=1 size=18\n\
             key=b%2F%25-._~ exp=1800000100 la=1800000000 cas=2 fetch=no cls=1 size=24\nEND\r\n\
             mg AAoNIMOp b\r\nmg a\r\nmg b/%-._~\r\nEN\r\nEND\r\nMN\r\n",
        )
        .differs("sizes and times are our own"),
        row(
            "a dump of no class",
            "lru_crawler metadump x\r\nlru_crawler metadump 0\r\nlru_crawler metadump 1,64\r\nlru_crawler metadump\r\nlru_crawler metadump all all\r\n",
            format!("{}{}", "BADCLASS invalid class id\r\n".repeat(3), "ERROR\r\n".repeat(2)),
        ),
        row(
            "too few words, or wrong ones",
            "lru\r\nlru_crawler x\r\nslabs\r\ncache_memlimit\r\nlru_crawler sleep x\r\n",
            format!("{}{FORMAT}", "ERROR\r\n".repeat(4)),
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
