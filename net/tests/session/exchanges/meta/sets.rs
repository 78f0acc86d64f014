//! `ms`.

use super::{DUPLICATE, INVALID, TOKEN};
use crate::exchanges::{Exchange, FORMAT, row};

const CHUNK: &str = "CLIENT_ERROR bad data chunk\r\n";
const LARGE: &str = "SERVER_ERROR object too large for cache\r\n";
const TRUNCATED: &str = "memcached cuts the number to 32 bits";

pub(in crate::exchanges) fn sets() -> Vec<Exchange> {
    vec![
        row(
            "ms",
            "ms a 3 F5 T100\r\nabc\r\nget a\r\nmg a t f\r\nms a 1\r\nx\r\nmg a t f v\r\n",
            "HD\r\nVALUE a 5 3\r\nabc\r\nEND\r\nHD t100 f5\r\nHD\r\nVA 1 t-1 f0\r\nx\r\n",
        ),
        row(
            "an exptime that has passed",
            "ms a 1\r\nx\r\nms a 1 T-1\r\ny\r\nmg a\r\nms a 1 T2592001\r\nx\r\nmg a\r\nms a 1 T2592000\r\nx\r\nmg a t\r\n",
            "HD\r\nHD\r\nEN\r\nHD\r\nEN\r\nHD\r\nHD t2592000\r\n",
        ),
        row(
            "return flags",
            "ms a 1 k O5 c\r\nx\r\nms a 1 c q O5 k\r\ny\r\nms a 1 c O6\r\nz\r\nms a 1 t f h l v u c\r\nx\r\n",
            "HD ka O5 c1\r\nHD c3 O6\r\nHD c4\r\n",
        ),
        row(
            "modes",
            "ms a 1 MR\r\n0\r\nms a 1 MA\r\n0\r\nms a 1 MP k\r\n0\r\nms a 1 ME\r\n1\r\nms a 1 ME O1\r\n2\r\nms a 1 MR F7\r\n3\r\nms a 1 MA F9 T5\r\n4\r\nms a 1 MP\r\n2\r\nms b 1 MS\r\nx\r\nmg a v f t\r\n",
            "NS\r\nNS\r\nNS ka\r\nHD\r\nNS O1\r\nHD\r\nHD\r\nHD\r\nHD\r\nVA 3 f7 t-1\r\n234\r\n",
        ),
        row(
            "C",
            "ms a 1 c\r\nx\r\nms a 1 C1 c\r\ny\r\nms a 1 C1 c k\r\nz\r\nms a 1 C0 c\r\nz\r\nms b 1 C1 k c\r\nx\r\nms b 1 C0\r\nx\r\nms a 1 MR C1\r\nz\r\nms a 1 MR C2 c\r\nz\r\n",
            "HD c1\r\nHD c2\r\nEX c0 ka\r\nEX c0\r\nNF kb c0\r\nNF\r\nEX\r\nHD c3\r\n",
        ),
        row(
            "C in other modes",
            "ms a 1 ME C5 c\r\nx\r\nms a 1 ME C5 c\r\nx\r\nms a 1 MA C5 c\r\ny\r\nms a 1 MA C1\r\ny\r\nms a 1 MP C0\r\nz\r\nms b 1 MA C1\r\ny\r\nms b 1 MR C1\r\ny\r\nmg a v\r\n",
            "HD c1\r\nNS c0\r\nEX c0\r\nHD\r\nHD\r\nNS\r\nNF\r\nVA 3\r\nzxy\r\n",
        ),
        row(
            "quiet hides HD alone",
            "ms a 1 q\r\nx\r\nms a 1 ME q k O1\r\nx\r\nms a 1 C9 q k O2\r\nx\r\nms b 1 C1 q c k\r\nx\r\nmn\r\n",
            "NS ka O1\r\nEX ka O2\r\nNF c0 kb\r\nMN\r\n",
        ),
        row(
            "flags of 32 bits",
            "ms a 1 F4294967295\r\nx\r\nget a\r\n",
            "HD\r\nVALUE a 4294967295 1\r\nx\r\nEND\r\n",
        ),
        row(
            "signs and zeros before a number",
            "ms a +01 F+05 T+07\r\nx\r\nmg a f t\r\n",
            "HD\r\nHD f5 t7\r\n",
        ),
        row(
            "a value that has a place of its own",
            format!(
                "ms YmFy 20000 b F5 T100 k O1 c\r\n{}\r\nmg bar s f t\r\nms bar 20000 C1 k c\r\n{}\r\nms bar 20000 C1 q k c\r\n{}\r\nmg bar v\r\n",
                "x".repeat(20_000),
                "y".repeat(20_000),
                "z".repeat(20_000)
            ),
            format!(
                "HD kYmFy b O1 c1\r\nHD s20000 f5 t100\r\nHD kbar c2\r\nEX kbar c0\r\nVA 20000\r\n{}\r\n",
                "y".repeat(20_000)
            ),
        ),
    ]
}

