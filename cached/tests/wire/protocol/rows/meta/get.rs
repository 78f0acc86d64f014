//! `mg`: what it returns, and what it changes.

use crate::protocol::exchange::{Exchange, row};
use crate::protocol::rows::long_key;

pub(in crate::protocol::rows) fn rows() -> Vec<Exchange> {
    let mut rows = answered();
    rows.extend(returned());
    rows.extend(touching());
    rows.extend(fetched());
    rows
}

fn answered() -> Vec<Exchange> {
    vec![
        row("mg of a miss", "mg G1\r\n", "EN\r\n"),
        row(
            "mg of a miss echoes key and opaque in the order asked",
            "mg G2 k O1\r\nmg G2 O2 k\r\nmg G2 v c O3 f s t h l u k\r\n",
            "EN kG2 O1\r\nEN O2 kG2\r\nEN O3 kG2\r\n",
        ),
        row(
            "mg of a hit without a flag is HD",
            "set G3 0 0 1\r\na\r\nmg G3\r\n",
            "STORED\r\nHD\r\n",
        ),
        row(
            "mg v returns the value",
            "set G4 7 0 5\r\nhello\r\nmg G4 v\r\n",
            "STORED\r\nVA 5\r\nhello\r\n",
        ),
        row(
            "mg v of an empty value",
            "set G5 0 0 0\r\n\r\nmg G5 v\r\n",
            "STORED\r\nVA 0\r\n\r\n",
        ),
        row(
            "mg v of a value of line ends and NUL",
            b"set G6 0 0 7\r\n\r\n\0\r\nEN\r\nmg G6 v s\r\n",
            b"STORED\r\nVA 7 s7\r\n\r\n\0\r\nEN\r\n",
        ),
        row(
            "mg takes one key, and more words are flags",
            "mg G7 sG7b tG7c\r\n",
            "EN\r\n",
        ),
        row(
            "mg of a key of 250 bytes",
            format!("mg {} k\r\n", long_key("G8", 250)),
            format!("EN k{}\r\n", long_key("G8", 250)),
        ),
        row(
            "mg of a key of bytes beyond ASCII",
            b"ms G9\xc3\xa9\xff 1\r\na\r\nmg G9\xc3\xa9\xff v k\r\n",
            b"HD\r\nVA 1 kG9\xc3\xa9\xff\r\na\r\n",
        ),
        row(
            "mg with blanks between and behind words",
            "  mg   G10   k  O1  \r\n",
            "EN kG10 O1\r\n",
        ),
        row(
            "a bare newline ends an mg line",
            "set G11 0 0 1\r\na\r\nmg G11 v\nmg G11\n",
            "STORED\r\nVA 1\r\na\r\nHD\r\n",
        ),
        row(
            "mg of an expired item",
            "set G12 0 -1 1\r\na\r\nmg G12 k v\r\n",
            "STORED\r\nEN kG12\r\n",
        ),
        row(
            "an opaque of 31 bytes comes back",
            "mg G13 O1234567890123456789012345678901\r\nmg G13 O\r\n",
            "EN O1234567890123456789012345678901\r\nEN O\r\n",
        ),
        row(
            "proxy hints are passed over",
            "set G14 0 0 1\r\na\r\nmg G14 Ppath/to L/foo v\r\nmg G14 P L\r\n",
            "STORED\r\nVA 1\r\na\r\nHD\r\n",
        ),
        row(
            "mg passes over the flags of other commands",
            "set G15 0 0 1\r\na\r\nmg G15 F5 I MS D1 J1 v\r\n",
            "STORED\r\nVA 1\r\na\r\n",
        ),
    ]
}

fn returned() -> Vec<Exchange> {
    vec![
        row(
            "mg s is the length of the value",
            "set H1 0 0 5\r\nhello\r\nmg H1 s\r\n",
            "STORED\r\nHD s5\r\n",
        ),
        row(
            "mg f shows the client flags",
            "set H2 4294967295 0 1\r\na\r\nmg H2 f\r\nset H2 0 0 1\r\na\r\nmg H2 f\r\n",
            "STORED\r\nHD f4294967295\r\nSTORED\r\nHD f0\r\n",
        ),
        row(
            "mg t shows the seconds left",
            "set H3 0 100 1\r\na\r\nmg H3 t\r\nset H3 0 0 1\r\na\r\nmg H3 t\r\n",
            "STORED\r\nHD t<98..100>\r\nSTORED\r\nHD t-1\r\n",
        ),
        row(
            "mg t of the longest relative exptime",
            "set H4 0 2592000 1\r\na\r\nmg H4 t\r\n",
            "STORED\r\nHD t<2591998..2592000>\r\n",
        ),
        row(
            "mg c shows a unique",
            "set H5 0 0 1\r\na\r\nmg H5 c\r\n",
            "STORED\r\nHD c<n>\r\n",
        ),
        row(
            "mg l shows the seconds since the last access",
            "set H6 0 0 1\r\na\r\nmg H6 l\r\nmg H6 l\r\n",
            "STORED\r\nHD l<n>\r\nHD l<0..2>\r\n",
        )
        .memcached_says("STORED\r\nHD l<0..2>\r\nHD l<0..2>\r\n", "last access"),
        row(
            "mg k and O of a hit",
            "set H7 0 0 1\r\na\r\nmg H7 k Oabc\r\nmg H7 Oabc k v\r\n",
            "STORED\r\nHD kH7 Oabc\r\nVA 1 Oabc kH7\r\na\r\n",
        ),
        row(
            "flags come back in the order asked",
            "set H8 3 0 2\r\nab\r\nmg H8 s k f O1 t c h l v\r\nmg H8 l h c t O2 f k s v\r\n",
            "STORED\r\nVA 2 s2 kH8 f3 O1 t-1 c<n> h0 l<n>\r\nab\r\n\
             VA 2 l<n> h1 c<n> t-1 O2 f3 kH8 s2\r\nab\r\n",
        ),
        row(
            "seventeen flags are answered",
            "set H9 0 0 1\r\na\r\nmg H9 k v c f s t h l u q O1 T0 R1 P L F1 M1\r\n",
            "STORED\r\nVA 1 kH9 c<n> f0 s1 t-1 h0 l<n> O1\r\na\r\n",
        ),
    ]
}

