//! `ms`: modes, flags, and bodies that are swallowed.

use crate::protocol::exchange::{Exchange, row};

const BAD_CHUNK: &str = "CLIENT_ERROR bad data chunk\r\n";
/// Of a value that was stored.
const UNIQUE: &str = "c<1..18446744073709551615>";
const TOO_LARGE: &str = "SERVER_ERROR object too large for cache\r\n";

pub(in crate::protocol::rows) fn rows() -> Vec<Exchange> {
    let mut rows = stored();
    rows.extend(modes());
    rows.extend(compared());
    rows.extend(bodies());
    rows.extend(too_large());
    rows
}

fn stored() -> Vec<Exchange> {
    vec![
        row(
            "ms stores",
            "ms S1 5\r\nhello\r\nmg S1 v f t\r\nget S1\r\n",
            "HD\r\nVA 5 f0 t-1\r\nhello\r\nVALUE S1 0 5\r\nhello\r\nEND\r\n",
        ),
        row(
            "ms replaces",
            "ms S2 1 F7\r\na\r\nms S2 2\r\nbb\r\nmg S2 v f\r\n",
            "HD\r\nHD\r\nVA 2 f0\r\nbb\r\n",
        ),
        row(
            "ms of an empty value",
            "ms S3 0\r\n\r\nmg S3 v\r\n",
            "HD\r\nVA 0\r\n\r\n",
        ),
        row(
            "ms F gives client flags",
            "ms S4 1 F4294967295\r\na\r\nmg S4 f\r\nget S4\r\n",
            "HD\r\nHD f4294967295\r\nVALUE S4 4294967295 1\r\na\r\nEND\r\n",
        ),
        row(
            "ms T gives a deadline",
            "ms S5 1 T100\r\na\r\nmg S5 t\r\nms S5 1 T0\r\na\r\nmg S5 t\r\n",
            "HD\r\nHD t<98..100>\r\nHD\r\nHD t-1\r\n",
        ),
        row(
            "ms T into the past stores and hides the old value",
            "ms S6 1\r\na\r\nms S6 1 T-1\r\nb\r\nmg S6\r\n",
            "HD\r\nHD\r\nEN\r\n",
        ),
        row(
            "what is over at once has a unique to tell",
            "ms S6c 1 c T-1\r\na\r\nms S6c 1\r\n1\r\nma S6c c T-1\r\nma S6c c N-1\r\nmg S6c c N-1\r\nmg S6c\r\n",
            format!("HD {UNIQUE}\r\nHD\r\nHD {UNIQUE}\r\nHD {UNIQUE}\r\nHD {UNIQUE} W\r\nEN\r\n"),
        ),
        row(
            "ms T knows thirty days",
            "ms S7 1 T2592000\r\na\r\nmg S7 t\r\nms S7 1 T2592001\r\na\r\nmg S7\r\n",
            "HD\r\nHD t<2591998..2592000>\r\nHD\r\nEN\r\n",
        ),
        row(
            "ms T of a time to come, and of one beyond 31 bits",
            "ms S13 1 T2147483647\r\na\r\nmg S13\r\nms S13 1 T9999999999\r\na\r\nmg S13\r\n",
            "HD\r\nHD\r\nHD\r\nHD\r\n",
        )
        .memcached_says("HD\r\nHD\r\nHD\r\nEN\r\n", "wide numbers"),
        row(
            "ms returns key, opaque and unique in the order asked",
            "ms S8 1 k O1 c\r\na\r\nms S8 1 c O2 k\r\na\r\nms S8 1 T0 O3 F1 k\r\na\r\n",
            "HD kS8 O1 c<n>\r\nHD c<n> O2 kS8\r\nHD O3 kS8\r\n",
        ),
        row(
            "ms passes over the flags of other commands",
            "ms S9 1 v h t l u f N30 R30 D5 J5 P/x Lx\r\na\r\nmg S9 t\r\n",
            "HD\r\nHD t-1\r\n",
        ),
        row(
            "blanks and a bare newline around an ms line",
            "  ms  S10   1   T0  \r\na\r\nms S10 1\nb\r\nmg S10 v\r\n",
            "HD\r\nHD\r\nVA 1\r\nb\r\n",
        ),
        row(
            "numbers of ms with leading zeros and plus",
            "ms S11 +01 F007 T+0\r\na\r\nmg S11 v f t\r\n",
            "HD\r\nVA 1 f7 t-1\r\na\r\n",
        ),
        row(
            "ms after delete",
            "ms S12 1\r\na\r\ndelete S12\r\nms S12 1\r\nb\r\nmg S12 v\r\n",
            "HD\r\nDELETED\r\nHD\r\nVA 1\r\nb\r\n",
        ),
    ]
}

