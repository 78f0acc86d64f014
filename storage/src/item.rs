//! The bytes of one item.
//!
//! ```text
//! klen u8 | fields u8 | vlen u24 | [pad 0-3, cell u32] | [expiry u32] | [client flags u32] | [cas u64] | key | value
//! ```
//!
//! Integers are in native byte order and unaligned, save the cell. Optional fields are there only where the `fields`
//! byte says so. An item is written once, before it is published, and then never changes (Law 4): the one exception is
//! the cell, an aligned atomic that holds the deadline of an item that has been touched, so that touching it again
//! costs no copy. An item has a cell or an expiry, never both.

use crate::Seconds;
use crate::sync::{AtomicU32, Ordering};

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

/// The most that header, padding and optional fields take together.
pub(crate) const OVERHEAD_MAX: usize = HEADER + 3 + 4 + 4 + 8;

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
            Body::Pieces([a, b]) => {
                // SAFETY: the caller's room holds both pieces; they are borrowed, so they cannot lie in it.
                unsafe {
                    to.copy_from_nonoverlapping(a.as_ptr(), a.len());
                    to.add(a.len())
                        .copy_from_nonoverlapping(b.as_ptr(), b.len());
                }
            }
            Body::Counter { number, width } => {
                let mut buffer = itoa::Buffer::new();
                let digits = buffer.format(*number).as_bytes();
                // SAFETY: the caller's room holds max(width, digits) bytes.
                unsafe {
                    to.copy_from_nonoverlapping(digits.as_ptr(), digits.len());
                    to.add(digits.len())
                        .write_bytes(b' ', width.saturating_sub(digits.len()));
                }
            }
            Body::ToCome(_) => {}
        }
    }
}

/// An item about to be written.
#[derive(Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) body: Body<'a>,
    pub(crate) client_flags: u32,
    /// 0: never.
    pub(crate) deadline: Seconds,
    /// Keep the deadline in a cell, to be changed in place by the next touch.
    pub(crate) cell: bool,
    /// A unique that somebody has been told, and that this copy must keep.
    pub(crate) cas: Option<u64>,
    /// It was asked for where it lay before.
    pub(crate) fetched: bool,
    /// Evictions that it has survived since it was asked for, at most `SPARED_MAX`.
    pub(crate) spared: u8,
}

impl<'a> Draft<'a> {
    /// What takes the place of an item: everything but its value and its unique stays. As a new value it has not been
    /// asked for.
    pub(crate) fn successor(old: &Stored<'a>, body: Body<'a>) -> Draft<'a> {
        Draft {
            key: old.key,
            body,
            client_flags: old.client_flags(),
            deadline: old.deadline(),
            cell: old.has_cell(),
            cas: None,
            fetched: false,
            spared: 0,
        }
    }

    fn fields(&self) -> u8 {
        let expiry = if self.cell {
            CELL
        } else if self.deadline != 0 {
            EXPIRY
        } else {
            0
        };
        let client = if self.client_flags != 0 {
            CLIENT_FLAGS
        } else {
            0
        };
        let cas = if self.cas.is_some() { CAS } else { 0 };
        let fetched = if self.fetched { FETCHED } else { 0 };
        expiry | client | cas | fetched | self.spared << SPARED_SHIFT
    }

    /// Bytes the item takes when it starts at `offset` of the pool (the padding of a cell depends on it).
    pub(crate) fn size_at(&self, offset: u64) -> usize {
        Layout::new(self.fields(), offset).key + self.key.len() + self.body.len()
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
        debug_assert!(self.key.len() <= KEY_MAX && self.body.len() <= VALUE_MAX);
        let fields = self.fields();
        let layout = Layout::new(fields, offset);
        let value_len = self.body.len();
        let [v0, v1, v2, _] = (value_len as u32).to_le_bytes();
        let header = [self.key.len() as u8, fields, v0, v1, v2];
        // SAFETY: every field lies within size_at(offset) bytes from `to`, as the layout places them in order.
        unsafe {
            to.copy_from_nonoverlapping(header.as_ptr(), HEADER);
            if fields & (CELL | EXPIRY) != 0 {
                to.add(layout.deadline)
                    .cast::<u32>()
                    .write_unaligned(self.deadline);
            }
            if fields & CLIENT_FLAGS != 0 {
                to.add(layout.client_flags)
                    .cast::<u32>()
                    .write_unaligned(self.client_flags);
            }
            if let Some(cas) = self.cas {
                to.add(layout.cas).cast::<u64>().write_unaligned(cas);
            }
            to.add(layout.key)
                .copy_from_nonoverlapping(self.key.as_ptr(), self.key.len());
            self.body.write(to.add(layout.key + self.key.len()));
        }
        layout.key + self.key.len() + value_len
    }
}

