//! One question, one answer.

use std::fmt;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use net::admin::{DOCUMENT_MAX, Request};
use socket2::{Domain, SockAddr, Socket, Type};

use crate::place::Place;

/// Why there is no answer to show: a sentence for the operator.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody listens, or it may not be asked.
    Unreachable(Vec<(Place, io::Error)>),
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
            Failure::Refused(_) => 4,
            _ => 3,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
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

/// Asks the first of `places` that can be connected to. Returns the line it answers with. It may
/// take `patience` to accept, and as long again to answer.
pub(crate) fn ask(
    places: &[Place],
    request: Request<'_>,
    patience: Duration,
) -> Result<(Place, Vec<u8>), Failure> {
    let mut refusals = Vec::new();
    for place in places {
        match connect(place, patience) {
            Ok(mut socket) => {
                return match exchange(&mut socket, request, patience) {
                    Ok(line) if line.ends_with(b"\n") => Ok((place.clone(), line)),
                    Ok(_) => Err(Failure::Foreign(place.clone())),
                    Err(error) if is_timeout(&error) => {
                        Err(Failure::Silent(place.clone(), patience))
                    }
                    Err(error) => Err(Failure::Broken(place.clone(), error)),
                };
            }
            Err(error) if is_timeout(&error) => {
                return Err(Failure::Silent(place.clone(), patience));
            }
            Err(error) => refusals.push((place.clone(), error)),
        }
    }
    Err(Failure::Unreachable(refusals))
}

fn connect(place: &Place, patience: Duration) -> io::Result<Socket> {
    match place {
        Place::Unix(path) => {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            // Bounds the connect too: it waits while the server's backlog is full.
            socket.set_write_timeout(Some(patience))?;
            socket.connect(&SockAddr::unix(path)?)?;
            Ok(socket)
        }
        Place::Tcp(address) => {
            let socket = Socket::new(Domain::for_address(*address), Type::STREAM, None)?;
            socket.set_write_timeout(Some(patience))?;
            socket.connect_timeout(&(*address).into(), patience)?;
            Ok(socket)
        }
    }
}

/// Sends the request and receives a line, or what came of one before the server closed.
fn exchange(socket: &mut Socket, request: Request<'_>, patience: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + patience;
    socket.write_all(request.to_string().as_bytes())?;
    let mut line = Vec::new();
    let mut piece = [0; 16 << 10];
    while line.last() != Some(&b'\n') && line.len() < DOCUMENT_MAX {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        match socket.read(&mut piece) {
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
        argument: None,
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
        let (from, line) = ask(std::slice::from_ref(&place), PING, PATIENCE).expect("an answer");
        assert_eq!((from, line), (place, b"{\"rows\":[]}\n".to_vec()));
    }

    #[test]
    fn a_dead_server_is_told_from_a_foreign_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let nobody = Place::Unix(folder.path().join("admin.sock"));
        let dead = ask(std::slice::from_ref(&nobody), PING, PATIENCE).expect_err("nobody listens");
        assert_eq!(dead.status(), 3);
        assert!(dead.to_string().starts_with("cannot connect"), "{dead}");

        let foreign =
            ask(&[nobody, server(b"")], PING, PATIENCE).expect_err("closed without a line");
        assert!(matches!(foreign, Failure::Foreign(_)), "{foreign}");
    }

    #[test]
    fn a_stuck_server_is_not_waited_for_without_end() {
        // Its backlog takes the connection; nobody reads from it.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let place = Place::Tcp(listener.local_addr().expect("an address"));
        let stuck = ask(&[place], PING, Duration::from_millis(50)).expect_err("no answer");
        assert!(matches!(stuck, Failure::Silent(..)), "{stuck}");
        assert_eq!(stuck.status(), 3);
    }
}
