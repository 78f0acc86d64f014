//! The bytes of one item.
//!
//! ```text
//! klen u8 | fields u8 | vlen u24 | [pad 0-3] [cell u32 or expiry u32] [marks u32] [client flags u32] [cas u64] | key | value
//! marks      last access 29 | encoded 1 | won 1 | stale 1
//! ```
//!
//! Integers are in native byte order and unaligned, save cell and marks, before which there is padding. Optional fields are there only where the `fields`
//! byte says so. An item is written once, before it is published, and then never changes (Law 4): the one exception is
//! the cell, an aligned atomic that holds the deadline of an item that has been touched, so that touching it again
//! costs no copy. An item has a cell or an expiry, never both.

use std::ptr;

use crate::Seconds;
use crate::sync::{ItemCell, Ordering};

/// Bytes that every item has: key length, fields, value length.
pub(crate) const HEADER: usize = 5;
/// The longest key, in bytes.
pub(crate) const KEY_MAX: usize = u8::MAX as usize;
/// The longest value, in bytes, that the 24-bit length can tell.
pub(crate) const VALUE_MAX: usize = (1 << 24) - 1;

const EXPIRY: u8 = 1;
const CELL: u8 = 2;
const CLIENT_FLAGS: u8 = 4;
const CAS: u8 = 8;
/// No field, but a mark: it was asked for before it came here.
const FETCHED: u8 = 16;
/// No field either: how many evictions it has survived since it was last asked for.
const SPARED_SHIFT: u32 = 5;
/// As many as can be told.
pub(crate) const SPARED_MAX: u8 = 3;
const MARKS: u8 = 128;
/// Both are aligned atomics.
const ATOMICS: u8 = CELL | MARKS;

/// The most that header, padding and optional fields take together.
pub(crate) const OVERHEAD_MAX: usize = HEADER + 3 + 4 + 4 + 4 + 8;

/// Where the value of a new item comes from.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    /// Two pieces, one behind the other: append and prepend join old and new without a buffer between.
    Pieces([&'a [u8]; 2]),
    /// A counter: digits, padded with blanks to `width`.
    Counter { number: u64, width: usize },
    /// So many bytes, which are written later.
    ToCome(usize),
}

impl Body<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Body::Pieces([a, b]) => a.len() + b.len(),
            Body::Counter { number, width } => {
                (*width).max(itoa::Buffer::new().format(*number).len())
            }
            Body::ToCome(length) => *length,
        }
    }

    /// # Safety
    /// `to` is valid for writes of `self.len()` bytes that nobody else can see yet.
    unsafe fn write(&self, to: *mut u8) {
        match self {
            // SAFETY: the caller's room holds both pieces; they are borrowed, so they cannot lie in it.
            Body::Pieces([a, b]) => unsafe {
                to.copy_from_nonoverlapping(a.as_ptr(), a.len());
                let to = to.add(a.len());
                to.copy_from_nonoverlapping(b.as_ptr(), b.len());
            },
            Body::Counter { number, width } => {
                let mut buffer = itoa::Buffer::new();
                let digits = buffer.format(*number).as_bytes();
                // SAFETY: the caller's room holds max(width, digits) bytes.
                unsafe {
                    to.write_bytes(b' ', *width);
                    to.copy_from_nonoverlapping(digits.as_ptr(), digits.len());
                }
            }
            Body::ToCome(_) => {}
        }
    }
}

/// What few items are told by: those without take no bytes for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Its value is out of date.
    pub(crate) stale: bool,
    /// Somebody was told to renew it.
    pub(crate) won: bool,
    /// Its key came in base64, and is shown so.
    pub(crate) encoded: bool,
    /// When it was last asked for, if that is kept; 0: it is not.
    pub(crate) accessed: Seconds,
}

impl Marks {
    const STALE: u32 = 1;
    const WON: u32 = 2;
    const ENCODED: u32 = 4;
    const ACCESSED_SHIFT: u32 = 3;

    fn to_word(self) -> u32 {
        let mark = |is_set: bool, mark: u32| u32::from(is_set) * mark;
        self.accessed << Marks::ACCESSED_SHIFT
            | mark(self.stale, Marks::STALE)
            | mark(self.won, Marks::WON)
            | mark(self.encoded, Marks::ENCODED)
    }

