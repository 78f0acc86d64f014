//! get, gets, gat, gats.

use super::long_key;
use crate::protocol::exchange::{Exchange, row};

/// Why a retrieval line with a key too long is not compared.
const DROPS: &str = "long key";

const FORMAT: &str = "CLIENT_ERROR bad command line format\r\n";

pub(super) fn rows() -> Vec<Exchange> {
    let mut rows = answered();
    rows.extend(touching());
    rows.extend(refused());
    rows
}

/// Keys of one prefix, each behind a blank.
fn numbered(prefix: &str, keys: usize) -> String {
    let keys: Vec<String> = (0..keys).map(|i| format!(" {prefix}{i}")).collect();
    keys.concat()
}

fn answered() -> Vec<Exchange> {
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
            format!("set g4x99 0 0 1\r\na\r\nget{}\r\n", numbered("g4x", 100)),
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
        row(
            "a line of five thousand keys",
            format!("set g8x4999 0 0 1\r\na\r\nget{}\r\n", numbered("g8x", 5000)),
            "STORED\r\nVALUE g8x4999 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "a gets line of 300 KB",
            format!(
                "gets{}\r\n",
                format!(" {}", long_key("g9", 250)).repeat(1200)
            ),
            "END\r\n",
        ),
        row(
            "gets in the order asked, twice if asked twice",
            "set g10a 0 0 1\r\na\r\nset g10b 0 0 1\r\nb\r\ngets g10b g10a g10b\r\n",
            "STORED\r\nSTORED\r\nVALUE g10b 0 1 <n>\r\nb\r\nVALUE g10a 0 1 <n>\r\na\r\n\
             VALUE g10b 0 1 <n>\r\nb\r\nEND\r\n",
        ),
        row(
            "a key named noreply",
            "set g11 0 0 1\r\na\r\nget g11 noreply\r\n",
            "STORED\r\nVALUE g11 0 1\r\na\r\nEND\r\n",
        ),
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
            "touch noreply is silent when it misses or fails",
            "touch t15 0 noreply\r\ntouch t15 x noreply\r\nget t15\r\n",
            "END\r\n",
        ),
        row(
            "a third word of touch that is not noreply is passed over",
            "touch t16 0 x\r\n",
            "NOT_FOUND\r\n",
        ),
        row(
            "gat and gats of a key twice",
            "set t17 0 0 1\r\na\r\ngat 0 t17 t17\r\ngats 0 t17 t17none\r\n",
            "STORED\r\nVALUE t17 0 1\r\na\r\nVALUE t17 0 1\r\na\r\nEND\r\nVALUE t17 0 1 <n>\r\na\r\nEND\r\n",
        ),
        row(
            "gat into the past of a key twice",
            "set t18 0 0 1\r\na\r\ngat -1 t18 t18\r\n",
            "STORED\r\nVALUE t18 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "touch knows thirty days",
            "set t19 0 0 1\r\na\r\ntouch t19 2592000\r\nget t19\r\ntouch t19 2592001\r\nget t19\r\n",
            "STORED\r\nTOUCHED\r\nVALUE t19 0 1\r\na\r\nEND\r\nTOUCHED\r\nEND\r\n",
        ),
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