pub(in crate::exchanges) fn refused_sets() -> Vec<Exchange> {
    let flags = " s t f c h l k v q u P L I O T1 R1";
    let mode = "CLIENT_ERROR invalid mode for ms M token\r\n";
    let length = "CLIENT_ERROR incorrect length for M token\r\n";
    let large = "y".repeat(2_000_000);
    vec![
        row(
            "no length",
            "ms a\r\nms a S3\r\nms a x\r\nms a -1\r\nms a 2147483646\r\nms a 1x T0\r\nmn\r\n",
            format!("{}MN\r\n", FORMAT.repeat(6)),
        ),
        row(
            "what is refused takes its body with it",
            "ms a 5 k k\r\nmg a\r\r\nms a 5 z\r\nmg a\r\r\nms a 5 Mx q\r\nmg a\r\r\nms a 5 Mset\r\nmg a\r\r\nms a 5 M\r\nmg a\r\r\nms a 5 Ms\r\nmg a\r\r\nms a 5 Fx q\r\nmg a\r\r\nms a 5 C-1\r\nmg a\r\r\nmg a\r\n",
            format!("{DUPLICATE}{INVALID}{mode}{length}{length}{mode}{FORMAT}{TOKEN}EN\r\n"),
        ),
        row(
            "what is refused takes no more than its length",
            "ms a 1 k k\r\nxmn\r\nmn\r\n",
            format!("{DUPLICATE}ERROR\r\nMN\r\n"),
        ),
        row(
            "the mode is told before the opaque",
            "ms a 1 Mx O12345678901234567890123456789012\r\nx\r\nma a O12345678901234567890123456789012 Mx\r\n",
            format!("{mode}CLIENT_ERROR invalid mode for ma M token\r\n"),
        ),
        row(
            "as many flags as there may be",
            format!("ms a 1{flags}\r\nx\r\nmn\r\n"),
            "MN\r\n",
        ),
        row(
            "more flags than there may be",
            format!("ms a 1{flags} N1\r\nmn\r\n"),
            "CLIENT_ERROR options flags too long\r\nMN\r\n",
        ),
        row(
            "a bad body",
            "ms a 1\r\nx\r\nms a 3 q\r\nabcdef\r\nms a 5\r\nabc\r\nmn\r\nms a 3\r\nabc\n\nmg a v\r\n",
            format!("HD\r\n{CHUNK}ERROR\r\n{CHUNK}ERROR\r\n{CHUNK}VA 1\r\nx\r\n"),
        ),
        row(
            "an item too large takes the old one with it, in any mode",
            format!(
                "ms a 1\r\nx\r\nms a 2000000 q\r\n{large}\r\nmg a\r\nms a 1\r\nx\r\nms a 2000000 ME q\r\n{large}\r\nmg a\r\nms a 1\r\nx\r\nms a 2000000 C5\r\n{large}\r\nmg a\r\n"
            ),
            format!("HD\r\n{LARGE}EN\r\n").repeat(3),
        ),
        row(
            "numbers beyond 32 bits",
            "ms a 1 F4294967296\r\nx\r\nms a 4294967297\r\nmn\r\n",
            format!("{FORMAT}{FORMAT}MN\r\n"),
        )
        .differs(TRUNCATED),
    ]
}
