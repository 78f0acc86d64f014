//! What a unique promises: it changes with every write and with nothing else.

use crate::protocol::conversation::Conversation;
use crate::protocol::target::Target;

const CLASSIC: &[Conversation] = &[
    Conversation {
        name: "cas stores once",
        steps: &[
            (
                "set k 3 0 1\r\na\r\ngets k\r\n",
                "STORED\r\nVALUE k 3 1 <a>\r\na\r\nEND\r\n",
            ),
            ("cas k 4 0 1 <a>\r\nb\r\n", "STORED\r\n"),
            ("cas k 5 0 1 <a>\r\nc\r\n", "EXISTS\r\n"),
            ("gets k\r\n", "VALUE k 4 1 <b>\r\nb\r\nEND\r\n"),
            (
                "cas k 0 0 1 <b> noreply\r\nd\r\nget k\r\n",
                "VALUE k 0 1\r\nd\r\nEND\r\n",
            ),
        ],
    },
    Conversation {
        name: "cas of a number with zeros before it",
        steps: &[
            (
                "set k 0 0 1\r\na\r\ngets k\r\n",
                "STORED\r\nVALUE k 0 1 <a>\r\na\r\nEND\r\n",
            ),
            ("cas k 0 0 1 00<a>\r\nb\r\n", "STORED\r\n"),
        ],
    },
    Conversation {
        name: "reading and touching keep the unique",
        steps: &[
            (
                "set k 0 0 1\r\na\r\ngets k\r\n",
                "STORED\r\nVALUE k 0 1 <a>\r\na\r\nEND\r\n",
            ),
            ("get k\r\n", "VALUE k 0 1\r\na\r\nEND\r\n"),
            ("touch k 100\r\n", "TOUCHED\r\n"),
            ("gat 200 k\r\n", "VALUE k 0 1\r\na\r\nEND\r\n"),
            (
                "gats 0 k k\r\n",
                "VALUE k 0 1 <a>\r\na\r\nVALUE k 0 1 <a>\r\na\r\nEND\r\n",
            ),
            ("add k 0 0 1\r\nb\r\n", "NOT_STORED\r\n"),
            ("cas k 0 0 1 1\r\nb\r\n", "EXISTS\r\n"),
            ("cas k 0 0 1 <a>\r\nb\r\n", "STORED\r\n"),
        ],
    },
    Conversation {
        name: "every write changes the unique",
        steps: &[
            (
                "set k 0 0 1\r\n5\r\ngets k\r\n",
                "STORED\r\nVALUE k 0 1 <a>\r\n5\r\nEND\r\n",
            ),
            ("incr k 1\r\ncas k 0 0 1 <a>\r\nx\r\n", "6\r\nEXISTS\r\n"),
            ("gets k\r\n", "VALUE k 0 1 <b>\r\n6\r\nEND\r\n"),
            (
                "append k 0 0 1\r\n0\r\ncas k 0 0 1 <b>\r\nx\r\n",
                "STORED\r\nEXISTS\r\n",
            ),
            ("gets k\r\n", "VALUE k 0 2 <c>\r\n60\r\nEND\r\n"),
            (
                "set k 0 0 1\r\n7\r\ncas k 0 0 1 <c>\r\nx\r\n",
                "STORED\r\nEXISTS\r\n",
            ),
            ("gets k\r\n", "VALUE k 0 1 <d>\r\n7\r\nEND\r\n"),
            ("decr k 1\r\ncas k 0 0 1 <d>\r\nx\r\n", "6\r\nEXISTS\r\n"),
            ("gets k\r\n", "VALUE k 0 1 <e>\r\n6\r\nEND\r\n"),
            ("cas k 0 0 1 <e>\r\nx\r\n", "STORED\r\n"),
        ],
    },
    Conversation {
        name: "an item deleted and stored again is another",
        steps: &[
            (
                "set k 0 0 1\r\na\r\ngets k\r\n",
                "STORED\r\nVALUE k 0 1 <a>\r\na\r\nEND\r\n",
            ),
            (
                "delete k\r\ncas k 0 0 1 <a>\r\nb\r\n",
                "DELETED\r\nNOT_FOUND\r\n",
            ),
            (
                "set k 0 0 1\r\na\r\ncas k 0 0 1 <a>\r\nb\r\n",
                "STORED\r\nEXISTS\r\n",
            ),
        ],
    },
    Conversation {
        name: "a flushed item has no unique",
        steps: &[
            (
                "set k 0 0 1\r\na\r\ngets k\r\n",
                "STORED\r\nVALUE k 0 1 <a>\r\na\r\nEND\r\n",
            ),
            (
                "flush_all\r\ncas k 0 0 1 <a>\r\nb\r\n",
                "OK\r\nNOT_FOUND\r\n",
            ),
        ],
    },
];

