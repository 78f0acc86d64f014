//! One question, one answer.

use std::fmt;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use net::admin::{DOCUMENT_MAX, Request};
use net::tls;

use crate::connection::{Connection, NoConnection, Tls};
use crate::place::Place;

/// Why there is no answer to show: a sentence for the operator.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What the command line says of TLS cannot be used.
    Unusable(String),
    /// Nobody listens, or it may not be asked.
    Unreachable(Vec<(Place, io::Error)>),
    /// There is no TLS with who listens: it is not whom we trust, or does not speak it.
    Insecure(Place, tls::Failure),
    /// Somebody listens and does not answer for this long.
    Silent(Place, Duration),
    /// The connection broke before the answer was whole.
    Broken(Place, io::Error),
    /// What answers is no cached.
    Foreign(Place),
    /// The server will not do it.
    Refused(String),
}

impl Failure {
    /// The exit status it ends the process with.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Failure::Unusable(_) => 2,
            Failure::Refused(_) => 4,
            _ => 3,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Unusable(why) => f.write_str(why),
            Failure::Insecure(place, failure) => {
                write!(f, "no TLS with the server at {place}: {failure}")
            }
            Failure::Unreachable(places) => {
                f.write_str("cannot connect to a server at ")?;
                for (index, (place, error)) in places.iter().enumerate() {
                    let joint = if index == 0 { "" } else { " or " };
                    write!(f, "{joint}{place} ({error})")?;
                }
                f.write_str("; --socket or --admin names another place")
            }
            Failure::Silent(place, patience) => write!(
                f,
                "the server at {place} does not answer within {} seconds",
                patience.as_secs()
            ),
            Failure::Broken(place, error) => {
                write!(f, "the server at {place} broke off its answer: {error}")
            }
            Failure::Foreign(place) => {
                write!(
                    f,
                    "what answers at {place} does not speak cached's admin protocol"
                )
            }
            Failure::Refused(why) => write!(f, "the server refused: {why}"),
        }
    }
}

/// Asks the first of `places` that can be connected to, in TLS where that is a TCP address and
/// there is `tls`. Returns the line it answers with. It may take `patience` to accept, and as long
/// again to answer.
pub(crate) fn ask(
    places: &[Place],
    tls: Option<&Tls>,
    request: &Request<'_>,
    patience: Duration,
) -> Result<(Place, Vec<u8>), Failure> {
    let mut refusals = Vec::new();
    for place in places {
        match Connection::open(place, tls, patience) {
            Ok(mut connection) => {
                return match exchange(&mut connection, request, patience) {
                    Ok(line) if line.ends_with(b"\n") => Ok((place.clone(), line)),
                    Ok(_) => Err(Failure::Foreign(place.clone())),
                    Err(error) if is_timeout(&error) => {
                        Err(Failure::Silent(place.clone(), patience))
                    }
                    Err(error) => Err(Failure::Broken(place.clone(), error)),
                };
            }
            Err(NoConnection::Tls(failure)) => {
                return Err(Failure::Insecure(place.clone(), failure));
            }
            Err(NoConnection::System(error)) if is_timeout(&error) => {
                return Err(Failure::Silent(place.clone(), patience));
            }
            Err(NoConnection::System(error)) => refusals.push((place.clone(), error)),
        }
    }
    Err(Failure::Unreachable(refusals))
}

/// Sends the request and receives a line, or what came of one before the server closed.
fn exchange(
    connection: &mut Connection,
    request: &Request<'_>,
    patience: Duration,
) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + patience;
    connection.write_all(request.to_string().as_bytes())?;
    let mut line = Vec::new();
    let mut piece = [0; 16 << 10];
    while line.last() != Some(&b'\n') && line.len() < DOCUMENT_MAX {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        connection.set_patience(left)?;
        match connection.read(&mut piece) {
            Ok(0) => break,
            Ok(received) => line.extend_from_slice(&piece[..received]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(line)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
    )
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    const PING: Request<'_> = Request {
        verb: "ping",
        arguments: Vec::new(),
    };

    /// A server that reads a line and answers `bytes`, then closes.
    fn server(bytes: &'static [u8]) -> Place {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let place = Place::Tcp(listener.local_addr().expect("an address"));
        thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("a client");
            let mut line = [0; 5];
            client.read_exact(&mut line).expect("a request");
            client.write_all(bytes).expect("sent");
        });
        place
    }

    #[test]
    fn an_answer_is_returned_whole() {
        let place = server(b"{\"rows\":[]}\n");
        let (from, line) =
            ask(std::slice::from_ref(&place), None, &PING, PATIENCE).expect("an answer");
        assert_eq!((from, line), (place, b"{\"rows\":[]}\n".to_vec()));
    }

    #[test]
    fn a_dead_server_is_told_from_a_foreign_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let nobody = Place::Unix(folder.path().join("admin.sock"));
        let dead =
            ask(std::slice::from_ref(&nobody), None, &PING, PATIENCE).expect_err("nobody listens");
        assert_eq!(dead.status(), 3);
        assert!(dead.to_string().starts_with("cannot connect"), "{dead}");

        let foreign =
            ask(&[nobody, server(b"")], None, &PING, PATIENCE).expect_err("closed without a line");
        assert!(matches!(foreign, Failure::Foreign(_)), "{foreign}");
    }

    #[test]
    fn a_stuck_server_is_not_waited_for_without_end() {
        // Its backlog takes the connection; nobody reads from it.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let place = Place::Tcp(listener.local_addr().expect("an address"));
        let stuck = ask(&[place], None, &PING, Duration::from_millis(50)).expect_err("no answer");
        assert!(matches!(stuck, Failure::Silent(..)), "{stuck}");
        assert_eq!(stuck.status(), 3);
    }
}
