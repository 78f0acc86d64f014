//! get, gets, gat, gats.

use super::long_key;
use crate::exchange::{Exchange, row};

/// Why a retrieval line with a key too long is not compared.
const DROPS: &str = "memcached drops the unsent replies of the requests before it as well";

const FORMAT: &str = "CLIENT_ERROR bad command line format\r\n";

pub(super) fn rows() -> Vec<Exchange> {
    let mut rows = answered();
    rows.extend(touching());
    rows.extend(refused());
    rows
}

fn answered() -> Vec<Exchange> {
    let hundred: Vec<String> = (0..100).map(|i| format!("g4x{i}")).collect();
    vec![
        row("a miss is END", "get g1\r\n", "END\r\n"),
        row(
            "hits come in the order asked, misses leave no trace",
            "set g2a 0 0 1\r\na\r\nset g2b 0 0 1\r\nb\r\nget g2b g2none g2a\r\n",
            "STORED\r\nSTORED\r\nVALUE g2b 0 1\r\nb\r\nVALUE g2a 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "a key asked twice is answered twice",
            "set g3 0 0 1\r\na\r\nget g3 g3\r\n",
            "STORED\r\nVALUE g3 0 1\r\na\r\nVALUE g3 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "a line of 100 keys",
            format!("set g4x99 0 0 1\r\na\r\nget {}\r\n", hundred.join(" ")),
            "STORED\r\nVALUE g4x99 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "a line of 100 keys of 250 bytes",
            format!("get{}\r\n", format!(" {}", long_key("g5", 250)).repeat(100)),
            "END\r\n",
        ),
        row(
            "gets shows a unique",
            "set g6 3 0 2\r\nab\r\ngets g6\r\n",
            "STORED\r\nVALUE g6 3 2 <n>\r\nab\r\nEND\r\n",
        ),
        row("gets of a miss", "gets g7\r\n", "END\r\n"),
    ]
}

fn touching() -> Vec<Exchange> {
    vec![
        row(
            "gat answers the value",
            "set t1 1 0 1\r\na\r\ngat 100 t1 t1none\r\n",
            "STORED\r\nVALUE t1 1 1\r\na\r\nEND\r\n",
        ),
        row(
            "gats shows a unique",
            "set t2 0 0 1\r\na\r\ngats 0 t2\r\n",
            "STORED\r\nVALUE t2 0 1 <n>\r\na\r\nEND\r\n",
        ),
        row("gat of a miss", "gat 100 t3\r\n", "END\r\n"),
        row(
            "gat into the past answers, then the item is gone",
            "set t4 0 0 1\r\na\r\ngat -1 t4\r\nget t4\r\n",
            "STORED\r\nVALUE t4 0 1\r\na\r\nEND\r\nEND\r\n",
        ),
        row(
            "gat of several keys",
            "set t5a 0 0 1\r\na\r\nset t5b 0 0 1\r\nb\r\ngat 9 t5a t5b\r\n",
            "STORED\r\nSTORED\r\nVALUE t5a 0 1\r\na\r\nVALUE t5b 0 1\r\nb\r\nEND\r\n",
        ),
        row(
            "gat with an exptime that is no number",
            "gat soon t6\r\n",
            "CLIENT_ERROR invalid exptime argument\r\n",
        ),
        row(
            "gats with an exptime that is no number",
            "gats 1x t7\r\n",
            "CLIENT_ERROR invalid exptime argument\r\n",
        ),
        row(
            "touch gives a new deadline",
            "set t8 0 -1 1\r\na\r\ntouch t8 0\r\nset t8 0 100 1\r\nb\r\ntouch t8 -1\r\nget t8\r\n",
            "STORED\r\nNOT_FOUND\r\nSTORED\r\nTOUCHED\r\nEND\r\n",
        ),
        row(
            "touch noreply",
            "set t9 0 0 1\r\na\r\ntouch t9 100 noreply\r\nget t9\r\n",
            "STORED\r\nVALUE t9 0 1\r\na\r\nEND\r\n",
        ),
        row("touch of a miss", "touch t10 0\r\n", "NOT_FOUND\r\n"),
        row(
            "touch with an exptime that is no number",
            "touch t11 x\r\n",
            "CLIENT_ERROR invalid exptime argument\r\n",
        ),
        row("touch without an exptime", "touch t12\r\n", "ERROR\r\n"),
        row(
            "touch with too many words",
            "touch t13 0 noreply x\r\n",
            "ERROR\r\n",
        ),
        row(
            "touch of a key of 251 bytes",
            format!("touch {} 0\r\n", long_key("t14", 251)),
            FORMAT,
        ),
    ]
}

fn refused() -> Vec<Exchange> {
    vec![
        row("get alone", "get\r\n", "ERROR\r\n"),
        row("get and blanks", "get   \r\n", "ERROR\r\n"),
        row("gets alone", "gets\r\n", "ERROR\r\n"),
        row("gat alone", "gat\r\n", "ERROR\r\n"),
        row("gat without a key", "gat 0\r\n", "END\r\n"),
        row(
            "get of a key of 251 bytes",
            format!("get {}\r\n", long_key("x1", 251)),
            FORMAT,
        )
        .not_compared(DROPS),
        row(
            "a key of 251 bytes behind good ones ends the whole line",
            format!("set x2 0 0 1\r\na\r\nget x2 {} x2\r\n", long_key("x2", 251)),
            format!("STORED\r\n{FORMAT}"),
        )
        .not_compared(DROPS),
        row(
            "gat of a key of 251 bytes",
            format!("gat 0 {}\r\n", long_key("x3", 251)),
            FORMAT,
        )
        .not_compared(DROPS),
    ]
}
