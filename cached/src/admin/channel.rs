//! An admin client's connection: its socket, or TLS over it.

use std::io::{self, Read, Write};

use mio::event::Source;
use net::socket::Stream;
use net::tls::{self, Failure};

use crate::metrics::HandshakeCounters;
use crate::tls::Tls;

/// What an admin client's bytes go through.
pub(super) enum Channel {
    Plain(Stream),
    Tls {
        stream: tls::Stream<Stream>,
        /// The handshake is complete, and the client let in.
        is_established: bool,
    },
}

impl Channel {
    /// TLS over `stream`, before its handshake.
    pub(super) fn begin(stream: Stream, tls: &Tls) -> Result<Channel, Failure> {
        let stream = tls.current().open(stream)?;
        let is_established = false;
        Ok(Channel::Tls {
            stream,
            is_established,
        })
    }

    /// Bytes can be read and written, as far as the client lets them.
    pub(super) fn is_established(&self) -> bool {
        match self {
            Channel::Plain(_) => true,
            Channel::Tls { is_established, .. } => *is_established,
        }
    }

    /// Goes on with the handshake, if there is one.
    pub(super) fn establish(
        &mut self,
        tls: &Tls,
        counters: &HandshakeCounters,
    ) -> Result<(), Failure> {
        let Channel::Tls {
            stream,
            is_established: is_established @ false,
        } = self
        else {
            return Ok(());
        };
        if !stream.handshake()? {
            return Ok(());
        }
        if let Err(failure) = tls.current().admit(stream) {
            // The client takes the session for established.
            stream.close();
            return Err(failure);
        }
        counters.complete(stream.agreed());
        *is_established = true;
        Ok(())
    }

    /// Tells the client that nothing more will come, where there is a way to.
    pub(super) fn finish(&mut self) {
        if let Channel::Tls {
            stream,
            is_established: true,
        } = self
        {
            stream.close();
        }
    }

    /// What a poll registers.
    pub(super) fn source(&mut self) -> &mut dyn Source {
        match self {
            Channel::Plain(stream) => stream.source(),
            Channel::Tls { stream, .. } => stream.get_mut().source(),
        }
    }
}

impl Read for Channel {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Channel::Plain(stream) => stream.read(room),
            Channel::Tls { stream, .. } => stream.read(room),
        }
    }
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Channel::Plain(stream) => stream.write(bytes),
            Channel::Tls { stream, .. } => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Channel::Plain(stream) => stream.flush(),
            Channel::Tls { stream, .. } => stream.flush(),
        }
    }
}
