//! `q`: only the answer that was hoped for is hidden, and `mn` tells when all is done.

use crate::protocol::exchange::{Exchange, row};

pub(in crate::protocol::rows) fn rows() -> Vec<Exchange> {
    vec![
        row(
            "mg q hides a miss",
            "mg Q1 q\r\nmg Q1 v q k O1\r\nmn\r\n",
            "MN\r\n",
        ),
        row(
            "mg q shows a hit",
            "set Q2 0 0 1\r\na\r\nmg Q2 q\r\nmg Q2 q v k O1\r\nmn\r\n",
            "STORED\r\nHD\r\nVA 1 kQ2 O1\r\na\r\nMN\r\n",
        ),
        row(
            "several mg q in one stream are told apart by their opaques",
            "set Q3b 0 0 1\r\nb\r\nmg Q3a v q O1\r\nmg Q3b v q O2\r\nmg Q3c v q O3\r\nmn\r\n",
            "STORED\r\nVA 1 O2\r\nb\r\nMN\r\n",
        ),
        row(
            "mg q shows what it made",
            "mg Q4 q N0\r\nmg Q4 q\r\n",
            "HD W\r\nHD Z\r\n",
        ),
        row(
            "ms q hides what was stored",
            "ms Q5 1 q\r\na\r\nms Q5 1 q k O1 c\r\nb\r\nms Q5 1 MA q\r\nc\r\nmn\r\nmg Q5 v\r\n",
            "MN\r\nVA 2\r\nbc\r\n",
        ),
        row(
            "ms q shows what was not stored",
            "ms Q6 1 MR q O1\r\na\r\nms Q6 1 C5 q O2\r\na\r\nms Q6 1 q\r\na\r\nms Q6 1 ME q O3\r\nb\r\n\
             ms Q6 1 C18446744073709551615 q O4\r\nb\r\nmn\r\n",
            "NS O1\r\nNF O2\r\nNS O3\r\nEX O4\r\nMN\r\n",
        ),
        row(
            "md q hides what was removed",
            "set Q7 0 0 1\r\na\r\nmd Q7 q k O1\r\nset Q7 0 0 1\r\na\r\nmd Q7 I q\r\nmn\r\nmg Q7\r\n",
            "STORED\r\nSTORED\r\nMN\r\nHD X W\r\n",
        ),
        row(
            "md q shows a miss and another unique",
            "md Q8 q\r\nmd Q8 q I k O1\r\nset Q8 0 0 1\r\na\r\nmd Q8 q C18446744073709551615\r\nmn\r\n",
            "NF\r\nNF kQ8 O1\r\nSTORED\r\nEX\r\nMN\r\n",
        ),
        row(
            "ma q hides what was counted",
            "set Q9 0 0 1\r\n5\r\nma Q9 q\r\nma Q9 q v k O1 t c\r\nma Q9 q T0\r\nmn\r\nmg Q9 v\r\n",
            "STORED\r\nMN\r\nVA 1\r\n8\r\n",
        ),
        row(
            "ma q shows a miss and another unique",
            "ma Q10 q k O1\r\nset Q10 0 0 1\r\n5\r\nma Q10 q C18446744073709551615\r\nmn\r\n",
            "NF kQ10 O1\r\nSTORED\r\nEX\r\nMN\r\n",
        ),
        row(
            "errors are never hidden",
            "mg Q11 q zz\r\nms Q11 1 q zz\r\na\r\nmd Q11 q zz\r\nma Q11 q zz\r\n\
             mg Q11 q O12345678901234567890123456789012\r\nmn\r\n",
            "CLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid flag\r\n\
             CLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\n\
             CLIENT_ERROR opaque token too long\r\nMN\r\n",
        ),
        row(
            "quiet ends with its command",
            "mg Q12 q\r\nmg Q12\r\nms Q12 1 q\r\na\r\nms Q12 1\r\na\r\nget Q12\r\ndelete Q12\r\n",
            "EN\r\nHD\r\nVALUE Q12 0 1\r\na\r\nEND\r\nDELETED\r\n",
        ),
        row(
            "noreply and quiet in one stream",
            "set Q13 0 0 1 noreply\r\n5\r\nma Q13 q\r\nincr Q13 1 noreply\r\nmd Q13 q\r\nmg Q13 q\r\nmn\r\n",
            "MN\r\n",
        ),
    ]
}
