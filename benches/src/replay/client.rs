//! The player's one connection: a request and its replies, in order.

use std::io::ErrorKind;
use std::ops::Range;
use std::time::Duration;

use crate::target::Stream;
use crate::wire::{Reader, Reply, Wire};
use crate::{Error, Target};

/// A server that says nothing for so long is given up.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// To begin with; it grows to hold the longest value.
const BUFFER_BYTES: usize = 64 * 1024;

pub(super) struct Client {
    stream: Box<dyn Stream>,
    reader: Reader,
    /// Of it, `unread` was received and not yet handed out.
    buffer: Vec<u8>,
    unread: Range<usize>,
}

impl Client {
    pub(super) fn connect(target: &Target, wire: Wire) -> Result<Self, Error> {
        target
            .connect(SILENCE_MAX)
            .map_err(|e| Error::Failed(format!("cannot connect to {target}: {e}")))
            .map(|stream| Self {
                stream,
                reader: wire.reader(),
                buffer: vec![0; BUFFER_BYTES],
                unread: 0..0,
            })
    }

    pub(super) fn send(&mut self, requests: &[u8]) -> Result<(), Error> {
        self.stream.write_all(requests).map_err(|e| lost(&e))
    }

    /// Hands `take` the next reply, as soon as it is there whole.
    pub(super) fn reply<T>(&mut self, take: impl FnOnce(Reply<'_>) -> T) -> Result<T, Error> {
        loop {
            let mut bytes = &self.buffer[self.unread.clone()];
            let outcome = self.reader.next(&mut bytes);
            let left = bytes.len();
            if let Some(reply) = outcome.map_err(Error::Failed)? {
                let taken = take(reply);
                self.unread.start = self.unread.end - left;
                return Ok(taken);
            }
            self.unread.start = self.unread.end - left;
            self.receive()?;
        }
    }

    fn receive(&mut self) -> Result<(), Error> {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        if self.unread.end == self.buffer.len() {
            // A value longer than the buffer.
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
        match self.stream.read(&mut self.buffer[self.unread.end..]) {
            Ok(0) => Err(Error::Failed("the server closed the connection".to_owned())),
            Ok(count) => {
                self.unread.end += count;
                Ok(())
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => Ok(()),
            Err(e) => Err(lost(&e)),
        }
    }
}

fn lost(e: &std::io::Error) -> Error {
    Error::Failed(match e.kind() {
        // What a timeout of a socket comes out as.
        ErrorKind::WouldBlock => format!("the server was silent for {SILENCE_MAX:?}"),
        _ => format!("the connection is lost: {e}"),
    })
}
