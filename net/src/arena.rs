//! A worker's receive arena.

use std::ops::Range;

/// A receive into less than this is not worth its system call.
const RECEIVE_MIN: usize = 1024;

/// Where a worker receives: the pieces of a turn's sessions, packed one behind
/// the other, so that idle sessions need no buffer.
///
/// ```text
/// | piece | piece | kept, received ... |        |
///                   open                        size
/// ```
#[derive(Debug)]
pub struct Arena {
    bytes: Box<[u8]>,
    /// Where the next piece begins.
    used: usize,
    /// Kept bytes at the front of the piece that is open.
    kept: usize,
}

/// One session's input of a turn: what it kept and what was received.
#[derive(Clone, Debug)]
pub struct Piece(Range<usize>);

impl Arena {
    /// An arena of `size` bytes, which is what a turn can receive at most.
    pub fn new(size: usize) -> Self {
        Arena {
            bytes: vec![0; size].into_boxed_slice(),
            used: 0,
            kept: 0,
        }
    }

    /// Forgets all pieces.
    pub fn clear(&mut self) {
        self.used = 0;
        self.kept = 0;
    }

    /// Opens a piece: copies `kept` to its front and returns the room behind,
    /// `wanted` bytes or what is left. `None`: too little is left this turn.
    pub fn open(&mut self, kept: &[u8], wanted: usize) -> Option<&mut [u8]> {
        let free = self.bytes.get_mut(self.used..)?;
        let (front, room) = free.split_at_mut_checked(kept.len())?;
        if room.len() < wanted.min(RECEIVE_MIN) {
            return None;
        }
        front.copy_from_slice(kept);
        self.kept = kept.len();
        let wanted = wanted.min(room.len());
        room.get_mut(..wanted)
    }

    /// Closes the piece opened last, into which `received` bytes went.
    pub fn close(&mut self, received: usize) -> Piece {
        let start = self.used;
        self.used = (start + self.kept + received).min(self.bytes.len());
        self.kept = 0;
        Piece(start..self.used)
    }

    /// The bytes of a piece of this turn.
    pub fn bytes(&self, piece: &Piece) -> &[u8] {
        self.bytes.get(piece.0.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Arena, RECEIVE_MIN};

    #[test]
    fn pieces_of_a_turn_do_not_overlap() {
        let mut arena = Arena::new(4 * RECEIVE_MIN);
        let room = arena.open(b"ge", 4).expect("room");
        assert_eq!(room.len(), 4);
        room.copy_from_slice(b"t a\n");
        let first = arena.close(4);
        arena.open(b"", 8).expect("room")[..3].copy_from_slice(b"xyz");
        let second = arena.close(3);
        assert_eq!(arena.bytes(&first), b"get a\n");
        assert_eq!(arena.bytes(&second), b"xyz");
    }

    #[test]
    fn a_full_arena_offers_no_crumbs() {
        let mut arena = Arena::new(2 * RECEIVE_MIN);
        assert_eq!(
            arena.open(b"", usize::MAX).map(|room| room.len()),
            Some(2 * RECEIVE_MIN)
        );
        arena.close(RECEIVE_MIN + 1);
        assert!(arena.open(b"", RECEIVE_MIN).is_none());
        assert!(arena.open(&[0; RECEIVE_MIN], 1).is_none());
        assert!(arena.open(b"", RECEIVE_MIN - 1).is_some());
        arena.clear();
        assert!(arena.open(b"", RECEIVE_MIN).is_some());
    }
}
