//! `get` and its kin.

use super::{EXPTIME, Exchange, FORGOTTEN, FORMAT, row};

pub(super) fn retrievals() -> Vec<Exchange> {
    let key = "k".repeat(251);
    let each = |text: fn(u32) -> String| (0..200).map(text).collect::<Vec<_>>().concat();
    let many = each(|n| format!("set k{n} 0 0 1 noreply\r\nx\r\n"));
    let keys = each(|n| format!(" k{n}"));
    let values = each(|n| format!("VALUE k{n} 0 1\r\nx\r\n"));
    vec![
        row("a miss", "get a\r\ngets a\r\n", "END\r\nEND\r\n"),
        row(
            "no key",
            "get\r\ngets\r\ngat\r\ngats\r\nget  \r\n",
            "ERROR\r\n".repeat(5),
        ),
        row(
            "several keys, one twice",
            "set a 0 0 1\r\n1\r\nset b 0 0 1\r\n2\r\nget a b c a\r\n",
            "STORED\r\nSTORED\r\nVALUE a 0 1\r\n1\r\nVALUE b 0 1\r\n2\r\nVALUE a 0 1\r\n1\r\nEND\r\n",
        ),
        row(
            "more keys than memcached takes at once",
            format!("{many}get{keys}\r\n"),
            format!("{values}END\r\n"),
        ),
        row(
            "a key too long",
            format!("get {key}\r\ngets {key}\r\n"),
            FORMAT.repeat(2),
        )
        .differs(FORGOTTEN),
        row(
            "a key too long among others",
            format!("get a {key} b\r\n"),
            FORMAT,
        ),
        row(
            "a hit before a key too long",
            format!("set a 0 0 1\r\nx\r\nget a {key}\r\n"),
            format!("STORED\r\n{FORMAT}"),
        )
        .differs(FORGOTTEN),
        row(
            "noreply is a key",
            "set noreply 0 0 1\r\nx\r\nget noreply\r\n",
            "STORED\r\nVALUE noreply 0 1\r\nx\r\nEND\r\n",
        ),
        row(
            "gat",
            "set a 3 0 1\r\nx\r\ngat 100 a b\r\n",
            "STORED\r\nVALUE a 3 1\r\nx\r\nEND\r\n",
        ),
        row(
            "gat that expires",
            "set a 0 0 1\r\nx\r\ngat -1 a\r\nget a\r\n",
            "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\nEND\r\n",
        ),
        row("gat without a key", "gat 10\r\n", "END\r\n"),
        row(
            "gat with an exptime that is none",
            "gat x a\r\ngats 1.5 a\r\ngat x\r\n",
            EXPTIME.repeat(3),
        ),
        row(
            "gat with a key too long",
            format!("gat 0 {key}\r\n"),
            FORMAT,
        ),
    ]
}