fn modes() -> Vec<Exchange> {
    vec![
        row(
            "ms ME stores once",
            "ms T1 1 ME\r\na\r\nms T1 1 ME\r\nb\r\nmg T1 v\r\n",
            "HD\r\nNS\r\nVA 1\r\na\r\n",
        ),
        row(
            "ms ME that is not stored echoes key and opaque, and no unique",
            "ms T2 1\r\na\r\nms T2 1 ME k O1 c\r\nb\r\n",
            "HD\r\nNS kT2 O1 c0\r\n",
        ),
        row(
            "ms MA and MP need an item",
            "ms T3 1 MA\r\na\r\nms T3 1 MP k O1\r\na\r\nmg T3\r\n",
            "NS\r\nNS kT3 O1\r\nEN\r\n",
        ),
        row(
            "ms MA and MP keep flags and deadline",
            "ms T4 1 F5 T100\r\nm\r\nms T4 1 MA F9 T0\r\nz\r\nms T4 1 MP F9 T0\r\na\r\nmg T4 v f t\r\n",
            "HD\r\nHD\r\nHD\r\nVA 3 f5 t<98..100>\r\namz\r\n",
        ),
        row(
            "ms MA of nothing",
            "ms T5 1\r\na\r\nms T5 0 MA\r\n\r\nmg T5 v\r\n",
            "HD\r\nHD\r\nVA 1\r\na\r\n",
        ),
        row(
            "ms MR needs an item",
            "ms T6 1 MR\r\na\r\nms T6 1\r\nb\r\nms T6 1 MR F3\r\nc\r\nmg T6 v f\r\n",
            "NS\r\nHD\r\nHD\r\nVA 1 f3\r\nc\r\n",
        ),
        row(
            "ms MS is the default",
            "ms T7 1 MS\r\na\r\nms T7 1 MS\r\nb\r\nmg T7 v\r\n",
            "HD\r\nHD\r\nVA 1\r\nb\r\n",
        ),
        row(
            "a mode that is none is refused and its block swallowed",
            "ms T8 4 MX\r\nmn\r\n\r\nms T8 1 Ms\r\nx\r\nmg T8\r\n",
            "CLIENT_ERROR invalid mode for ms M token\r\n\
             CLIENT_ERROR invalid mode for ms M token\r\nEN\r\n",
        ),
        row(
            "a mode of another length is refused and its block swallowed",
            "ms T9 1 M\r\nx\r\nms T9 1 MSS\r\nx\r\nmg T9\r\n",
            "CLIENT_ERROR incorrect length for M token\r\n\
             CLIENT_ERROR incorrect length for M token\r\nEN\r\n",
        ),
    ]
}

fn compared() -> Vec<Exchange> {
    vec![
        row(
            "ms C of no item",
            "ms U1 1 C5\r\na\r\nms U1 1 C5 MR k O1 c\r\na\r\nms U1 1 C0\r\na\r\nmg U1\r\n",
            "NF\r\nNF kU1 O1 c0\r\nNF\r\nEN\r\n",
        ),
        row(
            "ms C with another unique",
            "ms U2 1\r\na\r\nms U2 1 C18446744073709551615\r\nb\r\n\
             ms U2 1 C18446744073709551615 MR k O1 c\r\nb\r\nmg U2 v\r\n",
            "HD\r\nEX\r\nEX kU2 O1 c0\r\nVA 1\r\na\r\n",
        ),
        row(
            "ms C0 matches no item",
            "ms U3 1\r\na\r\nms U3 1 C0\r\nb\r\nmg U3 v\r\n",
            "HD\r\nEX\r\nVA 1\r\na\r\n",
        ),
        row(
            "ms C is compared by append and prepend",
            "ms U4 1 MA C5\r\na\r\nms U4 1\r\na\r\nms U4 1 MA C18446744073709551615\r\nb\r\n\
             ms U4 1 MP C18446744073709551615 c\r\nb\r\nms U4 1 MA C0\r\nb\r\nmg U4 v\r\n",
            "NS\r\nHD\r\nEX\r\nEX c0\r\nHD\r\nVA 2\r\nab\r\n",
        ),
        row(
            "ms C is not compared by add",
            "ms U5 1 ME C5\r\na\r\nms U5 1 ME C5\r\nb\r\nmg U5 v\r\n",
            "HD\r\nNS\r\nVA 1\r\na\r\n",
        ),
        row(
            "ms I without C stores",
            "ms U6 1\r\na\r\nms U6 1 I\r\nb\r\nmg U6 v\r\n",
            "HD\r\nHD\r\nVA 1\r\nb\r\n",
        ),
        row(
            "ms I with a later unique than the item's",
            "ms U7 1\r\na\r\nms U7 1 I C18446744073709551615\r\nb\r\nmg U7 v\r\n",
            "HD\r\nEX\r\nVA 1\r\na\r\n",
        ),
        row(
            "ms I and C of no item",
            "ms U8 1 I C1\r\na\r\nmg U8\r\n",
            "NF\r\nEN\r\n",
        ),
    ]
}

