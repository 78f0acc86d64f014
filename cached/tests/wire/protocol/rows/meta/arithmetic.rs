//! `ma`.

use crate::protocol::exchange::{Exchange, row};
use crate::protocol::rows::long_key;

const INVALID: &str = "CLIENT_ERROR invalid or duplicate flag\r\n";
const NON_NUMERIC: &str = "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n";

pub(in crate::protocol::rows) fn rows() -> Vec<Exchange> {
    let mut rows = counted();
    rows.extend(created());
    rows.extend(refused());
    rows
}

fn counted() -> Vec<Exchange> {
    vec![
        row(
            "ma of a miss",
            "ma A1\r\nma A1 v k O1 c t\r\n",
            "NF\r\nNF kA1 O1\r\n",
        ),
        row(
            "ma adds one",
            "set A2 0 0 1\r\n5\r\nma A2\r\nma A2 v\r\nget A2\r\n",
            "STORED\r\nHD\r\nVA 1\r\n7\r\nVALUE A2 0 1\r\n7\r\nEND\r\n",
        ),
        row(
            "ma D is the delta",
            "set A3 0 0 2\r\n10\r\nma A3 D5 v\r\nma A3 D0 v\r\nma A3 D18446744073709551606 v\r\n",
            "STORED\r\nVA 2\r\n15\r\nVA 2\r\n15\r\nVA 1\r\n5\r\n",
        ),
        row(
            "ma modes",
            "set A4 0 0 2\r\n50\r\nma A4 MI v\r\nma A4 M+ v\r\nma A4 MD v\r\nma A4 M- D10 v\r\n",
            "STORED\r\nVA 2\r\n51\r\nVA 2\r\n52\r\nVA 2\r\n51\r\nVA 2\r\n41\r\n",
        ),
        row(
            "ma wraps at 2^64",
            "set A5 0 0 20\r\n18446744073709551615\r\nma A5 v D2\r\n",
            "STORED\r\nVA 1\r\n1\r\n",
        ),
        row(
            "ma stops at 0",
            "set A6 0 0 1\r\n3\r\nma A6 MD D18446744073709551615 v\r\n",
            "STORED\r\nVA 1\r\n0\r\n",
        ),
        row(
            "ma returns the number without the blanks that the item keeps",
            "set A7 0 0 3\r\n100\r\nma A7 MD v\r\nmg A7 v s\r\n",
            "STORED\r\nVA 2\r\n99\r\nVA 3 s3\r\n99 \r\n",
        ),
        row(
            "ma returns flags in the order asked",
            "set A8 0 100 1\r\n5\r\nma A8 t c k O1 v\r\nma A8 O2 k c t\r\n",
            "STORED\r\nVA 1 t<98..100> c<n> kA8 O1\r\n6\r\nHD O2 kA8 c<n> t<98..100>\r\n",
        ),
        row(
            "ma T gives a new deadline to a counter that grows too",
            "set A40 0 500 1\r\n9\r\nma A40 T30 t v\r\nmg A40 t\r\n",
            "STORED\r\nVA 2 t<28..30>\r\n10\r\nHD t<28..30>\r\n",
        )
        .memcached_says(
            "STORED\r\nVA 2 t<28..30>\r\n10\r\nHD t<498..500>\r\n",
            "counters",
        ),
        row(
            "ma T gives a new deadline",
            "set A9 0 0 1\r\n5\r\nma A9 t T100\r\nma A9 T200 t\r\nma A9 T0 t\r\n",
            "STORED\r\nHD t-1\r\nHD t<198..200>\r\nHD t-1\r\n",
        ),
        row(
            "ma keeps client flags and deadline",
            "set A10 7 100 1\r\n9\r\nma A10\r\nmg A10 v f t\r\n",
            "STORED\r\nHD\r\nVA 2 f7 t<98..100>\r\n10\r\n",
        ),
        row(
            "ma C with another unique",
            "set A11 0 0 1\r\n5\r\nma A11 C18446744073709551615\r\n\
             ma A11 C18446744073709551615 k O1 v\r\nmg A11 v\r\n",
            "STORED\r\nEX\r\nEX kA11 O1\r\nVA 1\r\n5\r\n",
        ),
        row(
            "ma C0 compares nothing",
            "set A12 0 0 1\r\n5\r\nma A12 C0 v\r\n",
            "STORED\r\nVA 1\r\n6\r\n",
        ),
        row("ma C of no item", "ma A13 C5\r\n", "NF\r\n"),
        row(
            "ma passes over the flags of other commands",
            "set A14 0 0 1\r\n5\r\nma A14 f s h l u F1 I R1 P/x Lx v\r\n",
            "STORED\r\nVA 1\r\n6\r\n",
        ),
        row(
            "ma of an expired item",
            "set A15 0 -1 1\r\n5\r\nma A15\r\n",
            "STORED\r\nNF\r\n",
        ),
    ]
}

