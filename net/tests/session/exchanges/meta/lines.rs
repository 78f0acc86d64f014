//! Lines of any kind, and keys.

use super::{DUPLICATE, EITHER, INVALID, TOKEN};
use crate::exchanges::{Exchange, FORMAT, LINE_END, row};

const DELTA: &str = "CLIENT_ERROR invalid numeric delta value\r\n";
const OPAQUE: &str = "CLIENT_ERROR opaque token too long\r\n";
const DECODING: &str = "CLIENT_ERROR error decoding key\r\n";

pub(in crate::exchanges) fn lines() -> Vec<Exchange> {
    let flags = " s t f c h l k v q u P L I O T1 R1 N1";
    vec![
        row("mn", "mn\r\nmn x y\r\nmn\n", "MN\r\nMN\r\nMN\r\n"),
        row(
            "no key",
            "mg\r\nms\r\nmd\r\nma\r\nme\r\n",
            format!("{}{FORMAT}", "ERROR\r\n".repeat(4)),
        ),
        row(
            "no such command",
            "mx a\r\nm\r\nmgx a\r\n",
            "ERROR\r\n".repeat(3),
        ),
        row(
            "blanks",
            "  mg   a   k  O1 \r\nmg a\n",
            "EN ka O1\r\nEN\r\n",
        ),
        row(
            "a flag twice",
            "mg a k k\r\nmg a t T5 t\r\nmg a O1 O2\r\nmd a q q\r\nma a q q\r\n",
            format!("{}{}", DUPLICATE.repeat(3), EITHER.repeat(2)),
        ),
        row(
            "a flag that is none",
            "mg a z\r\nmg a S1\r\nmg a Kx\r\nmg a W\r\nmg a i\r\nmg a 1\r\nmd a z\r\nma a z\r\n",
            format!("{}{}", INVALID.repeat(6), EITHER.repeat(2)),
        ),
        row(
            "a flag beyond ASCII",
            b"mg a \xff\r\nmg a \x7f\r\n",
            DUPLICATE.repeat(2),
        ),
        row(
            "flags without a use",
            "ms a 1\r\nx\r\nmg a P L\r\nmg a Pabc Lfoo I D1 J1 MI F5 C5 u\r\nma b s f h l u I F1\r\nmd a s t f c h l v u F1 D1 J1 MX N1 R1\r\n",
            "HD\r\nHD\r\nHD\r\nNF\r\nHD\r\n",
        ),
        row(
            "as many flags as there may be",
            format!("mg a{flags}\r\nmn\r\n"),
            "VA 0 s0 t-1 f0 c1 h0 l0 ka O W\r\n\r\nMN\r\n",
        ),
        row(
            "more flags than there may be",
            format!("mg a{flags} D1\r\nmd a{flags} D1\r\nma a{flags} D1\r\nmn\r\n"),
            "CLIENT_ERROR options flags are too long\r\nCLIENT_ERROR options flags too long\r\nCLIENT_ERROR options flags too long\r\nMN\r\n",
        ),
        row(
            "tokens that are no number",
            "mg a N\r\nmg a Nx\r\nmg a T1x\r\nmg a R\r\nmg a C-1\r\nmg a T 5\r\n",
            format!("{}{INVALID}", TOKEN.repeat(5)),
        ),
        row(
            "tokens that only other commands have a use for",
            "mg a Dx\r\nmg a Jx\r\nmg a Fx\r\nmg a F\r\nmg a Mxx\r\nmg a M\r\n",
            format!(
                "{DELTA}CLIENT_ERROR invalid numeric initial value\r\n{}{}",
                FORMAT.repeat(2),
                "CLIENT_ERROR incorrect length for M token\r\n".repeat(2)
            ),
        ),
        row(
            "of several errors the last one is told",
            "mg a Nx Dx\r\nmg a Dx Nx\r\nmg a Fx Dx\r\nmg a Dx Fx\r\nmg a!b b Dx\r\n",
            format!("{DELTA}{TOKEN}{DELTA}{DELTA}{DELTA}"),
        ),
        row(
            "a flag that is none is told before all",
            "mg a Fx z\r\nmg a Dx k k\r\n",
            format!("{INVALID}{DUPLICATE}"),
        ),
        row(
            "an opaque of 32 bytes with its flag",
            "mg a O1234567890123456789012345678901\r\nmg a O\r\nmg a k O/+=k\r\n",
            "EN O1234567890123456789012345678901\r\nEN O\r\nEN ka O/+=k\r\n",
        ),
        row(
            "an opaque of 33",
            "mg a O12345678901234567890123456789012\r\nmd a O12345678901234567890123456789012 q\r\nma a O12345678901234567890123456789012\r\nms a 1 O12345678901234567890123456789012\r\nx\r\nmn\r\n",
            format!("{}MN\r\n", OPAQUE.repeat(4)),
        ),
        row(
            "errors are told quietly too",
            "mg a q q\r\nmg a q Dx\r\nma a q Dx\r\nmd a q z\r\nmn\r\n",
            format!("{DUPLICATE}{DELTA}{EITHER}{EITHER}MN\r\n"),
        ),
        row(
            "a line beyond 2048 bytes",
            format!("mg a P{}\r\n", "x".repeat(2100)),
            "CLIENT_ERROR line too long\r\n",
        )
        .closes(net::Close::LineTooLong)
        .differs("memcached answers if the line came in one piece"),
    ]
}

