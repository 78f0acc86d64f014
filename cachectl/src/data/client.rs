//! A connection on which a server answers its clients.

use std::io::{self, BufRead, BufReader, Read, Write};

use crate::admin::PATIENCE;
use crate::connection::{Connection, is_timeout};
use crate::failure::Failure;
use crate::place::Place;
use crate::reach::Reach;

/// Longest line that an answer may have, its end included.
const LINE_MAX: u64 = 64 << 10;

/// Longest value that any memcached stores.
const VALUE_MAX: u64 = 1 << 30;

/// What a server's clients speak, in a sentence.
const PROTOCOL: &str = "memcached's text protocol";

/// A client of the server: lines and values, and no wait without an end.
pub(crate) struct Client {
    place: Place,
    connection: BufReader<Connection>,
}

impl Client {
    /// Connects to the server that is meant.
    pub(crate) fn connect(reach: &Reach) -> Result<Client, Failure> {
        let place = reach.server()?;
        let connection = Connection::open(&place, reach.tls()?.as_ref(), PATIENCE)
            .map_err(|failure| failure.at(&place, PATIENCE))?;
        Ok(Client {
            place,
            connection: BufReader::with_capacity(64 << 10, connection),
        })
    }

    /// Sends `bytes`.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let sent = self.connection.get_mut().write_all(bytes);
        sent.map_err(|error| self.failed(error))
    }

    /// The next line of what is answered, without its end. An error that the server tells is a
    /// failure.
    pub(crate) fn line(&mut self) -> Result<Vec<u8>, Failure> {
        let mut line = Vec::new();
        let read = (&mut self.connection)
            .take(LINE_MAX)
            .read_until(b'\n', &mut line);
        match read {
            Ok(0) => return Err(Failure::Closed(self.place.clone())),
            Ok(_) if line.last() == Some(&b'\n') => {}
            Ok(_) => return Err(self.foreign()),
            Err(error) => return Err(self.failed(error)),
        }
        while line.last().is_some_and(|byte| b"\r\n".contains(byte)) {
            line.pop();
        }
        if line == b"CLIENT_ERROR unauthenticated" {
            let why = "it asks for a name and a password".to_owned();
            return Err(Failure::Barred(self.place.clone(), why));
        }
        if line == b"ERROR" {
            let why = "it does not know this command".to_owned();
            return Err(Failure::Refused(why));
        }
        let error: [&[u8]; 3] = [b"CLIENT_ERROR ", b"SERVER_ERROR ", b"ERROR "];
        if error.iter().any(|error| line.starts_with(error)) {
            return Err(Failure::Refused(String::from_utf8_lossy(&line).into()));
        }
        Ok(line)
    }

    /// The value of `length` bytes that is next, which has a line end behind it.
    pub(crate) fn value(&mut self, length: u64) -> Result<Vec<u8>, Failure> {
        if length > VALUE_MAX {
            return Err(self.foreign());
        }
        let mut value = Vec::new();
        let read = (&mut self.connection)
            .take(length + 2)
            .read_to_end(&mut value);
        read.map_err(|error| self.failed(error))?;
        if (value.len() as u64) < length + 2 {
            return Err(self.failed(io::ErrorKind::UnexpectedEof.into()));
        }
        let end = value.split_off(value.len() - 2);
        if end == b"\r\n" {
            Ok(value)
        } else {
            Err(self.foreign())
        }
    }

    /// What answers does not speak the protocol.
    pub(crate) fn foreign(&self) -> Failure {
        Failure::Foreign(self.place.clone(), PROTOCOL)
    }

    fn failed(&self, error: io::Error) -> Failure {
        if is_timeout(&error) {
            return Failure::Silent(self.place.clone(), PATIENCE);
        }
        self.connection.get_ref().broken(&self.place, error)
    }
}
