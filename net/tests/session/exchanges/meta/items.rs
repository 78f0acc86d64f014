//! `mg`, `me`, `md` and `ma`.

use super::EITHER;
use crate::exchanges::{Exchange, FORMAT, row};

const NUMERIC: &str = "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n";

pub(in crate::exchanges) fn gets() -> Vec<Exchange> {
    vec![
        row(
            "mg",
            "ms a 5 F123\r\nhello\r\nmg a\r\nmg a v\r\nmg a s v q k O9 f t\r\nmg a q\r\n",
            "HD\r\nHD\r\nVA 5\r\nhello\r\nVA 5 s5 ka O9 f123 t-1\r\nhello\r\nHD\r\n",
        ),
        row(
            "return flags come in the order asked",
            "ms a 1\r\nx\r\nmg a t s k f c O1\r\nmg a O1 c f k s t\r\n",
            "HD\r\nHD t-1 s1 ka f0 c1 O1\r\nHD O1 c1 f0 ka s1 t-1\r\n",
        ),
        row(
            "a miss",
            "mg a\r\nmg a v\r\nmg a k Oabc t s\r\nmg a Oabc v k\r\n",
            "EN\r\nEN\r\nEN ka Oabc\r\nEN Oabc ka\r\n",
        ),
        row(
            "a miss is quiet, a hit is not",
            "mg a q\r\nmg a k O1 q\r\nms b 1\r\nx\r\nmg b k q\r\nmn\r\n",
            "HD\r\nHD kb\r\nMN\r\n",
        ),
        row(
            "a value of no bytes, and one of line ends",
            "ms a 0\r\n\r\nmg a v s\r\nms a 4\r\n\r\n\r\n\r\nmg a v\r\n",
            "HD\r\nVA 0 s0\r\n\r\nHD\r\nVA 4\r\n\r\n\r\n\r\n",
        ),
        row(
            "h is what was before",
            "ms a 1\r\n5\r\nmg a h u\r\nmg a h u\r\nmg a h\r\nmg a h\r\nms a 1\r\n6\r\nmg a h\r\nms a 1\r\n6\r\nget a\r\nmg a h\r\nms a 1\r\n6\r\ntouch a 0\r\nmg a h u\r\nms a 1 MA\r\n6\r\nmg a h\r\n",
            "HD\r\nHD h0\r\nHD h0\r\nHD h0\r\nHD h1\r\nHD\r\nHD h0\r\nHD\r\nVALUE a 0 1\r\n6\r\nEND\r\nHD h1\r\nHD\r\nTOUCHED\r\nHD h1\r\nHD\r\nHD h0\r\n",
        ),
        row(
            "l of an item that is new",
            "ms a 1\r\n5\r\nmg a l\r\nmg a l u\r\n",
            "HD\r\nHD l0\r\nHD l0\r\n",
        ),
        row(
            "T",
            "ms a 1\r\nx\r\nmg a T30 t\r\nmg a t\r\nmg a t T50\r\nmg a T0 v t\r\nmg a T-1 v\r\nmg a\r\n",
            "HD\r\nHD t30\r\nHD t30\r\nHD t30\r\nVA 1 t-1\r\nx\r\nVA 1\r\nx\r\nEN\r\n",
        ),
        row(
            "T does not change the unique",
            "ms a 1 c\r\nx\r\nmg a T30 c\r\nmg a c\r\n",
            "HD c1\r\nHD c1\r\nHD c1\r\n",
        ),
        row(
            "me",
            "me a\r\nme a b x\r\nset a 5 0 1\r\nx\r\nme a\r\nme a x y\r\nmg a\r\nme YQ== b x\r\n",
            format!("EN\r\n{FORMAT}STORED\r\nME a exp=-1 la=0 cas=1 fetch=no cls=1 size=18\r\nME a exp=-1 la=0 cas=1 fetch=no cls=1 size=18\r\nHD\r\nME a exp=-1 la=0 cas=1 fetch=yes cls=1 size=18\r\n"),
        )
        .differs("the size is our own"),
        row(
            "me of an item that expires",
            "ms a 1 T100\r\nx\r\nme a\r\n",
            "HD\r\nME a exp=-100 la=0 cas=1 fetch=no cls=1 size=18\r\n",
        )
        .differs("the size is our own"),
    ]
}

