//! What memcached has learnt since 1.6.18. Each row names the first release
//! known to have it and the sentence of `doc/protocol.txt` that promises it.

use crate::protocol::exchange::{Exchange, row};

const SET_SIZE: &str = "s: return the size of the stored item on success (ie; new size on append)";
const APPEND_VIVIFY: &str = "N(token): if in append mode, autovivify on miss with supplied TTL";
const EXPLICIT_CAS: &str = "E(token): use token as new CAS value (see metaget for detail)";
const REMOVE_VALUE: &str = "x: removes the item value, but leaves the item.";
const CHECK_CAS: &str = "C(token): check CAS value against item, remove 'v' flag if matches";

pub(in crate::protocol::rows) fn rows() -> Vec<Exchange> {
    let mut rows = sizes();
    rows.extend(explicit_uniques());
    rows.extend(removed_values());
    rows.extend(checked_uniques());
    rows
}

fn sizes() -> Vec<Exchange> {
    vec![
        row(
            "ms s returns the length stored",
            "ms X1 5 s\r\nhello\r\nms X1 0 k s O1\r\n\r\n",
            "HD s5\r\nHD kX1 s0 O1\r\n",
        )
        .since(20, SET_SIZE),
        row(
            "ms s of append and prepend returns the new length",
            "ms X2 1\r\na\r\nms X2 2 MA s\r\nbc\r\nms X2 3 MP s c\r\nxyz\r\n",
            "HD\r\nHD s3\r\nHD s6 c<n>\r\n",
        )
        .since(20, SET_SIZE),
        row(
            "ms N makes what append and prepend miss",
            "ms X3 1 MA N100\r\na\r\nmg X3 v t\r\nms X4 1 MP N0\r\nb\r\nmg X4 v t\r\n",
            "HD\r\nVA 1 t<98..100>\r\na\r\nHD\r\nVA 1 t-1\r\nb\r\n",
        )
        .since(20, APPEND_VIVIFY),
        row(
            "ms N, and not T, gives its deadline to what append made",
            "ms X5 1 MA N100 T200 F7\r\na\r\nmg X5 t f\r\nms X5 1 MA N300 T400 s\r\nb\r\nmg X5 t v\r\n",
            "HD\r\nHD t<98..100> f7\r\nHD s2\r\nVA 2 t<98..100>\r\nab\r\n",
        )
        .since(20, APPEND_VIVIFY),
    ]
}

fn explicit_uniques() -> Vec<Exchange> {
    vec![
        row(
            "ms E gives the unique",
            "ms Y1 1 E5000000000 c\r\na\r\nmg Y1 c\r\ngets Y1\r\n",
            "HD c5000000000\r\nHD c5000000000\r\nVALUE Y1 0 1 5000000000\r\na\r\nEND\r\n",
        )
        .since(27, EXPLICIT_CAS),
        row(
            "a unique given by E is compared as any other",
            "ms Y2 1 E100\r\na\r\nms Y2 1 C99\r\nb\r\nms Y2 1 C100 E101\r\nc\r\ncas Y2 0 0 1 100\r\nd\r\n\
             md Y2 C100\r\nmd Y2 C101\r\n",
            "HD\r\nEX\r\nHD\r\nEXISTS\r\nEX\r\nHD\r\n",
        )
        .since(27, EXPLICIT_CAS),
        row(
            "a unique lower than the item's makes stale with I",
            "ms Y3 1 E100 T100\r\na\r\nms Y3 1 I C90 E95\r\nb\r\nmg Y3 v c t\r\n\
             ms Y3 1 I C96\r\nc\r\nmg Y3 v\r\n",
            "HD\r\nHD\r\nVA 1 c95 t<98..100> X W\r\nb\r\nEX\r\nVA 1 Z X\r\nb\r\n",
        )
        .since(27, EXPLICIT_CAS),
        row(
            "append with E",
            "ms Y4 1 E7\r\na\r\nms Y4 1 MA E8 c\r\nb\r\nmg Y4 c v\r\n",
            "HD\r\nHD c8\r\nVA 2 c8\r\nab\r\n",
        )
        .since(27, EXPLICIT_CAS),
        row(
            "mg E counts for what N makes",
            "mg Y5 N0 E70 c\r\nmg Y5 c\r\n",
            "HD c70 W\r\nHD c70 Z\r\n",
        )
        .since(27, EXPLICIT_CAS),
        row(
            "md E counts for what I marks",
            "ms Y6 1\r\na\r\nmd Y6 I E80\r\nmg Y6 c\r\nms Y7 1\r\na\r\nmd Y7 E80\r\nmg Y7\r\n",
            "HD\r\nHD\r\nHD c80 X W\r\nHD\r\nHD\r\nEN\r\n",
        )
        .since(27, EXPLICIT_CAS),
        row(
            "ma E",
            "ma Y8 N0 E90 c\r\nma Y8 E91 c v\r\nma Y8 C90\r\nma Y8 C91 v\r\n",
            "HD c90\r\nVA 1 c91\r\n1\r\nEX\r\nVA 1\r\n2\r\n",
        )
        .since(27, EXPLICIT_CAS),
        row(
            "the largest unique",
            "ms Y9 1 E18446744073709551615\r\na\r\nmg Y9 c\r\nms Y9 1 C18446744073709551615\r\nb\r\n",
            "HD\r\nHD c18446744073709551615\r\nHD\r\n",
        )
        .since(27, EXPLICIT_CAS),
        row(
            "an E that is no number",
            "ms Y10 1 Ex\r\na\r\nms Y10 1 E\r\na\r\nmg Y10 E-1\r\nmd Y10 Ex\r\nma Y10 Ex\r\n",
            "CLIENT_ERROR bad token in command line format\r\n\
             CLIENT_ERROR bad token in command line format\r\n\
             CLIENT_ERROR bad token in command line format\r\n\
             CLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\n",
        )
        .since(27, EXPLICIT_CAS),
    ]
}

