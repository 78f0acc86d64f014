//! Items that wait for somebody to write them: made by `mg N`, recached by
//! `mg R`, made stale by `md I`. That there is one winner among many clients
//! is in `winners.rs`.

use crate::protocol::exchange::{Exchange, row};

pub(in crate::protocol::rows) fn rows() -> Vec<Exchange> {
    let mut rows = vivified();
    rows.extend(recached());
    rows.extend(stale());
    rows
}

fn vivified() -> Vec<Exchange> {
    vec![
        row(
            "mg N asks for what it makes, unless u is with it",
            "mg N0 N30\r\nmg N0 h\r\nmg N1 N30 u\r\nmg N1 h\r\n",
            "HD W\r\nHD h1 Z\r\nHD W\r\nHD h0 Z\r\n",
        ),
        row(
            "a stale item that ends is told for the last time, and is won",
            "set L0 0 0 1\r\nx\r\nmd L0 I\r\nmg L0 v T-1\r\nmg L0 v\r\n\
             set L1 0 0 1\r\nx\r\nmg L1 v T-1 R30\r\nmg L1 v\r\n",
            "STORED\r\nHD\r\nVA 1 X W\r\nx\r\nEN\r\nSTORED\r\nVA 1 W\r\nx\r\nEN\r\n",
        ),
        row(
            "mg N makes an empty item, and the first has won",
            "mg M1 N30 v t\r\nmg M1 N30 v t\r\nmg M1 v\r\n",
            "VA 0 t<28..30> W\r\n\r\nVA 0 t<28..30> Z\r\n\r\nVA 0 Z\r\n\r\n",
        ),
        row(
            "mg N of an item that is there",
            "set M2 0 0 1\r\na\r\nmg M2 N30 v t\r\n",
            "STORED\r\nVA 1 t-1\r\na\r\n",
        ),
        row(
            "mg N0 makes an item that never expires",
            "mg M3 N0 t\r\nmg M3 t\r\n",
            "HD t-1 W\r\nHD t-1 Z\r\n",
        ),
        row(
            "mg N into the past makes nothing that stays",
            "mg M4 N-1\r\nmg M4\r\n",
            "HD W\r\nEN\r\n",
        ),
        row(
            "mg N counts for a t behind it, not before it",
            "mg M5 t N30\r\nmg M6 N30 t\r\n",
            "HD t-1 W\r\nHD t<28..30> W\r\n",
        ),
        row(
            "mg tells a t between T and N as the item is by then",
            "mg M15 T30 t N60\r\nmg M15 t\r\nmg M16 N60 t T30\r\nmg M16 t\r\nmg M17 t N60 T30\r\nmg M17 t\r\n\
             mg M18 N60 T30 t\r\nmg M19 T30 N60 t\r\n",
            "HD t<28..30> W\r\nHD t<58..60> Z\r\nHD t<58..60> W\r\nHD t<28..30> Z\r\nHD t-1 W\r\nHD t<28..30> Z\r\n\
             HD t<28..30> W\r\nHD t<58..60> W\r\n",
        ),
        row(
            "N of an item that is there changes no t",
            "set M20 0 100 1\r\n5\r\nmg M20 N60 t\r\nmg M20 N60 t T30\r\nmg M20 T50 N60 t\r\nma M20 N60 t T30\r\nma M20 T20 t N60\r\n",
            "STORED\r\nHD t<98..100>\r\nHD t<98..100>\r\nHD t<48..50>\r\nHD t<48..50>\r\nHD t<18..20>\r\n",
        ),
        row(
            "ma tells a t between T and N as the item is by then",
            "ma M21 t T30 N60\r\nma M22 N60 t T30\r\nma M23 T30 t N60\r\nmg M21 t\r\nmg M22 t\r\nmg M23 t\r\n",
            "HD t-1\r\nHD t<58..60>\r\nHD t<28..30>\r\nHD t<58..60>\r\nHD t<28..30>\r\nHD t<58..60>\r\n",
        ),
        row(
            "what mg N made is there for every command",
            "mg M7 N0\r\nget M7\r\nadd M7 0 0 1\r\na\r\nms M7 1 ME\r\na\r\ngets M7\r\ntouch M7 0\r\nmg M7\r\n",
            "HD W\r\nVALUE M7 0 0\r\n\r\nEND\r\nNOT_STORED\r\nNS\r\nVALUE M7 0 0 <n>\r\n\r\nEND\r\nTOUCHED\r\nHD Z\r\n",
        ),
        row(
            "who writes what mg N made ends the waiting",
            "mg M8 N0\r\nms M8 1\r\na\r\nmg M8 v\r\nmg M9 N0\r\nset M9 0 0 1\r\na\r\nmg M9 v\r\n",
            "HD W\r\nHD\r\nVA 1\r\na\r\nHD W\r\nSTORED\r\nVA 1\r\na\r\n",
        ),
        row(
            "append to what mg N made ends the waiting",
            "mg M10 N30\r\nms M10 1 MA\r\na\r\nmg M10 v t\r\n",
            "HD W\r\nHD\r\nVA 1 t<28..30>\r\na\r\n",
        ),
        row(
            "who removes what mg N made lets another win",
            "mg M11 N0\r\nmd M11\r\nmg M11 N0\r\nmg M11 N0\r\n",
            "HD W\r\nHD\r\nHD W\r\nHD Z\r\n",
        ),
        row(
            "mg N returns flags of what it made",
            "mg M12 N30 k O1 f s h c v\r\n",
            "VA 0 kM12 O1 f0 s0 h0 c<n> W\r\n\r\n",
        ),
        row(
            "mg N after the deadline wins again",
            "set M13 0 -1 1\r\na\r\nmg M13 N30 v\r\n",
            "STORED\r\nVA 0 W\r\n\r\n",
        ),
        row(
            "incr of what mg N made",
            "mg M14 N0\r\nincr M14 1\r\nma M14\r\n",
            "HD W\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n\
             CLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
        ),
    ]
}

