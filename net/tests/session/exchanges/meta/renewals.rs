//! Stale items and those to be renewed, and what came after 1.6.18.

use super::{EITHER, TOKEN};
use crate::exchanges::{Exchange, row};

const LATER: &str = "newer than 1.6.18";

pub(in crate::exchanges) fn renewals() -> Vec<Exchange> {
    vec![
        row(
            "the first to ask for a stale item wins",
            "ms a 1 T100\r\nx\r\nmd a I T30 q\r\nmg a t c v\r\nmg a t c v\r\nmg a k O1 v\r\nget a\r\nmd a I k\r\nmg a\r\nmg a\r\nms a 1\r\ny\r\nmg a v\r\n",
            "HD\r\nVA 1 t30 c2 X W\r\nx\r\nVA 1 t30 c2 Z X\r\nx\r\nVA 1 ka O1 Z X\r\nx\r\nVALUE a 0 1\r\nx\r\nEND\r\nHD ka\r\nHD X W\r\nHD Z X\r\nHD\r\nVA 1\r\ny\r\n",
        ),
        row(
            "a get does not win",
            "ms a 1\r\nx\r\nmd a I\r\nget a\r\ngat 0 a\r\nme b\r\nmg a q\r\n",
            "HD\r\nHD\r\nVALUE a 0 1\r\nx\r\nEND\r\nVALUE a 0 1\r\nx\r\nEND\r\nEN\r\nHD X W\r\n",
        ),
        row(
            "I of nothing, with C, and in the past",
            "md a I\r\nms a 1 c\r\nx\r\nmd a I C5\r\nmg a c\r\nmd a I C1\r\nmd a I C1\r\nmg a c\r\nmd a I T-1\r\nmg a\r\n",
            "NF\r\nHD c1\r\nEX\r\nHD c1\r\nHD\r\nEX\r\nHD c2 X W\r\nHD\r\nEN\r\n",
        ),
        row(
            "N",
            "mg a N30 v t c\r\nmg a N30 v t\r\nget a\r\nmg a v q\r\nms a 1\r\nx\r\nmg a v t N30\r\nmg b N30 q k\r\nmg b k q\r\n",
            "VA 0 t30 c1 W\r\n\r\nVA 0 t30 Z\r\n\r\nVALUE a 0 0\r\n\r\nEND\r\nVA 0 Z\r\n\r\nHD\r\nVA 1 t-1\r\nx\r\nHD kb W\r\nHD kb Z\r\n",
        ),
        row(
            "t before N is told as it was",
            "mg a t N30\r\nma b t N30\r\nmg c T50 N30 t\r\nmg d N30 T50 t\r\n",
            "HD t-1 W\r\nHD t-1\r\nHD t30 W\r\nHD t50 W\r\n",
        ),
        row(
            "R",
            "ms a 1 T50\r\nx\r\nmg a R30 t\r\nmg a R50 t\r\nmg a R60 t\r\nmg a R60 t\r\nmg a\r\nmg a R200 T100 t\r\nms a 1\r\nx\r\nmg a R30\r\nmg b R30 k\r\n",
            "HD\r\nHD t50\r\nHD t50\r\nHD t50 W\r\nHD t50 Z\r\nHD Z\r\nHD t100 Z\r\nHD\r\nHD\r\nEN kb\r\n",
        ),
        row(
            "R before T and behind it",
            "ms a 1 T50\r\nx\r\nmg a T100 R60\r\nms a 1 T50\r\nx\r\nmg a R60 T100 t\r\nms a 1 T50\r\nx\r\nmg a T20 R40 t\r\n",
            "HD\r\nHD\r\nHD\r\nHD t100 W\r\nHD\r\nHD t20 W\r\n",
        ),
        row(
            "an older unique makes a value stale",
            "ms a 1 T100 c\r\nx\r\nms b 1 c\r\nx\r\nms a 1 c\r\ny\r\nms a 1 C1 I c F5 T50\r\nz\r\nmg a v c t f\r\nmg a v c\r\nms a 1 C3 I c\r\n1\r\nmg a v\r\nms a 1 C5 I\r\n2\r\nmg a v\r\n",
            "HD c1\r\nHD c2\r\nHD c3\r\nHD c4\r\nVA 1 c4 t-1 f5 X W\r\nz\r\nVA 1 c4 Z X\r\nz\r\nHD c5\r\nVA 1 Z X\r\n1\r\nHD\r\nVA 1\r\n2\r\n",
        ),
        row(
            "a later unique, or none, does not",
            "ms a 1 c\r\nx\r\nms a 1 C9 I c\r\ny\r\nms a 1 C0 I c\r\ny\r\nms b 1 C5 I c\r\ny\r\nms b 1 I\r\ny\r\nms a 1 MA C9 I\r\ny\r\nmg a v\r\nmg b\r\n",
            "HD c1\r\nEX c0\r\nEX c0\r\nNF c0\r\nHD\r\nEX\r\nVA 1\r\nx\r\nHD\r\n",
        ),
        row(
            "what renews an item and what does not",
            "ms a 1\r\n5\r\nmd a I\r\nma a v\r\nmg a\r\nms a 1 ME\r\n5\r\ntouch a 50\r\nmg a t\r\nmd a I\r\nappend a 0 0 1\r\n1\r\nmg a v\r\nmd a I\r\nms a 1 MR\r\n5\r\nmg a\r\n",
            "HD\r\nHD\r\nVA 1\r\n6\r\nHD X W\r\nNS\r\nTOUCHED\r\nHD t50 Z X\r\nHD\r\nSTORED\r\nVA 2\r\n61\r\nHD\r\nHD\r\nHD\r\n",
        ),
    ]
}

