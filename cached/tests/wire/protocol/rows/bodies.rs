//! Bodies that are not what their line said, and bodies too large.

use crate::protocol::exchange::{Exchange, row};

const TOO_LARGE: &str = "SERVER_ERROR object too large for cache\r\n";

pub(super) fn rows() -> Vec<Exchange> {
    let mut rows = cut_bodies();
    rows.extend(too_large());
    rows
}

fn cut_bodies() -> Vec<Exchange> {
    const BAD: &str = "CLIENT_ERROR bad data chunk\r\n";
    vec![
        row(
            "a body longer than said",
            "set b1 0 0 1\r\nxyz\r\nget b1\r\n",
            format!("{BAD}ERROR\r\nEND\r\n"),
        ),
        row(
            "a body shorter than said takes bytes of the next line",
            "set b2 0 0 3\r\nx\r\n\r\nget b2\r\n",
            "STORED\r\nVALUE b2 0 3\r\nx\r\n\r\nEND\r\n",
        ),
        row(
            "a body ended by a bare newline",
            "set b3 0 0 1\r\nx\n\nget b3\r\n",
            format!("{BAD}END\r\n"),
        ),
        row(
            "a bad body keeps the old value",
            "set b4 0 0 1\r\na\r\nset b4 0 0 1\r\nbXX\r\nget b4\r\n",
            format!("STORED\r\n{BAD}ERROR\r\nVALUE b4 0 1\r\na\r\nEND\r\n"),
        ),
        row(
            "a bad body with noreply is silent",
            "set b5 0 0 1 noreply\r\nxXXX\r\nget b5\r\n",
            "ERROR\r\nEND\r\n",
        ),
        row(
            "every storage verb checks its body",
            "add b6 0 0 0\r\nXX\r\nreplace b6 0 0 0\r\nXX\r\nappend b6 0 0 0\r\nXX\r\nprepend b6 0 0 0\r\nXX\r\ncas b6 0 0 0 1\r\nXX\r\n",
            [BAD, "ERROR\r\n"].concat().repeat(5),
        ),
    ]
}

fn too_large() -> Vec<Exchange> {
    let body = "y".repeat(2 << 20);
    let length = body.len();
    let almost = 1023 << 10;
    vec![
        row(
            "a value over the limit is swallowed",
            format!("set l1 0 0 {length}\r\n{body}\r\nget l1\r\n"),
            format!("{TOO_LARGE}END\r\n"),
        ),
        row(
            "a set over the limit removes the old value",
            format!("set l2 0 0 1\r\na\r\nset l2 0 0 {length}\r\n{body}\r\nget l2\r\n"),
            format!("STORED\r\n{TOO_LARGE}END\r\n"),
        ),
        row(
            "an add over the limit keeps the old value",
            format!("set l3 0 0 1\r\na\r\nadd l3 0 0 {length}\r\n{body}\r\nget l3\r\n"),
            format!("STORED\r\n{TOO_LARGE}VALUE l3 0 1\r\na\r\nEND\r\n"),
        ),
        row(
            "a value of 1023 KiB",
            format!(
                "set l5 0 0 {almost}\r\n{}\r\ntouch l5 0\r\n",
                &body[..almost]
            ),
            "STORED\r\nTOUCHED\r\n",
        ),
        row(
            "replace, append, prepend and cas over the limit keep the old value",
            format!(
                "set l6 0 0 1\r\na\r\n{}get l6\r\n",
                [
                    "replace l6 0 0 LEN",
                    "append l6 0 0 LEN",
                    "prepend l6 0 0 LEN",
                    "cas l6 0 0 LEN 1"
                ]
                .map(|line| format!("{}\r\n{body}\r\n", line.replace("LEN", &length.to_string())))
                .concat()
            ),
            format!(
                "STORED\r\n{}VALUE l6 0 1\r\na\r\nEND\r\n",
                TOO_LARGE.repeat(4)
            ),
        ),
        row(
            "a value grown over the limit by append keeps its old value",
            format!(
                "set l7 0 0 {almost}\r\n{0}\r\nappend l7 0 0 {almost}\r\n{0}\r\nappend l7 0 0 0\r\n\r\n",
                &body[..almost]
            ),
            "STORED\r\nNOT_STORED\r\nSTORED\r\n",
        ),
        row(
            "a value over the limit with noreply is silent",
            format!("set l4 0 0 {length} noreply\r\n{body}\r\nget l4\r\n"),
            "END\r\n",
        ),
    ]
}
