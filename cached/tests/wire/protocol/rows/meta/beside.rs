//! Classic and meta commands on the same items.

use crate::protocol::exchange::{Exchange, row};

pub(in crate::protocol::rows) fn rows() -> Vec<Exchange> {
    vec![
        row(
            "append and prepend keep flags and deadline",
            "set O1 7 100 1\r\nm\r\nappend O1 9 0 1\r\nz\r\nprepend O1 9 0 1\r\na\r\nmg O1 v f t\r\n",
            "STORED\r\nSTORED\r\nSTORED\r\nVA 3 f7 t<98..100>\r\namz\r\n",
        ),
        row(
            "incr and decr keep flags and deadline",
            "set O2 7 100 1\r\n9\r\nincr O2 1\r\nmg O2 f t\r\ndecr O2 10\r\nmg O2 f t\r\n",
            "STORED\r\n10\r\nHD f7 t<98..100>\r\n0\r\nHD f7 t<98..100>\r\n",
        ),
        row(
            "set, add, replace and cas give flags and deadline anew",
            "set O3 7 100 1\r\na\r\nset O3 0 0 1\r\na\r\nmg O3 f t\r\nreplace O3 8 200 1\r\na\r\nmg O3 f t\r\n",
            "STORED\r\nSTORED\r\nHD f0 t-1\r\nSTORED\r\nHD f8 t<198..200>\r\n",
        ),
        row(
            "touch and gat give a deadline",
            "set O4 7 0 1\r\na\r\ntouch O4 100\r\nmg O4 t f\r\ngat 200 O4\r\nmg O4 t f\r\ntouch O4 0\r\nmg O4 t\r\n",
            "STORED\r\nTOUCHED\r\nHD t<98..100> f7\r\nVALUE O4 7 1\r\na\r\nEND\r\nHD t<198..200> f7\r\nTOUCHED\r\nHD t-1\r\n",
        ),
        row(
            "an absolute exptime to come is not cut short",
            "set O5 0 2147483647 1\r\na\r\nmg O5 t\r\n",
            "STORED\r\nHD t<1..2147483647>\r\n",
        ),
        row(
            "what is gone for one command is gone for all",
            "ms O6 1 T-1\r\n5\r\nget O6\r\ngat 0 O6\r\ntouch O6 0\r\nincr O6 1\r\nma O6\r\nappend O6 0 0 1\r\na\r\n\
             replace O6 0 0 1\r\na\r\ncas O6 0 0 1 1\r\na\r\ndelete O6\r\nmd O6\r\nmg O6\r\nme O6\r\nms O6 1 MR\r\na\r\n",
            "HD\r\nEND\r\nEND\r\nNOT_FOUND\r\nNOT_FOUND\r\nNF\r\nNOT_STORED\r\n\
             NOT_STORED\r\nNOT_FOUND\r\nNOT_FOUND\r\nNF\r\nEN\r\nEN\r\nNS\r\n",
        ),
        row(
            "a bare newline ends every line of meta",
            "ms O8 1 T0\n1\r\nma O8\nme O8\nmg O8 v\nmn\nmd O8\nmg O8\n",
            "HD\r\nHD\r\nME O8 <line>\r\nVA 1\r\n2\r\nMN\r\nHD\r\nEN\r\n",
        ),
        row(
            "bad lines in the middle of a stream",
            "set O7 0 0 1\r\na\r\nnonsense\r\nmg O7 zz\r\nms O7 1 T0 T0\r\nb\r\nget O7\r\nmg O7 v\r\n",
            "STORED\r\nERROR\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR duplicate flag\r\n\
             VALUE O7 0 1\r\na\r\nEND\r\nVA 1\r\na\r\n",
        ),
    ]
}
