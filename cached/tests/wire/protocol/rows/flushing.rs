//! `flush_all`. What a delay does in time is in `expiry.rs`.

use crate::protocol::exchange::{Exchange, row};

pub(super) fn rows() -> Vec<Exchange> {
    let rows = vec![
        row(
            "flush_all ends every item",
            "set f1 0 0 1\r\na\r\nset f2 0 100 1\r\nb\r\nflush_all\r\nget f1 f2\r\n",
            "STORED\r\nSTORED\r\nOK\r\nEND\r\n",
        ),
        row(
            "what is stored after flush_all stays",
            "flush_all\r\nset f3 0 0 1\r\na\r\nget f3\r\n",
            "OK\r\nSTORED\r\nVALUE f3 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "flush_all noreply",
            "set f4 0 0 1\r\na\r\nflush_all noreply\r\nget f4\r\n",
            "STORED\r\nEND\r\n",
        ),
        row(
            "flush_all 0",
            "set f5 0 0 1\r\na\r\nflush_all 0\r\nget f5\r\n",
            "STORED\r\nOK\r\nEND\r\n",
        ),
        row(
            "flush_all 0 noreply",
            "set f6 0 0 1\r\na\r\nflush_all 0 noreply\r\nget f6\r\n",
            "STORED\r\nEND\r\n",
        ),
        row(
            "a flush to come leaves items where they are",
            "set f7 0 0 1\r\na\r\nflush_all 1000\r\nget f7\r\nflush_all\r\n",
            "STORED\r\nOK\r\nVALUE f7 0 1\r\na\r\nEND\r\nOK\r\n",
        ),
        row(
            "an add finds no flushed item",
            "set f8 0 0 1\r\na\r\nflush_all\r\nadd f8 0 0 1\r\nb\r\nget f8\r\n",
            "STORED\r\nOK\r\nSTORED\r\nVALUE f8 0 1\r\nb\r\nEND\r\n",
        ),
        row(
            "flush_all with a negative delay flushes at once",
            "set f9 0 0 1\r\na\r\nflush_all -1\r\nget f9\r\n",
            "STORED\r\nOK\r\nEND\r\n",
        ),
        row(
            "a flush at once replaces a flush to come",
            "flush_all 1000\r\nset f10 0 0 1\r\na\r\nflush_all\r\nget f10\r\nset f10 0 0 1\r\nb\r\nget f10\r\n",
            "OK\r\nSTORED\r\nOK\r\nEND\r\nSTORED\r\nVALUE f10 0 1\r\nb\r\nEND\r\n",
        ),
        row(
            "flush_all of a delay that is no number with noreply is silent",
            "set f11 0 0 1\r\na\r\nflush_all x noreply\r\nget f11\r\n",
            "STORED\r\nVALUE f11 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "a bare newline ends a flush_all line",
            "set f12 0 0 1\r\na\r\nflush_all\nget f12\n",
            "STORED\r\nOK\r\nEND\r\n",
        ),
        row(
            "flush_all with a delay that is no number",
            "flush_all soon\r\n",
            "CLIENT_ERROR invalid exptime argument\r\n",
        ),
        row(
            "flush_all with too many words",
            "flush_all 0 noreply x\r\n",
            "ERROR\r\n",
        ),
    ];
    rows.into_iter().map(Exchange::alone).collect()
}