fn bodies() -> Vec<Exchange> {
    vec![
        row(
            "an ms body longer than said",
            "ms V1 1\r\nxyz\r\nmg V1\r\n",
            format!("{BAD_CHUNK}ERROR\r\nEN\r\n"),
        ),
        row(
            "an ms body shorter than said takes bytes of the next line",
            "ms V2 3\r\nx\r\n\r\nmg V2 v\r\n",
            "HD\r\nVA 3\r\nx\r\n\r\n",
        ),
        row(
            "an ms body ended by a bare newline",
            "ms V3 1\r\nx\n\nmg V3\r\n",
            format!("{BAD_CHUNK}EN\r\n"),
        ),
        row(
            "a bad ms body keeps the old value",
            "ms V4 1\r\na\r\nms V4 1\r\nbXX\r\nmg V4 v\r\n",
            format!("HD\r\n{BAD_CHUNK}ERROR\r\nVA 1\r\na\r\n"),
        ),
        row(
            "a bad ms body is reported in quiet mode too",
            "ms V5 1 q k O1\r\nxXX\r\nmg V5\r\n",
            format!("{BAD_CHUNK}ERROR\r\nEN\r\n"),
        ),
        row(
            "a refused flag swallows the body",
            "ms V6 4 zz\r\nmn\r\n\r\nms V6 4 T0 T0\r\nmn\r\n\r\nms V6 4 Tx\r\nmn\r\n\r\nmg V6\r\n",
            "CLIENT_ERROR invalid flag\r\nCLIENT_ERROR duplicate flag\r\n\
             CLIENT_ERROR bad token in command line format\r\nEN\r\n",
        ),
        row(
            "a refused ms leaves the old value",
            "ms V7 1\r\na\r\nms V7 1 zz\r\nb\r\nms V7 1 MX\r\nb\r\nmg V7 v\r\n",
            "HD\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid mode for ms M token\r\nVA 1\r\na\r\n",
        ),
        row(
            "an opaque too long swallows the body",
            "ms V8 4 O12345678901234567890123456789012\r\nmn\r\n\r\nmg V8\r\n",
            "CLIENT_ERROR opaque token too long\r\nEN\r\n",
        ),
    ]
}

fn too_large() -> Vec<Exchange> {
    let body = "y".repeat(2 << 20);
    let length = body.len();
    vec![
        row(
            "an ms over the limit is swallowed, and the old value gone",
            format!("ms W1 1\r\na\r\nms W1 {length}\r\n{body}\r\nmg W1\r\n"),
            format!("HD\r\n{TOO_LARGE}EN\r\n"),
        ),
        row(
            "an ms over the limit says so in quiet mode",
            format!("ms W2 {length} q k O1\r\n{body}\r\nmg W2\r\n"),
            format!("{TOO_LARGE}EN\r\n"),
        ),
        row(
            "an ms over the limit removes the old value in every mode",
            format!("ms W3 1\r\na\r\nms W3 {length} ME\r\n{body}\r\nmg W3\r\n"),
            format!("HD\r\n{TOO_LARGE}EN\r\n"),
        ),
    ]
}