const META: &[Conversation] = &[
    Conversation {
        name: "the unique of an item that is over at once is no other item's",
        steps: &[
            ("ms k 1 c T-1\r\na\r\n", "HD c<a>\r\n"),
            ("ms k 1 c\r\n5\r\n", "HD c<b>\r\n"),
            ("ms k 1 C<a>\r\nb\r\n", "EX\r\n"),
            ("ma k c T-1\r\n", "HD c<c>\r\n"),
            ("ma k c N-1\r\n", "HD c<d>\r\n"),
            ("mg k c N-1\r\n", "HD c<e> W\r\n"),
            ("ms k 1 C<e>\r\nb\r\n", "NF\r\n"),
            ("ms k 1 c\r\n5\r\n", "HD c<f>\r\n"),
            ("ms k 1 C<a>\r\nb\r\n", "EX\r\n"),
            ("ms k 1 C<c>\r\nb\r\n", "EX\r\n"),
            ("ms k 1 C<d>\r\nb\r\n", "EX\r\n"),
            ("ms k 1 C<e>\r\nb\r\n", "EX\r\n"),
            ("ms k 1 C<f> c T-1\r\nb\r\n", "HD c<n>\r\n"),
            ("mg k\r\n", "EN\r\n"),
        ],
    },
    Conversation {
        name: "ms returns the unique that others see",
        steps: &[
            ("ms k 1 c\r\na\r\n", "HD c<a>\r\n"),
            ("mg k c\r\n", "HD c<a>\r\n"),
            ("gets k\r\n", "VALUE k 0 1 <a>\r\na\r\nEND\r\n"),
            (
                "me k\r\n",
                "ME k exp=-1 la=<n> cas=<a> fetch=yes cls=<n> size=<n>\r\n",
            ),
        ],
    },
    Conversation {
        name: "append and prepend return the unique that others see",
        steps: &[
            ("ms k 1\r\na\r\nms k 1 MA c\r\nb\r\n", "HD\r\nHD c<a>\r\n"),
            ("mg k c\r\n", "HD c<a>\r\n"),
            ("ms k 1 MP c C<a>\r\nb\r\n", "HD c<b>\r\n"),
            ("mg k c\r\nms k 1 MA C<a>\r\nc\r\n", "HD c<b>\r\nEX\r\n"),
            ("mg k v\r\n", "VA 3\r\nbab\r\n"),
        ],
    },
    Conversation {
        name: "ms C stores once",
        steps: &[
            ("ms k 1 c\r\na\r\n", "HD c<a>\r\n"),
            (
                "ms k 1 C<a>\r\nb\r\nms k 1 C<a> c\r\nc\r\n",
                "HD\r\nEX c0\r\n",
            ),
            ("mg k v c\r\n", "VA 1 c<b>\r\nb\r\n"),
            (
                "ms k 1 MR C<a> q\r\nc\r\nms k 1 MR C<b> q\r\nd\r\nmg k v\r\n",
                "EX\r\nVA 1\r\nd\r\n",
            ),
        ],
    },
    Conversation {
        name: "mg keeps the unique, whatever it asks for",
        steps: &[
            ("ms k 1 c T100\r\na\r\n", "HD c<a>\r\n"),
            (
                "mg k T200 c\r\nmg k R1000 c\r\nmg k v u c\r\n",
                "HD c<a>\r\nHD c<a> W\r\nVA 1 c<a> Z\r\na\r\n",
            ),
            ("ms k 1 C<a>\r\nb\r\n", "HD\r\n"),
        ],
    },
    Conversation {
        name: "md C removes what it names",
        steps: &[
            (
                "ms k 1 c\r\na\r\nms k 1 c\r\nb\r\n",
                "HD c<a>\r\nHD c<b>\r\n",
            ),
            (
                "md k C<a>\r\nmd k C<b> k\r\nmg k\r\n",
                "EX\r\nHD kk\r\nEN\r\n",
            ),
        ],
    },
    Conversation {
        name: "ma C counts once",
        steps: &[
            ("ma k N0 J5 c\r\n", "HD c<a>\r\n"),
            ("ma k C<a> c v\r\n", "VA 1 c<b>\r\n6\r\n"),
            ("mg k c\r\nma k C<a>\r\n", "HD c<b>\r\nEX\r\n"),
            ("ma k MD D2 C<b> v\r\n", "VA 1\r\n4\r\n"),
        ],
    },
    Conversation {
        name: "ma of a longer number returns the unique that others see",
        steps: &[
            ("ms k 1\r\n9\r\nma k c v\r\n", "HD\r\nVA 2 c<a>\r\n10\r\n"),
            ("mg k c\r\n", "HD c<a>\r\n"),
        ],
    },
    Conversation {
        name: "the winner writes by its unique",
        steps: &[
            ("mg k N30 c\r\n", "HD c<a> W\r\n"),
            ("mg k N30 c v\r\n", "VA 0 c<a> Z\r\n\r\n"),
            (
                "ms k 1 C<a> T0\r\na\r\nmg k v t\r\n",
                "HD\r\nVA 1 t-1\r\na\r\n",
            ),
        ],
    },
    Conversation {
        name: "a winner that comes too late stores nothing",
        steps: &[
            ("mg k N30 c\r\n", "HD c<a> W\r\n"),
            ("md k\r\nms k 1 C<a>\r\na\r\nmg k\r\n", "HD\r\nNF\r\nEN\r\n"),
            (
                "mg k N30\r\nms k 1 C<a>\r\na\r\nmg k v\r\n",
                "HD W\r\nEX\r\nVA 0 Z\r\n\r\n",
            ),
        ],
    },
    Conversation {
        name: "md I changes the unique",
        steps: &[
            ("ms k 1 c\r\na\r\n", "HD c<a>\r\n"),
            (
                "md k I C<a>\r\nms k 1 C<a>\r\nb\r\nmd k C<a>\r\n",
                "HD\r\nEX\r\nEX\r\n",
            ),
            ("mg k c\r\n", "HD c<b> X W\r\n"),
            ("ms k 1 C<b>\r\nb\r\nmg k v\r\n", "HD\r\nVA 1\r\nb\r\n"),
        ],
    },
    Conversation {
        name: "a write with an older unique and I is stored as stale",
        steps: &[
            (
                "ms k 1 c T100\r\na\r\nms k 1 T100\r\nb\r\n",
                "HD c<a>\r\nHD\r\n",
            ),
            ("ms k 1 C<a> I T500 F7 c\r\nc\r\n", "HD c<b>\r\n"),
            (
                "mg k v t f c\r\nmg k\r\n",
                "VA 1 t<98..100> f7 c<b> X W\r\nc\r\nHD Z X\r\n",
            ),
            (
                "ms k 1 C<b> I\r\nd\r\nmg k v t\r\n",
                "HD\r\nVA 1 t-1\r\nd\r\n",
            ),
        ],
    },
    Conversation {
        name: "a write with an older unique keeps the winner",
        steps: &[
            (
                "ms k 1 c T100\r\na\r\nms k 1 T100\r\nb\r\nmg k R200\r\n",
                "HD c<a>\r\nHD\r\nHD W\r\n",
            ),
            (
                "ms k 1 C<a> I\r\nc\r\nmg k v\r\n",
                "HD\r\nVA 1 Z X\r\nc\r\n",
            ),
        ],
    },
    Conversation {
        name: "a winner overtaken by another invalidation stores a stale value",
        steps: &[
            (
                "ms k 1\r\na\r\nmd k I\r\nmg k c\r\n",
                "HD\r\nHD\r\nHD c<a> X W\r\n",
            ),
            ("md k I\r\nms k 1 C<a> I\r\nb\r\n", "HD\r\nHD\r\n"),
            ("mg k v\r\nmg k\r\n", "VA 1 X W\r\nb\r\nHD Z X\r\n"),
        ],
    },
    Conversation {
        name: "I is for writes in the modes of set",
        steps: &[
            ("ms k 1 c\r\na\r\nms k 1\r\nb\r\n", "HD c<a>\r\nHD\r\n"),
            (
                "ms k 1 C<a> I MA\r\nc\r\nms k 1 C<a> I MR\r\nd\r\nmg k v\r\n",
                "EX\r\nHD\r\nVA 1 X W\r\nd\r\n",
            ),
        ],
    },
    Conversation {
        name: "classic and meta name one item by one unique",
        steps: &[
            ("ms k 1 c\r\na\r\n", "HD c<a>\r\n"),
            (
                "cas k 0 0 1 <a>\r\nb\r\ngets k\r\n",
                "STORED\r\nVALUE k 0 1 <b>\r\nb\r\nEND\r\n",
            ),
            ("ms k 1 C<b>\r\nc\r\n", "HD\r\n"),
        ],
    },
];

/// Whole, and byte by byte.
fn hold_all(conversations: &[Conversation], target: &Target) {
    let wrong: Vec<String> = [usize::MAX, 1]
        .into_iter()
        .flat_map(|piece| conversations.iter().map(move |talk| (talk, piece)))
        .filter_map(|(talk, piece)| {
            target.forget_earlier_runs();
            talk.hold(target, piece).err()
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_unique_that_did_not_change_would_lose_a_write() {
    Target::each(|target| hold_all(CLASSIC, target));
}

#[test]
fn a_unique_of_meta_that_did_not_change_would_lose_a_write() {
    Target::each(|target| hold_all(META, target));
}