    fn from_word(word: u32) -> Marks {
        Marks {
            stale: word & Marks::STALE != 0,
            won: word & Marks::WON != 0,
            encoded: word & Marks::ENCODED != 0,
            accessed: word >> Marks::ACCESSED_SHIFT,
        }
    }
}

/// What an item is beside key and value.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) client_flags: u32,
    /// 0: never.
    pub(crate) deadline: Seconds,
    /// Keep the deadline in a cell, to be changed in place by the next touch.
    pub(crate) cell: bool,
    /// A unique that somebody has been told, and that this copy must keep.
    pub(crate) cas: Option<u64>,
    /// It was asked for before it came here; what happened since, its slot tells.
    pub(crate) fetched: bool,
    /// Evictions that it has survived since it was asked for, at most `SPARED_MAX`.
    pub(crate) spared: u8,
    pub(crate) marks: Marks,
}

impl Head {
    /// Of a value that nobody has seen.
    pub(crate) fn new(client_flags: u32, deadline: Seconds) -> Head {
        Head {
            client_flags,
            deadline,
            ..Head::default()
        }
    }

    /// Of an item whose key came in base64, or did not.
    pub(crate) fn spelled(mut self, encoded: bool) -> Head {
        self.marks.encoded = encoded;
        self
    }

    /// Of the same item, which is being asked for.
    pub(crate) fn note_fetch(&mut self, now: Seconds) {
        self.spared = 0;
        if self.marks.accessed != 0 {
            self.marks.accessed = now;
        }
    }

    /// Of a new value for the same item: flags, deadline and the spelling of the key stay.
    pub(crate) fn renewed(self) -> Head {
        Head {
            cell: self.cell,
            ..Head::new(self.client_flags, self.deadline).spelled(self.marks.encoded)
        }
    }

    fn fields(&self) -> u8 {
        let field = |is_there: bool, field: u8| u8::from(is_there) * field;
        field(self.cell, CELL)
            | field(!self.cell && self.deadline != 0, EXPIRY)
            | field(self.client_flags != 0, CLIENT_FLAGS)
            | field(self.cas.is_some(), CAS)
            | field(self.marks != Marks::default(), MARKS)
            | field(self.fetched, FETCHED)
            | self.spared << SPARED_SHIFT
    }
}

/// An item about to be written.
#[derive(Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) body: Body<'a>,
    pub(crate) head: Head,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(key: &'a [u8], body: Body<'a>, head: Head) -> Draft<'a> {
        Draft { key, body, head }
    }

    /// A copy of an item under another head.
    pub(crate) fn copy(old: &Stored<'a>, head: Head) -> Draft<'a> {
        Draft::new(old.key, Body::Pieces([old.value, b""]), head)
    }

    /// Bytes the item takes when it starts at `offset` of the pool (the padding of a cell depends on it).
    pub(crate) fn size_at(&self, offset: u64) -> usize {
        Layout::new(self.head.fields(), offset).key + self.key.len() + self.body.len()
    }

    /// Bytes the item takes at worst: at offset 0 the padding of a cell is at its longest.
    pub(crate) fn size_max(&self) -> usize {
        self.size_at(0)
    }

    /// Writes the item and returns its size in bytes.
    ///
    /// # Safety
    /// `to` is the pool's byte at `offset`, valid for writes of `size_at(offset)` bytes, and no reader can reach them
    /// before they are published (Law 4).
    pub(crate) unsafe fn write(&self, to: *mut u8, offset: u64) -> usize {
        let value_len = self.body.len();
        debug_assert!(self.key.len() <= KEY_MAX && value_len <= VALUE_MAX);
        let fields = self.head.fields();
        let layout = Layout::new(fields, offset);
        let put = |at: usize, bytes: &[u8]| {
            // SAFETY: every field lies within size_at(offset) bytes from `to`, as the layout places them in order.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to.add(at), bytes.len()) };
        };
        let [v0, v1, v2, _] = (value_len as u32).to_le_bytes();
        put(0, &[self.key.len() as u8, fields, v0, v1, v2]);
        if fields & (CELL | EXPIRY) != 0 {
            put(layout.deadline, &self.head.deadline.to_ne_bytes());
        }
        if fields & MARKS != 0 {
            put(layout.marks, &self.head.marks.to_word().to_ne_bytes());
        }
        if fields & CLIENT_FLAGS != 0 {
            put(layout.client_flags, &self.head.client_flags.to_ne_bytes());
        }
        if let Some(cas) = self.head.cas {
            put(layout.cas, &cas.to_ne_bytes());
        }
        put(layout.key, self.key);
        let value = layout.key + self.key.len();
        // SAFETY: behind the key there is room for the whole value.
        unsafe { self.body.write(to.add(value)) };
        value + value_len
    }
}