fn removed_values() -> Vec<Exchange> {
    vec![
        row(
            "md x leaves an empty item",
            "set Z1 0 0 5\r\nhello\r\nmd Z1 x\r\nmg Z1 v\r\nadd Z1 0 0 1\r\na\r\n",
            "STORED\r\nHD\r\nVA 0\r\n\r\nNOT_STORED\r\n",
        )
        .since(27, REMOVE_VALUE),
        row(
            "md x of a miss",
            "md Z2 x\r\nmd Z2 x q\r\nmg Z2\r\n",
            "NF\r\nNF\r\nEN\r\n",
        )
        .since(27, REMOVE_VALUE),
        row(
            "md x and I leave a stale empty item",
            "set Z3 0 0 5\r\nhello\r\nmd Z3 x I k O1\r\nmg Z3 v\r\nmg Z3 v\r\n",
            "STORED\r\nHD kZ3 O1\r\nVA 0 X W\r\n\r\nVA 0 Z X\r\n\r\n",
        )
        .since(27, REMOVE_VALUE),
        row(
            "md x gives the item flags and a deadline, or takes its own",
            "set Z6 7 100 1\r\na\r\nmd Z6 x F9 T50\r\nmg Z6 f t\r\nmd Z6 x\r\nmg Z6 f t\r\n",
            "STORED\r\nHD\r\nHD f9 t<48..50>\r\nHD\r\nHD f0 t-1\r\n",
        )
        .since(27, REMOVE_VALUE),
        row(
            "md x with another unique",
            "set Z4 0 0 1\r\na\r\nmd Z4 x C18446744073709551615\r\nmg Z4 v\r\n",
            "STORED\r\nEX\r\nVA 1\r\na\r\n",
        )
        .since(27, REMOVE_VALUE),
        row(
            "md x and I with a deadline and a unique",
            "set Z5 0 0 1\r\na\r\nmd Z5 x I T100 E60 q\r\nmg Z5 v t c\r\n",
            "STORED\r\nVA 0 t<98..100> c60 X W\r\n\r\n",
        )
        .since(27, REMOVE_VALUE),
    ]
}

fn checked_uniques() -> Vec<Exchange> {
    vec![
        row(
            "mg C leaves the value out when the client has it",
            "ms N1 1 E50\r\na\r\nmg N1 v C50\r\nmg N1 v C51\r\nmg N1 C50 c v s k\r\nmg N1 C51\r\n",
            "HD\r\nHD\r\nVA 1\r\na\r\nHD c50 s1 kN1\r\nHD\r\n",
        )
        .since(45, CHECK_CAS),
        row(
            "mg C of a miss",
            "mg N2 v C50\r\nmg N2 v C50 q\r\n",
            "EN\r\n",
        )
        .since(45, CHECK_CAS),
        row(
            "mg C changes what is sent and nothing else",
            "ms N3 1 E50\r\na\r\nmg N3 v C50 T100\r\nmg N3 t h\r\n",
            "HD\r\nHD\r\nHD t<98..100> h1\r\n",
        )
        .since(45, CHECK_CAS),
    ]
}