fn recached() -> Vec<Exchange> {
    vec![
        row(
            "mg R wins when less is left, and once",
            "set P1 0 100 1\r\na\r\nmg P1 R30 v\r\nmg P1 R200 v\r\nmg P1 R200 v\r\n",
            "STORED\r\nVA 1\r\na\r\nVA 1 W\r\na\r\nVA 1 Z\r\na\r\n",
        ),
        row(
            "who does not ask to recache is told of the winner too",
            "set P2 0 100 1\r\na\r\nmg P2 R200\r\nmg P2\r\nmg P2 R30\r\nget P2\r\n",
            "STORED\r\nHD W\r\nHD Z\r\nHD Z\r\nVALUE P2 0 1\r\na\r\nEND\r\n",
        ),
        row(
            "mg R of an item that never expires",
            "set P3 0 0 1\r\na\r\nmg P3 R2592000\r\n",
            "STORED\r\nHD\r\n",
        ),
        row(
            "mg R0 and R-1 never win",
            "set P4 0 100 1\r\na\r\nmg P4 R0\r\nmg P4 R-1\r\nmg P4\r\n",
            "STORED\r\nHD\r\nHD\r\nHD\r\n",
        ),
        row(
            "mg R wins only when less is left than it says",
            "set P12 0 30 1\r\na\r\nmg P12 R28\r\nmg P12 R31\r\n",
            "STORED\r\nHD\r\nHD W\r\n",
        ),
        row("mg R of a miss", "mg P5 R30\r\nmg P5\r\n", "EN\r\nEN\r\n"),
        row(
            "who writes ends the recaching",
            "set P6 0 100 1\r\na\r\nmg P6 R200\r\nms P6 1 T100\r\nb\r\nmg P6 v\r\nmg P6 R200\r\n",
            "STORED\r\nHD W\r\nHD\r\nVA 1\r\nb\r\nHD W\r\n",
        ),
        row(
            "a new deadline keeps the winner",
            "set P7 0 100 1\r\na\r\nmg P7 R200\r\ntouch P7 0\r\nmg P7\r\ngat 0 P7\r\nmg P7\r\nmg P7 T100\r\nmg P7 R200\r\n",
            "STORED\r\nHD W\r\nTOUCHED\r\nHD Z\r\nVALUE P7 0 1\r\na\r\nEND\r\nHD Z\r\nHD Z\r\nHD Z\r\n",
        ),
        row(
            "mg R and N together",
            "mg P8 N30 R60\r\nmg P8 N30 R60\r\nset P9 0 20 1\r\na\r\nmg P9 N30 R60 t\r\nmg P9 N30 R60 t\r\n",
            "HD W\r\nHD Z\r\nSTORED\r\nHD t<18..20> W\r\nHD t<18..20> Z\r\n",
        ),
        row(
            "mg R sees the deadline that T before it gave",
            "set P10 0 0 1\r\na\r\nmg P10 T30 R60\r\nset P11 0 0 1\r\na\r\nmg P11 R60 T30\r\n",
            "STORED\r\nHD W\r\nSTORED\r\nHD\r\n",
        ),
    ]
}

