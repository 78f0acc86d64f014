//! stats, version, verbosity, quit.

use crate::protocol::exchange::{Exchange, row};

pub(super) fn rows() -> Vec<Exchange> {
    let mut rows = stats();
    rows.extend(others());
    rows
}

fn stats() -> Vec<Exchange> {
    vec![
        row("stats", "stats\r\n", "STAT pid <n>\r\n<stats>END\r\n"),
        row(
            "stats twice on one connection",
            "stats\r\nstats\r\n",
            "STAT pid <n>\r\n<stats>END\r\nSTAT pid <n>\r\n<stats>END\r\n",
        ),
        row(
            "stats with a blank behind it",
            "stats \r\n",
            "STAT pid <n>\r\n<stats>END\r\n",
        ),
        row(
            "stats settings",
            "stats settings\r\n",
            "STAT maxbytes <n>\r\n<stats>END\r\n",
        ),
        row(
            "stats items",
            "set w1 0 0 1\r\na\r\nstats items\r\n",
            "STORED\r\nSTAT items:<n>:number <n>\r\n<stats>END\r\n",
        ),
        row(
            "stats conns",
            "stats conns\r\n",
            "STAT <n>:addr <line>\r\n<stats>END\r\n",
        ),
        row(
            "stats segments",
            "stats segments\r\n",
            "STAT heap_bytes <n>\r\n<stats>END\r\n",
        )
        .memcached_says("ERROR\r\n", "operations"),
        row(
            "stats ttl",
            "set w4 0 0 1\r\na\r\nstats ttl\r\n",
            "STORED\r\nSTAT <line>\r\n<stats>END\r\n",
        )
        .memcached_says("STORED\r\nERROR\r\n", "operations"),
        row(
            "blanks around words of stats",
            "stats  settings  \r\n  stats   reset \r\n",
            "STAT maxbytes <n>\r\n<stats>END\r\nRESET\r\n",
        ),
        row(
            "a bare newline ends a stats line",
            "stats\nversion\n",
            "STAT pid <n>\r\n<stats>END\r\nVERSION <line>\r\n",
        ),
        row("stats reset", "stats reset\r\n", "RESET\r\n"),
        row(
            "stats of an unknown group",
            "stats nonsense\r\n",
            "ERROR\r\n",
        ),
    ]
}

fn others() -> Vec<Exchange> {
    vec![
        row("version", "version\r\n", "VERSION <line>\r\n"),
        row(
            "version passes over words",
            "version x y\r\n",
            "VERSION <line>\r\n",
        ),
        row("verbosity", "verbosity 0\r\n", "OK\r\n"),
        row(
            "verbosity noreply",
            "verbosity 0 noreply\r\nget w2\r\n",
            "END\r\n",
        ),
        row("verbosity alone", "verbosity\r\n", "ERROR\r\n"),
        row(
            "verbosity with too many words",
            "verbosity 0 noreply x\r\n",
            "ERROR\r\n",
        ),
        row(
            "verbosity that is no number",
            "verbosity loud\r\n",
            "CLIENT_ERROR bad command line format\r\n",
        ),
        row(
            "verbosity beyond all levels",
            "verbosity 9\r\nverbosity 0\r\n",
            "OK\r\nOK\r\n",
        ),
        row(
            "verbosity below zero",
            "verbosity -1\r\n",
            "CLIENT_ERROR bad command line format\r\n",
        ),
        row(
            "a second word of verbosity that is not noreply is passed over",
            "verbosity 0 x\r\n",
            "OK\r\n",
        ),
        row("quit passes over words", "quit x y\r\n", "").closing(),
        row("quit closes", "quit\r\n", "").closing(),
        row(
            "quit lets the answers before it out, and reads nothing behind it",
            "set w3 0 0 1\r\na\r\nget w3\r\nquit\r\nget w3\r\n",
            "STORED\r\nVALUE w3 0 1\r\na\r\nEND\r\n",
        )
        .closing(),
    ]
}