fn touching() -> Vec<Exchange> {
    vec![
        row(
            "mg T gives a new deadline",
            "set J1 0 0 1\r\na\r\nmg J1 T100\r\nmg J1 t\r\nmg J1 T0\r\nmg J1 t\r\n",
            "STORED\r\nHD\r\nHD t<98..100>\r\nHD\r\nHD t-1\r\n",
        ),
        row(
            "mg T counts for a t behind it, not before it",
            "set J2 0 0 1\r\na\r\nmg J2 t T100\r\nmg J2 T200 t\r\n",
            "STORED\r\nHD t-1\r\nHD t<198..200>\r\n",
        ),
        row(
            "mg T into the past answers, then the item is gone",
            "set J3 0 0 1\r\na\r\nmg J3 T-1 v\r\nmg J3\r\nget J3\r\n",
            "STORED\r\nVA 1\r\na\r\nEN\r\nEND\r\n",
        ),
        row(
            "mg T beyond thirty days is a time",
            "set J4 0 0 1\r\na\r\nmg J4 T2592000 t\r\nmg J4 T2592001 v\r\nmg J4\r\n",
            "STORED\r\nHD t<2591998..2592000>\r\nVA 1\r\na\r\nEN\r\n",
        ),
        row(
            "mg T of a miss makes nothing",
            "mg J5 T100 v\r\nmg J5\r\n",
            "EN\r\nEN\r\n",
        ),
        row(
            "mg T keeps value and flags",
            "set J6 9 0 2\r\nab\r\nmg J6 T100\r\nget J6\r\n",
            "STORED\r\nHD\r\nVALUE J6 9 2\r\nab\r\nEND\r\n",
        ),
    ]
}

fn fetched() -> Vec<Exchange> {
    vec![
        row(
            "h is 0 until a fetch and 1 from then on",
            "set L1 0 0 1\r\na\r\nmg L1 h\r\nmg L1 h\r\nset L1 0 0 1\r\nb\r\nmg L1 h\r\n",
            "STORED\r\nHD h0\r\nHD h1\r\nSTORED\r\nHD h0\r\n",
        ),
        row(
            "a classic get counts as a fetch",
            "set L2 0 0 1\r\na\r\nget L2\r\nmg L2 h\r\n",
            "STORED\r\nVALUE L2 0 1\r\na\r\nEND\r\nHD h1\r\n",
        ),
        row(
            "gat and touch count as fetches",
            "set L3 0 0 1\r\na\r\ngat 0 L3\r\nmg L3 h\r\nset L4 0 0 1\r\na\r\ntouch L4 0\r\nmg L4 h\r\n",
            "STORED\r\nVALUE L3 0 1\r\na\r\nEND\r\nHD h1\r\nSTORED\r\nTOUCHED\r\nHD h1\r\n",
        ),
        row(
            "mg u leaves no trace",
            "set L5 0 0 1\r\na\r\nmg L5 u v\r\nmg L5 u h\r\nmg L5 u T100\r\nmg L5 h\r\n",
            "STORED\r\nVA 1\r\na\r\nHD h0\r\nHD\r\nHD h0\r\n",
        ),
        row(
            "mg without v counts as a fetch",
            "set L6 0 0 1\r\na\r\nmg L6\r\nmg L6 h\r\nset L7 0 0 1\r\na\r\nmg L7 T100\r\nmg L7 h\r\n",
            "STORED\r\nHD\r\nHD h1\r\nSTORED\r\nHD\r\nHD h1\r\n",
        ),
        row(
            "me is no fetch",
            "set L8 0 0 1\r\na\r\nme L8\r\nmg L8 h\r\n",
            "STORED\r\nME L8 <line>\r\nHD h0\r\n",
        ),
        row(
            "append makes an item that nobody has fetched",
            "set L9 0 0 1\r\na\r\nmg L9\r\nappend L9 0 0 1\r\nb\r\nmg L9 h\r\n",
            "STORED\r\nHD\r\nSTORED\r\nHD h0\r\n",
        ),
    ]
}