fn stale() -> Vec<Exchange> {
    vec![
        row(
            "md I makes an item stale, and the first to see it wins",
            "set I1 0 0 1\r\na\r\nmd I1 I\r\nmg I1 v\r\nmg I1 v\r\nmg I1\r\n",
            "STORED\r\nHD\r\nVA 1 X W\r\na\r\nVA 1 Z X\r\na\r\nHD Z X\r\n",
        ),
        row(
            "md I T gives a deadline",
            "set I2 0 0 1\r\na\r\nmd I2 I T30\r\nmg I2 t\r\nset I3 0 100 1\r\na\r\nmd I3 I\r\nmg I3 t\r\n",
            "STORED\r\nHD\r\nHD t<28..30> X W\r\nSTORED\r\nHD\r\nHD t<98..100> X W\r\n",
        ),
        row(
            "md I T into the past removes",
            "set I4 0 0 1\r\na\r\nmd I4 I T-1\r\nmg I4\r\n",
            "STORED\r\nHD\r\nEN\r\n",
        ),
        row("md I of a miss", "md I5 I\r\nmg I5\r\n", "NF\r\nEN\r\n"),
        row(
            "a classic get sees a stale item as any other",
            "set I6 5 0 1\r\na\r\nmd I6 I\r\nget I6\r\ngat 0 I6\r\nmg I6\r\n",
            "STORED\r\nHD\r\nVALUE I6 5 1\r\na\r\nEND\r\nVALUE I6 5 1\r\na\r\nEND\r\nHD X W\r\n",
        ),
        row(
            "md I again lets another win",
            "set I7 0 0 1\r\na\r\nmd I7 I\r\nmg I7\r\nmg I7\r\nmd I7 I\r\nmg I7\r\n",
            "STORED\r\nHD\r\nHD X W\r\nHD Z X\r\nHD\r\nHD X W\r\n",
        ),
        row(
            "who writes makes the item fresh",
            "set I8 0 0 1\r\na\r\nmd I8 I\r\nms I8 1\r\nb\r\nmg I8 v\r\n\
             md I8 I\r\nmg I8\r\nset I8 0 0 1\r\nc\r\nmg I8 v\r\n",
            "STORED\r\nHD\r\nHD\r\nVA 1\r\nb\r\nHD\r\nHD X W\r\nSTORED\r\nVA 1\r\nc\r\n",
        ),
        row(
            "append makes the item fresh",
            "set I9 0 0 1\r\na\r\nmd I9 I\r\nappend I9 0 0 1\r\nb\r\nmg I9 v\r\n",
            "STORED\r\nHD\r\nSTORED\r\nVA 2\r\nab\r\n",
        ),
        row(
            "a new deadline keeps the item stale",
            "set I10 0 0 1\r\na\r\nmd I10 I\r\ntouch I10 100\r\nmg I10 t\r\nmg I10 T0 t\r\n",
            "STORED\r\nHD\r\nTOUCHED\r\nHD t<98..100> X W\r\nHD t-1 Z X\r\n",
        ),
        row(
            "md I keeps value, client flags and whether it was fetched",
            "set I11 7 0 1\r\na\r\nmd I11 I\r\nmg I11 u h f v\r\nmg I11 h\r\nmd I11 I\r\nmg I11 h\r\n",
            "STORED\r\nHD\r\nVA 1 h0 f7 X W\r\na\r\nHD h0 Z X\r\nHD\r\nHD h1 X W\r\n",
        ),
        row(
            "a stale item of no client flags and many return flags",
            "set I12 0 0 1\r\na\r\nmd I12 I\r\nmg I12 k O1 f s t c\r\n",
            "STORED\r\nHD\r\nHD kI12 O1 f0 s1 t-1 c<n> X W\r\n",
        ),
        row(
            "md I of what mg N made",
            "mg I13 N0\r\nmd I13 I\r\nmg I13 v\r\nmg I13 N0\r\n",
            "HD W\r\nHD\r\nVA 0 X W\r\n\r\nHD Z X\r\n",
        ),
        row(
            "mg R of a stale item wins once",
            "set I14 0 100 1\r\na\r\nmd I14 I\r\nmg I14 R200\r\nmg I14 R200\r\n",
            "STORED\r\nHD\r\nHD X W\r\nHD Z X\r\n",
        ),
        row(
            "md I with another unique marks nothing",
            "set I15 0 0 1\r\na\r\nmd I15 I C18446744073709551615\r\nmg I15\r\n",
            "STORED\r\nEX\r\nHD\r\n",
        ),
        row(
            "md I echoes key and opaque",
            "set I16 0 0 1\r\na\r\nmd I16 I k O1\r\nmd I16 O2 I k\r\n",
            "STORED\r\nHD kI16 O1\r\nHD O2 kI16\r\n",
        ),
        row(
            "md removes a stale item",
            "set I17 0 0 1\r\na\r\nmd I17 I\r\nmd I17\r\nmg I17\r\n",
            "STORED\r\nHD\r\nHD\r\nEN\r\n",
        ),
        row(
            "add and replace of a stale item",
            "set I18 0 0 1\r\na\r\nmd I18 I\r\nadd I18 0 0 1\r\nb\r\nmg I18 u\r\nreplace I18 0 0 1\r\nc\r\nmg I18 v\r\n",
            "STORED\r\nHD\r\nNOT_STORED\r\nHD X W\r\nSTORED\r\nVA 1\r\nc\r\n",
        ),
    ]
}
