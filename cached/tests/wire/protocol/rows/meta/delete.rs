//! `md`. What an invalidated item answers is in `marks.rs`.

use crate::protocol::exchange::{Exchange, row};
use crate::protocol::rows::long_key;

const INVALID: &str = "CLIENT_ERROR invalid or duplicate flag\r\n";

pub(in crate::protocol::rows) fn rows() -> Vec<Exchange> {
    vec![
        row(
            "md removes once",
            "set D1 0 0 1\r\na\r\nmd D1\r\nmg D1\r\nmd D1\r\n",
            "STORED\r\nHD\r\nEN\r\nNF\r\n",
        ),
        row(
            "md echoes key and opaque in the order asked",
            "set D2 0 0 1\r\na\r\nmd D2 k O1\r\nmd D2 O2 k\r\n",
            "STORED\r\nHD kD2 O1\r\nNF O2 kD2\r\n",
        ),
        row(
            "md C with another unique keeps the item",
            "set D3 0 0 1\r\na\r\nmd D3 C18446744073709551615\r\n\
             md D3 C18446744073709551615 O1 k\r\nmg D3 v\r\n",
            "STORED\r\nEX\r\nEX O1 kD3\r\nVA 1\r\na\r\n",
        ),
        row(
            "md C0 matches no item",
            "set D4 0 0 1\r\na\r\nmd D4 C0\r\nmg D4\r\n",
            "STORED\r\nEX\r\nHD\r\n",
        ),
        row(
            "md C of no item",
            "md D5 C5\r\nmd D5 C0\r\n",
            "NF\r\nNF\r\n",
        ),
        row(
            "md T without I removes",
            "set D6 0 0 1\r\na\r\nmd D6 T100\r\nmg D6\r\n",
            "STORED\r\nHD\r\nEN\r\n",
        ),
        row(
            "md of an expired item",
            "set D7 0 -1 1\r\na\r\nmd D7\r\n",
            "STORED\r\nNF\r\n",
        ),
        row(
            "md passes over the flags of other commands",
            "set D8 0 0 1\r\na\r\nmd D8 v s t c f h l u N1 R1 D1 J1 F1 MS P Lx\r\nmg D8\r\n",
            "STORED\r\nHD\r\nEN\r\n",
        ),
        row("md alone", "md\r\n", "ERROR\r\n"),
        row(
            "md of a key of 251 bytes",
            format!("md {} q\r\n", long_key("D9", 251)),
            "CLIENT_ERROR bad command line format\r\n",
        ),
        row(
            "every flag that md refuses gets one answer, and removes nothing",
            "set D10 0 0 1\r\na\r\nmd D10 zz\r\nmd D10 k k\r\nmd D10 C\r\nmd D10 Cx\r\nmd D10 C-1\r\n\
             md D10 I Tx\r\nmd D10 Fx\r\nmd D10 M\r\nmd D10 q zz\r\nmg D10\r\n",
            format!("STORED\r\n{}HD\r\n", INVALID.repeat(9)),
        ),
        row(
            "md with an opaque too long removes nothing",
            "set D11 0 0 1\r\na\r\nmd D11 O12345678901234567890123456789012\r\nmg D11\r\n",
            "STORED\r\nCLIENT_ERROR opaque token too long\r\nHD\r\n",
        ),
        row(
            "md with too many flags",
            "md D12 k v c f s t h l u q O1 T1 R1 P L F1 C1 I\r\n",
            "CLIENT_ERROR options flags too long\r\n",
        ),
    ]
}