/// Where the fields of an item lie, in bytes from its start.
#[derive(Clone, Copy)]
struct Layout {
    deadline: usize,
    client_flags: usize,
    cas: usize,
    key: usize,
}

impl Layout {
    fn new(fields: u8, offset: u64) -> Layout {
        // The pool starts on a page, so an offset is aligned as the address is.
        let padding = if fields & CELL != 0 {
            (offset as usize + HEADER).wrapping_neg() & 3
        } else {
            0
        };
        let deadline = HEADER + padding;
        let client_flags = deadline + if fields & (CELL | EXPIRY) != 0 { 4 } else { 0 };
        let cas = client_flags + if fields & CLIENT_FLAGS != 0 { 4 } else { 0 };
        let key = cas + if fields & CAS != 0 { 8 } else { 0 };
        Layout {
            deadline,
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
        let (key, value) = unsafe {
            (
                std::slice::from_raw_parts(start.add(layout.key), key_len),
                std::slice::from_raw_parts(start.add(layout.key + key_len), value_len),
            )
        };
        Stored {
            start,
            fields,
            layout,
            key,
            value,
        }
    }

    /// Bytes before the key: what the item takes beyond key and value.
    pub(crate) fn header(&self) -> usize {
        self.layout.key
    }

    /// Bytes the item takes in its segment.
    pub(crate) fn size(&self) -> usize {
        self.layout.key + self.key.len() + self.value.len()
    }

    #[expect(
        clippy::cast_ptr_alignment,
        reason = "the padding before a cell aligns it"
    )]
    fn cell(&self) -> Option<&'g AtomicU32> {
        (self.fields & CELL != 0).then(|| {
            // SAFETY: the cell is 4-aligned by its padding, only ever accessed as an atomic once published, and lives
            // as long as the item.
            unsafe {
                AtomicU32::from_ptr(
                    self.start
                        .add(self.layout.deadline)
                        .cast::<u32>()
                        .cast_mut(),
                )
            }
        })
    }

    /// When the item expires; 0: never.
    pub(crate) fn deadline(&self) -> Seconds {
        if let Some(cell) = self.cell() {
            cell.load(Ordering::Relaxed)
        } else if self.fields & EXPIRY != 0 {
            // SAFETY: the field is there, and never changes.
            unsafe {
                self.start
                    .add(self.layout.deadline)
                    .cast::<u32>()
                    .read_unaligned()
            }
        } else {
            0
        }
    }

    /// Changes the deadline in place where that is possible: the item has a cell, and would not expire earlier than
    /// its segment was told. The caller holds the key's lock.
    pub(crate) fn extend(&self, deadline: Seconds) -> bool {
        let Some(cell) = self.cell() else {
            return false;
        };
        let old = cell.load(Ordering::Relaxed);
        let later = deadline == 0 || (old != 0 && deadline >= old);
        if later {
            cell.store(deadline, Ordering::Relaxed);
        }
        later
    }

    pub(crate) fn client_flags(&self) -> u32 {
        if self.fields & CLIENT_FLAGS == 0 {
            return 0;
        }
        // SAFETY: the field is there, and never changes.
        unsafe {
            self.start
                .add(self.layout.client_flags)
                .cast::<u32>()
                .read_unaligned()
        }
    }

    /// The unique this copy was made to keep.
    pub(crate) fn cas(&self) -> Option<u64> {
        (self.fields & CAS != 0).then(|| {
            // SAFETY: the field is there, and never changes.
            unsafe {
                self.start
                    .add(self.layout.cas)
                    .cast::<u64>()
                    .read_unaligned()
            }
        })
    }

    /// Evictions that it has survived since it was asked for, as far as can be told.
    pub(crate) fn spared(&self) -> u8 {
        self.fields >> SPARED_SHIFT & SPARED_MAX
    }

    /// It was asked for before it came here; what happened since, its slot tells.
    pub(crate) fn is_fetched(&self) -> bool {
        self.fields & FETCHED != 0
    }

    fn has_cell(&self) -> bool {
        self.fields & CELL != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(draft: &Draft<'_>, offset: u64) -> (Vec<u32>, usize) {
        let mut memory = vec![0_u32; 64];
        let start = memory.as_mut_ptr().cast::<u8>();
        // SAFETY: 256 bytes are room enough for every draft below, and the vector is 4-aligned as a page is.
        let size = unsafe { draft.write(start.add(offset as usize), offset) };
        (memory, size)
    }

    #[test]
    fn every_combination_of_fields_reads_back_at_every_alignment() {
        for combination in 0..32_u8 {
            for offset in 0..8_u64 {
                let draft = Draft {
                    key: b"a key",
                    body: Body::Pieces([b"val", b"ue"]),
                    client_flags: if combination & 1 != 0 { 0xdead_beef } else { 0 },
                    deadline: if combination & 2 != 0 { 77 } else { 0 },
                    cell: combination & 4 != 0,
                    cas: (combination & 8 != 0).then_some(u64::MAX - 3),
                    fetched: combination & 16 != 0,
                    spared: combination & SPARED_MAX,
                };
                let (memory, size) = written(&draft, offset);
                assert_eq!(size, draft.size_at(offset));
                assert!(size <= draft.size_max());
                // SAFETY: written above, and `memory` outlives the view.
                let item = unsafe {
                    Stored::read(memory.as_ptr().cast::<u8>().add(offset as usize), offset)
                };
                assert_eq!((item.key, item.value), (&b"a key"[..], &b"value"[..]));
                assert_eq!(item.client_flags(), draft.client_flags);
                assert_eq!(item.deadline(), draft.deadline);
                assert_eq!(item.cas(), draft.cas);
                assert_eq!(item.is_fetched(), draft.fetched);
                assert_eq!(item.spared(), draft.spared);
                assert_eq!(item.size(), size);
            }
        }
    }

    #[test]
    fn a_bare_item_costs_five_bytes() {
        let draft = Draft {
            key: b"k",
            body: Body::Pieces([b"", b""]),
            client_flags: 0,
            deadline: 0,
            cell: false,
            cas: None,
            fetched: false,
            spared: 0,
        };
        assert_eq!(draft.size_at(3), HEADER + 1);
    }

    #[test]
    fn a_counter_that_shrinks_keeps_its_width_with_blanks() {
        let draft = Draft {
            key: b"n",
            body: Body::Counter {
                number: 9,
                width: 3,
            },
            client_flags: 0,
            deadline: 0,
            cell: false,
            cas: None,
            fetched: false,
            spared: 0,
        };
        let (memory, _) = written(&draft, 0);
        // SAFETY: written above.
        let item = unsafe { Stored::read(memory.as_ptr().cast(), 0) };
        assert_eq!(item.value, b"9  ");
    }

    #[test]
    fn a_cell_is_only_moved_later() {
        let draft = Draft {
            key: b"k",
            body: Body::Pieces([b"v", b""]),
            client_flags: 0,
            deadline: 10,
            cell: true,
            cas: None,
            fetched: false,
            spared: 0,
        };
        let (memory, _) = written(&draft, 0);
        // SAFETY: written above.
        let item = unsafe { Stored::read(memory.as_ptr().cast(), 0) };
        assert!(!item.extend(9));
        assert!(item.extend(12));
        assert_eq!(item.deadline(), 12);
        assert!(item.extend(0));
        assert!(
            !item.extend(1_000_000),
            "an item that never expires must not get its deadline in place"
        );
    }
}
