//! Lines of `mg` and `ms` that are refused.

use crate::protocol::exchange::{Exchange, row};
use crate::protocol::rows::long_key;

const FORMAT: &str = "CLIENT_ERROR bad command line format\r\n";
const TOKEN: &str = "CLIENT_ERROR bad token in command line format\r\n";
const INVALID: &str = "CLIENT_ERROR invalid flag\r\n";
const DUPLICATE: &str = "CLIENT_ERROR duplicate flag\r\n";
const OPAQUE: &str = "CLIENT_ERROR opaque token too long\r\n";

pub(in crate::protocol::rows) fn rows() -> Vec<Exchange> {
    let mut rows = flags();
    rows.extend(lines());
    rows
}

fn flags() -> Vec<Exchange> {
    vec![
        row(
            "a flag that is none",
            "mg R1 z\r\nmg R1 a\r\nmg R1 X\r\nmg R1 W\r\nmg R1 9\r\nmg R1 ~\r\nmg R1 S5\r\n",
            INVALID.repeat(7),
        ),
        row(
            "a flag given twice",
            "mg R2 v v\r\nmg R2 Oa Ob\r\nmg R2 k v k\r\nmg R2 T1 T2\r\nmg R2 vx v\r\n",
            DUPLICATE.repeat(5),
        ),
        row(
            "a flag beyond ASCII",
            b"mg R3 \x80\r\nmg R3 \xff\r\n",
            DUPLICATE.repeat(2),
        ),
        row(
            "the first flag that is refused ends the line",
            "mg R4 v v zz\r\nmg R4 z v v\r\nmg R4 Tx zz\r\nmg R4 Tx v v\r\n",
            format!("{DUPLICATE}{INVALID}{INVALID}{DUPLICATE}"),
        ),
        row(
            "numbers that are none",
            "mg R5 T\r\nmg R5 Tx\r\nmg R5 T1x\r\nmg R5 N\r\nmg R5 Nx\r\nmg R5 R\r\nmg R5 Rx\r\nmg R5 Cx\r\n\
             mg R5 C-1\r\n",
            TOKEN.repeat(9),
        ),
        row(
            "numbers with a plus and zeros",
            "mg R6 T+5\r\nmg R6 T007\r\nmg R6 R+0\r\n",
            "EN\r\nEN\r\nEN\r\n",
        ),
        row(
            "an ms with numbers that are none",
            "ms R7 1 Tx\r\na\r\nms R7 1 T\r\na\r\nms R7 1 Cx\r\na\r\nms R7 1 C\r\na\r\nms R7 1 C-1\r\na\r\n\
             ms R7 1 C18446744073709551616\r\na\r\nms R7 1 Nx\r\na\r\nmg R7\r\n",
            format!("{}EN\r\n", TOKEN.repeat(7)),
        ),
        row(
            "an ms with client flags that are no number",
            "ms R8 1 Fx\r\na\r\nms R8 1 F\r\na\r\nms R8 1 F-1\r\na\r\nmg R8\r\n",
            format!("{}EN\r\n", FORMAT.repeat(3)),
        ),
        row(
            "an ms with client flags beyond 32 bits",
            "ms R9 1 F4294967296\r\na\r\nmg R9\r\n",
            format!("{FORMAT}EN\r\n"),
        )
        .memcached_says("HD\r\nHD\r\n", "wide numbers"),
        row(
            "of several numbers that are none the last is reported",
            "mg R10 Tx Jx\r\nmg R10 Jx Dx\r\nmg R10 Jx Tx\r\nms R10 1 MAA Fx\r\na\r\n",
            format!(
                "CLIENT_ERROR invalid numeric initial value\r\n\
                 CLIENT_ERROR invalid numeric delta value\r\n{TOKEN}\
                 CLIENT_ERROR incorrect length for M token\r\n"
            ),
        ),
        row(
            "an opaque too long",
            "mg R11 O12345678901234567890123456789012\r\nset R11 0 0 1\r\na\r\n\
             mg R11 v O12345678901234567890123456789012\r\nmg R11 v\r\n",
            format!("{OPAQUE}STORED\r\n{OPAQUE}VA 1\r\na\r\n"),
        ),
        row(
            "eighteen flags are too many",
            "mg R12 k v c f s t h l u q O1 T1 R1 P L F1 M1 C1\r\n\
             mg R12 a b c d e f g h i j k l m n o p q r s t u v w x y z\r\n",
            "CLIENT_ERROR options flags are too long\r\n".repeat(2),
        ),
        row(
            "seventeen flags are too many for ms, and its body is a line",
            "ms R13 1 k v c f s t h l u q O1 T1 R1 P L F1\r\na\r\n\
             ms R13 1 k v c f s t h l u q O1 T1 R1 P L F1 N1\r\nmn\r\n",
            "CLIENT_ERROR options flags too long\r\nMN\r\n",
        ),
    ]
}

fn lines() -> Vec<Exchange> {
    vec![
        row("mg alone", "mg\r\nmg   \r\n", "ERROR\r\nERROR\r\n"),
        row("ms alone", "ms\r\nms  \r\n", "ERROR\r\nERROR\r\n"),
        row("ms without a length", "ms R20\r\n", FORMAT),
        row(
            "mg of a key of 251 bytes",
            format!("mg {0} v\r\nmg {0} q\r\n", long_key("R21", 251)),
            FORMAT.repeat(2),
        ),
        row(
            "an ms of a key of 251 bytes, and its body is a line",
            format!("ms {0} 2\r\nmn\r\n", long_key("R22", 251)),
            format!("{FORMAT}MN\r\n"),
        ),
        row(
            "an ms length that is none, and its body is a line",
            "ms R23 x\r\nms R23 1k\r\nms R23 -1\r\nms R23 T0\r\nmn\r\n",
            format!("{}MN\r\n", FORMAT.repeat(4)),
        ),
        row(
            "an ms length of 31 bits",
            "ms R24 2147483647\r\nms R24 2147483646\r\nms R24 -2147483648\r\n",
            FORMAT.repeat(3),
        ),
        row(
            "an ms length beyond 64 bits",
            "ms R25 99999999999999999999\r\n",
            FORMAT,
        ),
        row(
            "an ms length beyond 32 bits",
            "ms R26 4294967297\r\nx\r\n",
            format!("{FORMAT}ERROR\r\n"),
        )
        .memcached_says("HD\r\n", "wide numbers"),
        row(
            "meta verbs are lower case",
            "MG R27\r\nMN\r\nMs R27 1\r\n",
            "ERROR\r\nERROR\r\nERROR\r\n",
        ),
        row(
            "a refused meta line leaves the connection in step",
            "mg R28 zz\r\nms R28 1\r\na\r\nmd R28 zz\r\nmg R28 v\r\n",
            format!("{INVALID}HD\r\nCLIENT_ERROR invalid or duplicate flag\r\nVA 1\r\na\r\n"),
        ),
    ]
}