/// Where the fields of an item lie, in bytes from its start.
#[derive(Clone, Copy)]
struct Layout {
    deadline: usize,
    marks: usize,
    client_flags: usize,
    cas: usize,
    key: usize,
}

impl Layout {
    fn new(fields: u8, offset: u64) -> Layout {
        let bytes = |field: u8, bytes: usize| if fields & field == 0 { 0 } else { bytes };
        // The pool starts on a page, so an offset is aligned as the address is.
        let padding = (offset as usize + HEADER).wrapping_neg() & 3;
        let deadline = HEADER + bytes(ATOMICS, padding);
        let marks = deadline + bytes(CELL | EXPIRY, 4);
        let client_flags = marks + bytes(MARKS, 4);
        let cas = client_flags + bytes(CLIENT_FLAGS, 4);
        let key = cas + bytes(CAS, 8);
        Layout {
            deadline,
            marks,
            client_flags,
            cas,
            key,
        }
    }
}

/// A published item in the heap, its header read once.
#[derive(Clone, Copy)]
pub(crate) struct Stored<'g> {
    start: *const u8,
    fields: u8,
    layout: Layout,
    pub(crate) key: &'g [u8],
    pub(crate) value: &'g [u8],
}

impl<'g> Stored<'g> {
    /// Reads the item that starts at `offset` of the pool.
    ///
    /// # Safety
    /// `start` is the pool's byte at `offset`, a whole item stands there that was published to this thread (or that it
    /// wrote itself), and the memory is not reused for as long as `'g` (Law 4; a guard is open, or the thread owns the
    /// segment).
    pub(crate) unsafe fn read(start: *const u8, offset: u64) -> Stored<'g> {
        // SAFETY: an item has at least its header, and header bytes never change.
        let [key_len, fields, v0, v1, v2] = unsafe { start.cast::<[u8; HEADER]>().read() };
        let layout = Layout::new(fields, offset);
        let key_len = usize::from(key_len);
        let value_len = u32::from_le_bytes([v0, v1, v2, 0]) as usize;
        // SAFETY: the lengths are those the item was written with; key and value hold no atomics.
        let bytes = |at, len| unsafe { std::slice::from_raw_parts(start.add(at), len) };
        Stored {
            start,
            fields,
            layout,
            key: bytes(layout.key, key_len),
            value: bytes(layout.key + key_len, value_len),
        }
    }

    /// Bytes before the key: what the item takes beyond key and value.
    pub(crate) fn overhead(&self) -> usize {
        self.layout.key
    }

    /// Bytes the item takes in its segment.
    pub(crate) fn size(&self) -> usize {
        self.layout.key + self.key.len() + self.value.len()
    }

    pub(crate) fn head(&self) -> Head {
        Head {
            client_flags: self.client_flags(),
            deadline: self.deadline(),
            cell: self.fields & CELL != 0,
            cas: self.cas(),
            fetched: self.is_fetched(),
            spared: self.spared(),
            marks: self.marks(),
        }
    }

    /// A field of those that are aligned, if it is there.
    #[expect(
        clippy::cast_ptr_alignment,
        reason = "the padding before the first of them aligns them"
    )]
    fn atomic(&self, field: u8, at: usize) -> Option<&'g ItemCell> {
        let atomic = self.start.wrapping_add(at).cast::<u32>().cast_mut();
        // SAFETY: it is 4-aligned by its padding, only ever accessed as an atomic once published, and lives as long as
        // the item.
        (self.fields & field != 0).then(|| unsafe { ItemCell::from_ptr(atomic) })
    }

    fn cell(&self) -> Option<&'g ItemCell> {
        self.atomic(CELL, self.layout.deadline)
    }

    fn mark_word(&self) -> Option<&'g ItemCell> {
        self.atomic(MARKS, self.layout.marks)
    }

    pub(crate) fn marks(&self) -> Marks {
        let word = self.mark_word().map(|word| word.load(Ordering::Relaxed));
        word.map_or_else(Marks::default, Marks::from_word)
    }

    /// The item is asked for: kept where that is kept.
    pub(crate) fn note_access(&self, now: Seconds) {
        if let Some(word) = self.mark_word().filter(|_| self.marks().accessed != 0) {
            // Somebody else may set a mark at the same time.
            let relaxed = Ordering::Relaxed;
            let accessed = now << Marks::ACCESSED_SHIFT;
            let kept = (1 << Marks::ACCESSED_SHIFT) - 1;
            let _ = word.fetch_update(relaxed, relaxed, |word| Some(accessed | word & kept));
        }
    }

    /// The bytes of any other field, if it is there.
    fn field<const N: usize>(&self, field: u8, at: usize) -> Option<[u8; N]> {
        // SAFETY: a field that is there lies within the item, and never changes.
        (self.fields & field != 0).then(|| unsafe { self.start.add(at).cast::<[u8; N]>().read() })
    }

    /// When the item expires; 0: never.
    pub(crate) fn deadline(&self) -> Seconds {
        match self.cell() {
            Some(cell) => cell.load(Ordering::Relaxed),
            None => self
                .field(EXPIRY, self.layout.deadline)
                .map_or(0, Seconds::from_ne_bytes),
        }
    }

    /// Whether it may get this head in place, where only deadline and marks can change: the item has places for them, and
    /// would not expire earlier than its segment was told. The caller holds the key's lock, or wants a hint.
    pub(crate) fn may_become(&self, head: &Head) -> bool {
        let (old, new) = (self.deadline(), head.deadline);
        let later = new == 0 || (old != 0 && new >= old);
        (old == new || self.cell().is_some() && later)
            && (self.marks() == head.marks || self.mark_word().is_some())
    }

    /// Gives it a head in place, as [`Stored::may_become`] has allowed. The caller holds the key's lock.
    pub(crate) fn become_in_place(&self, head: &Head) {
        debug_assert!(self.may_become(head));
        if let Some(cell) = self.cell() {
            cell.store(head.deadline, Ordering::Relaxed);
        }
        if let Some(word) = self.mark_word() {
            word.store(head.marks.to_word(), Ordering::Relaxed);
        }
    }

    pub(crate) fn client_flags(&self) -> u32 {
        self.field(CLIENT_FLAGS, self.layout.client_flags)
            .map_or(0, u32::from_ne_bytes)
    }

    /// The unique this copy was made to keep.
    pub(crate) fn cas(&self) -> Option<u64> {
        self.field(CAS, self.layout.cas).map(u64::from_ne_bytes)
    }

    /// Evictions that it has survived since it was asked for, as far as can be told.
    pub(crate) fn spared(&self) -> u8 {
        self.fields >> SPARED_SHIFT & SPARED_MAX
    }

    /// It was asked for before it came here; what happened since, its slot tells.
    pub(crate) fn is_fetched(&self) -> bool {
        self.fields & FETCHED != 0
    }
}