fn created() -> Vec<Exchange> {
    vec![
        row(
            "ma N makes an item of 0, and counts from then on",
            "ma B1 N0 v\r\nma B1 N0 v\r\nget B1\r\n",
            "VA 1\r\n0\r\nVA 1\r\n1\r\nVALUE B1 0 1\r\n1\r\nEND\r\n",
        ),
        row(
            "ma N and J make an item of a number, without the delta",
            "ma B2 N0 J13 D5 v\r\nma B2 N0 J13 D5 v\r\n",
            "VA 2\r\n13\r\nVA 2\r\n18\r\n",
        ),
        row(
            "ma N in the mode of decrement",
            "ma B3 N0 J13 MD v\r\nma B3 MD v\r\n",
            "VA 2\r\n13\r\nVA 2\r\n12\r\n",
        ),
        row(
            "ma N gives a deadline to what it makes, and to nothing else",
            "ma B4 N100 t\r\nma B4 N200 t\r\n",
            "HD t<98..100>\r\nHD t<98..100>\r\n",
        ),
        row(
            "ma J without N makes nothing",
            "ma B5 J13 v\r\nmg B5\r\n",
            "NF\r\nEN\r\n",
        ),
        row(
            "ma N returns key, opaque and unique",
            "ma B6 N0 k O1 c v\r\n",
            "VA 1 kB6 O1 c<n>\r\n0\r\n",
        ),
        row(
            "what ma made has no winner",
            "ma B7 N0\r\nmg B7 v\r\n",
            "HD\r\nVA 1\r\n0\r\n",
        ),
        row(
            "ma J of the largest number",
            "ma B8 N0 J18446744073709551615 v\r\nma B8 v\r\n",
            "VA 20\r\n18446744073709551615\r\nVA 1\r\n0\r\n",
        ),
        row(
            "ma N and T",
            "ma B9 N100 T200 t\r\nmg B9 t\r\n",
            "HD t<198..200>\r\nHD t<198..200>\r\n",
        ),
        row(
            "ma T and N",
            "ma C9 T200 N100 t\r\nmg C9 t\r\nma C8 T-1 N100 v\r\nmg C8 v\r\n",
            "HD t<98..100>\r\nHD t<98..100>\r\nVA 1\r\n0\r\nVA 1\r\n0\r\n",
        ),
    ]
}

fn refused() -> Vec<Exchange> {
    vec![
        row("ma alone", "ma\r\n", "ERROR\r\n"),
        row(
            "ma of a key of 251 bytes",
            format!("ma {} q\r\n", long_key("C1", 251)),
            "CLIENT_ERROR bad command line format\r\n",
        ),
        row(
            "every flag that ma refuses gets one answer",
            "ma C2 zz\r\nma C2 v v\r\nma C2 Dx\r\nma C2 D-1\r\nma C2 D\r\nma C2 Jx\r\n\
             ma C2 J18446744073709551616\r\nma C2 N\r\nma C2 Tx\r\nma C2 Cx\r\nma C2 M\r\nma C2 MII\r\n\
             ma C2 q zz\r\n",
            INVALID.repeat(13),
        ),
        row(
            "ma with a mode that is none",
            "set C3 0 0 1\r\n5\r\nma C3 MX\r\nma C3 ME q\r\nmg C3 v\r\n",
            "STORED\r\nCLIENT_ERROR invalid mode for ma M token\r\n\
             CLIENT_ERROR invalid mode for ma M token\r\nVA 1\r\n5\r\n",
        ),
        row(
            "ma of text",
            "set C4 0 0 3\r\nabc\r\nma C4\r\nma C4 MD v k O1\r\nma C4 q\r\nma C4 N0\r\nmg C4 v\r\n",
            format!("STORED\r\n{}VA 3\r\nabc\r\n", NON_NUMERIC.repeat(4)),
        ),
        row(
            "ma of nothing",
            "set C5 0 0 0\r\n\r\nma C5\r\n",
            format!("STORED\r\n{NON_NUMERIC}"),
        ),
        row(
            "ma of a number beyond 64 bits",
            "set C6 0 0 21\r\n184467440737095516160\r\nma C6\r\n",
            format!("STORED\r\n{NON_NUMERIC}"),
        ),
        row(
            "ma with too many flags",
            "ma C7 k v c f s t h l u q O1 T1 R1 P L F1 C1 I\r\n",
            "CLIENT_ERROR options flags too long\r\n",
        ),
        row(
            "ma of a miss with an opaque too long",
            "ma C8 O12345678901234567890123456789012\r\n",
            "CLIENT_ERROR opaque token too long\r\n",
        ),
    ]
}