pub(in crate::exchanges) fn deletes() -> Vec<Exchange> {
    vec![
        row(
            "md",
            "ms a 1\r\nx\r\nmd a\r\nmd a\r\nmd a k O3\r\nget a\r\n",
            "HD\r\nHD\r\nNF\r\nNF ka O3\r\nEND\r\n",
        ),
        row(
            "md with return flags",
            "ms a 1\r\nx\r\nmd a O3 k t c s\r\n",
            "HD\r\nHD O3 ka\r\n",
        ),
        row(
            "quiet hides HD alone",
            "ms a 1\r\nx\r\nmd a C9 q k\r\nmd a q O1\r\nmd a q O2\r\nmn\r\n",
            "HD\r\nEX ka\r\nNF O2\r\nMN\r\n",
        ),
        row(
            "C",
            "ms a 1 c\r\nx\r\nmd a C2\r\nmd a C0\r\nmd a C1\r\nmd a C1\r\n",
            "HD c1\r\nEX\r\nEX\r\nHD\r\nNF\r\n",
        ),
        row(
            "T alone does nothing",
            "ms a 1\r\nx\r\nmd a T30\r\nmg a\r\n",
            "HD\r\nHD\r\nEN\r\n",
        ),
    ]
}

pub(in crate::exchanges) fn numbers() -> Vec<Exchange> {
    vec![
        row(
            "ma",
            "ms a 2 T50\r\n10\r\nma a\r\nma a v\r\nma a v t c D10 k O1\r\nma a MD D5 v\r\nma a M- D500 v\r\nma a M+ v\r\nma a MI v q\r\nma a q\r\nmg a v t\r\n",
            "HD\r\nHD\r\nVA 2\r\n12\r\nVA 2 t50 c4 ka O1\r\n22\r\nVA 2\r\n17\r\nVA 1\r\n0\r\nVA 1\r\n1\r\nVA 2 t50\r\n3 \r\n",
        ),
        row(
            "ma wraps",
            "ms a 20\r\n18446744073709551615\r\nma a D2 v\r\nma a MD D18446744073709551615 v\r\nma a D0\r\n",
            "HD\r\nVA 1\r\n1\r\nVA 1\r\n0\r\nHD\r\n",
        ),
        row(
            "ma of nothing",
            "ma a\r\nma a q\r\nma a k Oab t c v\r\nma a J5\r\n",
            "NF\r\nNF\r\nNF ka Oab\r\nNF\r\n",
        ),
        row(
            "ma that makes one",
            "ma a N50 J13 D5 v t\r\nma a N60 J13 v t q\r\nma a v t\r\nma b N0 k\r\nma b v\r\nmg a f v\r\n",
            "VA 2 t50\r\n13\r\nVA 2 t50\r\n15\r\nHD kb\r\nVA 1\r\n1\r\nVA 2 f0\r\n15\r\n",
        ),
        row(
            "what ma makes is told even quietly",
            "ma a N0 q v\r\nma a N0 q v\r\nmn\r\n",
            "VA 1\r\n0\r\nMN\r\n",
        ),
        row(
            "T",
            "ma a N50\r\nma a T20 t\r\nma a t T30\r\nma a t\r\nma a T-1\r\nma a\r\n",
            "HD\r\nHD t20\r\nHD t20\r\nHD t30\r\nHD\r\nNF\r\n",
        ),
        row(
            "C",
            "ms a 1 c\r\n5\r\nma a C2 k\r\nma a C2 q O1\r\nma a C1 c\r\nma a C0 v\r\n",
            "HD c1\r\nEX ka\r\nEX O1\r\nHD c2\r\nVA 1\r\n7\r\n",
        ),
        row(
            "ma of no number",
            "ms a 1\r\nx\r\nma a\r\nma a q\r\nma a C1\r\nma a C5\r\nms a 0\r\n\r\nma a C5\r\n",
            format!("HD\r\n{NUMERIC}{NUMERIC}{NUMERIC}EX\r\nHD\r\n{NUMERIC}"),
        ),
        row(
            "ma by no number",
            "ma a Dx\r\nma a D\r\nma a D-1\r\nma a D18446744073709551616\r\nma a Jx N0\r\nma a Mincr\r\nma a Mx\r\n",
            format!(
                "{}CLIENT_ERROR invalid mode for ma M token\r\n",
                EITHER.repeat(6)
            ),
        ),
        row(
            "ma keeps flags",
            "ms a 1 F7\r\n9\r\nma a D5\r\nmg a v f\r\n",
            "HD\r\nHD\r\nVA 2 f7\r\n14\r\n",
        ),
    ]
}
