//! Two pipes of bytes between two ends, non-blocking, that can be cut and filled.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::rc::Rc;

/// What a record and its head fit into many times.
const ROOMY: usize = 1 << 20;

#[derive(Debug)]
struct Pipe {
    bytes: VecDeque<u8>,
    /// It takes bytes until it holds so many.
    capacity: usize,
    /// So many bytes come out at once, and with `None` all; behind each piece, nothing does once.
    piece: Option<usize>,
    rests: bool,
    /// The end is behind so many more bytes.
    left: usize,
    /// Nothing more will be written.
    is_over: bool,
}

/// One of the two ends.
#[derive(Debug)]
pub(crate) struct End {
    inbound: Rc<RefCell<Pipe>>,
    outbound: Rc<RefCell<Pipe>>,
}

/// Two ends that read what the other writes.
pub(crate) fn pair() -> (End, End) {
    let pipe = || {
        Rc::new(RefCell::new(Pipe {
            bytes: VecDeque::new(),
            capacity: ROOMY,
            piece: None,
            rests: false,
            left: usize::MAX,
            is_over: false,
        }))
    };
    let (one, other) = (pipe(), pipe());
    let first = End {
        inbound: Rc::clone(&one),
        outbound: Rc::clone(&other),
    };
    let second = End {
        inbound: other,
        outbound: one,
    };
    (first, second)
}

impl End {
    /// No more than `piece` bytes are read at once, and then none for once.
    pub(crate) fn read_in_pieces(&self, piece: usize) {
        self.inbound.borrow_mut().piece = Some(piece);
    }

    /// What has come is read at once again.
    pub(crate) fn read_whole(&self) {
        self.inbound.borrow_mut().piece = None;
    }

    /// Behind `bytes` more bytes, reading finds the end.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.inbound.borrow_mut().left = bytes;
    }

    /// The other end will not write any more.
    pub(crate) fn end(&self) {
        self.inbound.borrow_mut().is_over = true;
    }

    /// What was written waits until it is read, up to so many bytes.
    pub(crate) fn set_capacity(&self, bytes: usize) {
        self.outbound.borrow_mut().capacity = bytes;
    }

    /// Bytes that wait to be read.
    pub(crate) fn waiting(&self) -> usize {
        self.inbound.borrow().bytes.len()
    }

    /// The bytes that wait to be read.
    pub(crate) fn drain(&self) -> Vec<u8> {
        self.inbound.borrow_mut().bytes.drain(..).collect()
    }
}

impl Read for End {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let mut pipe = self.inbound.borrow_mut();
        if pipe.piece.is_some() && std::mem::replace(&mut pipe.rests, false) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let most = pipe
            .piece
            .unwrap_or(usize::MAX)
            .min(room.len())
            .min(pipe.left);
        let bytes = pipe.bytes.len().min(most);
        if bytes == 0 {
            let is_end = pipe.left == 0 || pipe.is_over;
            return is_end.then_some(0).ok_or(io::ErrorKind::WouldBlock.into());
        }
        for (to, byte) in room.iter_mut().zip(pipe.bytes.drain(..bytes)) {
            *to = byte;
        }
        pipe.left -= bytes;
        pipe.rests = true;
        Ok(bytes)
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pipe = self.outbound.borrow_mut();
        let room = pipe.capacity.saturating_sub(pipe.bytes.len());
        match &bytes[..bytes.len().min(room)] {
            [] => Err(io::ErrorKind::WouldBlock.into()),
            taken => {
                pipe.bytes.extend(taken);
                Ok(taken.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