pub(in crate::exchanges) fn later() -> Vec<Exchange> {
    let rows = vec![
        row(
            "E",
            "ms a 1 E100 c\r\nx\r\nmg a c\r\nms a 1 C100 E200 c\r\ny\r\nmd a I E300\r\nmg a c\r\nmg b N0 E7 c\r\nma c N0 E8 c\r\nma c E9 c\r\nms a 1 MA E10 c\r\nz\r\n",
            "HD c100\r\nHD c100\r\nHD c200\r\nHD\r\nHD c300 X W\r\nHD c7 W\r\nHD c8\r\nHD c9\r\nHD c10\r\n",
        ),
        row(
            "E of no number",
            "mg a Ex\r\nma a E\r\n",
            format!("{TOKEN}{EITHER}"),
        ),
        row(
            "x",
            "ms a 1 F5 T100\r\nx\r\nmd a x k\r\nmg a v f t\r\nms a 1 F5\r\ny\r\nmd a I x T30\r\nmg a v t\r\nmg a v\r\nmd b x\r\nmd a x C1\r\n",
            "HD\r\nHD ka\r\nVA 0 f0 t-1\r\n\r\nHD\r\nHD\r\nVA 0 t30 X W\r\n\r\nVA 0 Z X\r\n\r\nNF\r\nEX\r\n",
        ),
        row(
            "N in append mode",
            "ms a 1 MA N30 F5\r\nx\r\nms a 1 MP N60\r\ny\r\nmg a v f t\r\nms b 1 MR N30\r\nx\r\n",
            "HD\r\nHD\r\nVA 2 f5 t30\r\nyx\r\nNS\r\n",
        ),
        row(
            "mg C leaves out a value that the client has",
            "ms a 1 c\r\nx\r\nmg a v C1 s\r\nmg a C2 v\r\nmg a C1 v c\r\nmg b v C1 k\r\n",
            "HD c1\r\nHD s1\r\nVA 1\r\nx\r\nHD c1\r\nEN kb\r\n",
        ),
        row(
            "s of what is stored",
            "ms a 3 s\r\nabc\r\nms a 2 MA s k\r\nde\r\nms a 1 ME s\r\nx\r\n",
            "HD s3\r\nHD s5 ka\r\nNS\r\n",
        ),
    ];
    rows.into_iter().map(|row| row.differs(LATER)).collect()
}
