//! Why a command has not done what it was to do.

use std::fmt;
use std::io;
use std::time::Duration;

use net::tls;

use crate::place::Place;

/// A sentence for the operator, and an exit status for scripts.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was asked for is not there.
    NotFound(String),
    /// What the command line says cannot be done.
    Usage(String),
    /// Standard output does not take what is to be printed.
    Output(io::Error),
    /// Nobody listens, or it may not be asked.
    Unreachable(Vec<(Place, io::Error)>),
    /// Somebody listens and does not answer for this long.
    Silent(Place, Duration),
    /// The connection ended without an answer.
    Closed(Place),
    /// The connection broke before the answer was whole.
    Broken(Place, io::Error),
    /// What answers does not speak the protocol that is named.
    Foreign(Place, &'static str),
    /// The server will not do it.
    Refused(String),
    /// There is no TLS with who listens: it is not whom we trust, or does not speak it.
    Insecure(Place, tls::Failure),
    /// The server does not let us in.
    Barred(Place, String),
    /// Of several nodes, some have not done it; why is told of each.
    Nodes {
        failed: usize,
        of: usize,
        status: u8,
    },
}

impl Failure {
    /// Nobody reads what is printed any more, as after `head`: that is no failure of ours.
    pub(crate) fn is_unread(&self) -> bool {
        matches!(self, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The exit status it ends the process with; they are in cachectl(1).
    pub(crate) fn status(&self) -> u8 {
        match self {
            Failure::NotFound(_) => 1,
            Failure::Usage(_) | Failure::Output(_) => 2,
            Failure::Unreachable(_)
            | Failure::Silent(..)
            | Failure::Closed(_)
            | Failure::Broken(..)
            | Failure::Foreign(..) => 3,
            Failure::Refused(_) => 4,
            Failure::Insecure(..) | Failure::Barred(..) => 5,
            Failure::Nodes { status, .. } => *status,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotFound(what) | Failure::Usage(what) => f.write_str(what),
            Failure::Output(error) => write!(f, "cannot write to standard output: {error}"),
            Failure::Unreachable(places) => {
                f.write_str("cannot connect to a server at ")?;
                for (index, (place, error)) in places.iter().enumerate() {
                    let joint = if index == 0 { "" } else { " or " };
                    write!(f, "{joint}{place} ({error})")?;
                }
                f.write_str("; --help says how to name another place")
            }
            Failure::Silent(place, patience) => write!(
                f,
                "the server at {place} does not answer within {} seconds",
                patience.as_secs()
            ),
            Failure::Closed(place) => write!(
                f,
                "who listens at {place} closed the connection without an answer: it stops, wants TLS \
                 (--tls), or is no cached"
            ),
            Failure::Broken(place, error) => {
                write!(f, "the server at {place} broke off its answer: {error}")
            }
            Failure::Foreign(place, protocol) => {
                write!(f, "what answers at {place} does not speak {protocol}")
            }
            Failure::Refused(why) => write!(f, "the server refused: {why}"),
            Failure::Insecure(place, failure) => {
                write!(f, "no TLS with the server at {place}: {failure}")
            }
            Failure::Barred(place, why) => {
                write!(f, "the server at {place} does not let us in: {why}")
            }
            Failure::Nodes { failed, of, .. } => {
                write!(f, "{failed} of {of} nodes have not done it")
            }
        }
    }
}