#[cfg(test)]
mod tests {
    use std::alloc;

    use super::*;

    /// So many bytes and no more, aligned as the pool is: Miri reports what is read or written beyond them.
    struct Memory(*mut u8, alloc::Layout);

    impl Memory {
        fn new(bytes: usize) -> Memory {
            let layout = alloc::Layout::from_size_align(bytes, 8).unwrap();
            // SAFETY: there is at least an item's header.
            Memory(unsafe { alloc::alloc_zeroed(layout) }, layout)
        }

        fn item(&self, offset: u64) -> Stored<'_> {
            // SAFETY: an item was written there, and the memory outlives the view.
            unsafe { Stored::read(self.0.add(offset as usize), offset) }
        }
    }

    impl Drop for Memory {
        fn drop(&mut self) {
            // SAFETY: allocated with this layout.
            unsafe { alloc::dealloc(self.0, self.1) }
        }
    }

    fn written(draft: &Draft<'_>, offset: u64) -> (Memory, usize) {
        let memory = Memory::new(offset as usize + draft.size_at(offset));
        // SAFETY: as many bytes as it takes are there.
        let size = unsafe { draft.write(memory.0.add(offset as usize), offset) };
        (memory, size)
    }

    #[test]
    fn every_combination_of_fields_reads_back_at_every_alignment() {
        for combination in 0..64_u8 {
            for offset in 0..8_u64 {
                let head = Head {
                    client_flags: if combination & 1 != 0 { 0xdead_beef } else { 0 },
                    deadline: if combination & 2 != 0 { 77 } else { 0 },
                    cell: combination & 4 != 0,
                    cas: (combination & 8 != 0).then_some(u64::MAX - 3),
                    fetched: combination & 16 != 0,
                    spared: combination & SPARED_MAX,
                    marks: Marks {
                        stale: combination & 32 != 0,
                        won: combination & 16 != 0,
                        encoded: combination & 8 != 0,
                        accessed: u32::from(combination >> 5) * 0x1fff_fff1,
                    },
                };
                let draft = Draft::new(b"a key", Body::Pieces([b"val", b"ue"]), head);
                let (memory, size) = written(&draft, offset);
                assert_eq!(size, draft.size_at(offset));
                assert!(size <= draft.size_max());
                let item = memory.item(offset);
                assert_eq!((item.key, item.value), (&b"a key"[..], &b"value"[..]));
                assert!(item.head() == head);
                assert_eq!(item.client_flags(), head.client_flags);
                assert_eq!(item.deadline(), head.deadline);
                assert_eq!(item.size(), size);
            }
        }
    }

    #[test]
    fn a_bare_item_costs_five_bytes() {
        let draft = Draft::new(b"k", Body::Pieces([b"", b""]), Head::default());
        assert_eq!(draft.size_at(3), HEADER + 1);
        let (memory, size) = written(&draft, 3);
        assert_eq!((size, memory.item(3).key), (HEADER + 1, &b"k"[..]));
    }

    #[test]
    fn a_counter_that_shrinks_keeps_its_width_with_blanks() {
        let body = Body::Counter {
            number: 9,
            width: 3,
        };
        let draft = Draft::new(b"n", body, Head::default());
        let (memory, _) = written(&draft, 0);
        let item = memory.item(0);
        assert_eq!(item.value, b"9  ");
    }

    #[test]
    fn a_cell_is_only_moved_later() {
        let head = Head {
            cell: true,
            ..Head::new(0, 10)
        };
        let draft = Draft::new(b"k", Body::Pieces([b"v", b""]), head);
        let (memory, _) = written(&draft, 0);
        let item = memory.item(0);
        let at = |deadline| Head { deadline, ..head };
        assert!(!item.may_become(&at(9)));
        assert!(item.may_become(&at(12)));
        item.become_in_place(&at(12));
        assert_eq!(item.deadline(), 12);
        assert!(item.may_become(&at(0)));
        item.become_in_place(&at(0));
        assert!(
            !item.may_become(&at(1_000_000)),
            "an item that never expires must not get its deadline in place"
        );
    }

    #[test]
    fn an_access_that_is_kept_would_take_marks_away() {
        let marks = Marks {
            stale: true,
            won: false,
            encoded: true,
            accessed: 7,
        };
        let head = Head {
            marks,
            ..Head::default()
        };
        let draft = Draft::new(b"k", Body::Pieces([b"v", b""]), head);
        let (memory, _) = written(&draft, 0);
        let item = memory.item(0);
        item.note_access(9);
        let accessed = Marks {
            accessed: 9,
            ..marks
        };
        assert_eq!(item.marks(), accessed);
        let won = Marks {
            won: true,
            ..accessed
        };
        assert!(item.may_become(&Head { marks: won, ..head }));
        item.become_in_place(&Head { marks: won, ..head });
        assert_eq!(item.marks(), won);
    }
}