pub(in crate::exchanges) fn keys() -> Vec<Exchange> {
    let key = "k".repeat(250);
    let long = "k".repeat(251);
    vec![
        row(
            "a key of 250 bytes",
            format!("ms {key} 1\r\nx\r\nmg {key} v\r\nmd {key} k\r\n"),
            format!("HD\r\nVA 1\r\nx\r\nHD k{key}\r\n"),
        ),
        row(
            "a key of 251",
            format!(
                "mg {long} q\r\nmd {long}\r\nma {long}\r\nme {long}\r\nms {long} 1\r\nx\r\nmn\r\n"
            ),
            format!("{}ERROR\r\nMN\r\n", FORMAT.repeat(5)),
        ),
        row(
            "noreply is a key",
            "ms noreply 1\r\nx\r\nmg noreply v\r\n",
            "HD\r\nVA 1\r\nx\r\n",
        ),
        row(
            "bytes beyond ASCII",
            "ms ключ 1\r\nx\r\nmg ключ k v\r\nget ключ\r\n",
            "HD\r\nVA 1 kключ\r\nx\r\nVALUE ключ 0 1\r\nx\r\nEND\r\n",
        ),
        row(
            "a key in base64",
            "ms Zm9v 3 b k Oq\r\nbar\r\nmg Zm9v b v k t\r\nget foo\r\nmg Zm9v\r\nmd Zm9v k b\r\nmd Zm9v b k\r\nma Zm9v k b\r\nmg Zm9v k b\r\n",
            "HD kZm9v b Oq\r\nVA 3 kZm9v b t-1\r\nbar\r\nVALUE foo 0 3\r\nbar\r\nEND\r\nEN\r\nHD kZm9v b\r\nNF kZm9v b\r\nNF kZm9v b\r\nEN kZm9v b\r\n",
        ),
        row(
            "a key that only base64 can spell",
            "ms AAoNIA== 1 b k\r\nx\r\nmg AAoNIA== b k v\r\nma AAoNIQ== b N0 k\r\n",
            "HD kAAoNIA== b\r\nVA 1 kAAoNIA== b\r\nx\r\nHD kAAoNIQ== b\r\n",
        ),
        row(
            "a key is told as it was spelled when the item was stored",
            "ms Zm9v 1 b\r\nx\r\nmg foo k\r\nme foo\r\nset bar 0 0 1\r\nx\r\nmg YmFy b k\r\n",
            "HD\r\nHD kZm9v b\r\nME Zm9v exp=-1 la=0 cas=1 fetch=yes cls=1 size=20\r\nSTORED\r\nHD kbar\r\n",
        ),
        row(
            "base64 as memcached reads it",
            "mg Zm!9v b k\r\nmg Zm9vYh== b k\r\nmg Zm9vYg==Zm9v b k\r\nmg =AAA b k\r\nmg AAAA b k\r\n",
            "EN kZm9v b\r\nEN kZm9vYg== b\r\nEN kZm9vYg== b\r\nEN kAAA= b\r\nEN kAAAA b\r\n",
        ),
        row(
            "base64 that spells no key",
            "mg a!b b\r\nmg Zm9 b k\r\nmg ==== b\r\nmg A=== b\r\nmd a b\r\nma a b\r\nme a b\r\nms a 1 b\r\nx\r\nmn\r\n",
            format!(
                "{}{}{FORMAT}{DECODING}MN\r\n",
                DECODING.repeat(4),
                EITHER.repeat(2)
            ),
        ),
        row(
            "a line end in a key",
            "mg a\rb k\r\nms a\rb 4\r\nmg a\r\nmd a\rb q\r\nma a\rb\r\nme a\rb\r\nmn\r\n",
            format!("{}MN\r\n", FORMAT.repeat(5)),
        )
        .differs(LINE_END),
    ]
}
