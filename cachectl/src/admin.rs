//! The client's side of the admin protocol: a question, and the line that answers it.

use std::io::{self, Write};
use std::slice;
use std::time::{Duration, Instant};

use memchr::memchr;
use net::admin::{DOCUMENT_MAX, Document, Request, Row};

use crate::connection::{Connection, NoConnection, Tls, is_timeout};
use crate::failure::Failure;
use crate::place::Place;

/// How long a server may take to accept, and as long again to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take over what others than its admin thread do: it waits 10 seconds for them, and
/// then says so.
pub(crate) const PATIENCE_OTHERS: Duration = Duration::from_secs(15);

/// How long it may take over what it does to every item.
pub(crate) const PATIENCE_ITEMS: Duration = Duration::from_secs(60 * 60);

/// What a server's operators speak, in a sentence.
const PROTOCOL: &str = "cached's admin protocol";

/// A connection on which a server answers its operators.
pub(crate) struct Admin {
    place: Place,
    tls: Option<Tls>,
    connection: Connection,
    /// Came, and is not read: less than a line, or more.
    received: Vec<u8>,
}

impl Admin {
    /// Connects to the first of `places` where somebody listens, in TLS where that is an address and
    /// there is `tls`.
    pub(crate) fn connect(places: &[Place], tls: Option<&Tls>) -> Result<Admin, Failure> {
        let mut refusals = Vec::new();
        for place in places {
            match Connection::open(place, tls, PATIENCE) {
                Ok(connection) => {
                    return Ok(Admin {
                        place: place.clone(),
                        tls: tls.cloned(),
                        connection,
                        received: Vec::new(),
                    });
                }
                Err(NoConnection::System(error)) if !is_timeout(&error) => {
                    refusals.push((place.clone(), error));
                }
                Err(failure) => return Err(failure.at(place, PATIENCE)),
            }
        }
        Err(Failure::Unreachable(refusals))
    }

    /// Where the server is.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Sends a request and waits for its answer, which may take `patience`: a line of JSON.
    pub(crate) fn ask(
        &mut self,
        request: &Request<'_>,
        patience: Duration,
    ) -> Result<Vec<u8>, Failure> {
        self.send(request)?;
        self.receive(patience)
    }

    /// Sends a request. The answers come in the order of the requests.
    pub(crate) fn send(&mut self, request: &Request<'_>) -> Result<(), Failure> {
        let sent = self.connection.write_all(request.to_string().as_bytes());
        sent.map_err(|error| self.broken(error))
    }

    /// Waits for the next answer, which may take `patience`: a line of JSON.
    pub(crate) fn receive(&mut self, patience: Duration) -> Result<Vec<u8>, Failure> {
        let deadline = Instant::now() + patience;
        let mut piece = [0; 16 << 10];
        let mut looked_at = 0;
        loop {
            if let Some(end) = memchr(b'\n', &self.received[looked_at..]) {
                let rest = self.received.split_off(looked_at + end + 1);
                return Ok(std::mem::replace(&mut self.received, rest));
            }
            looked_at = self.received.len();
            if looked_at >= DOCUMENT_MAX || self.received.first().is_some_and(|&it| it != b'{') {
                return Err(self.foreign());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.connection.read_within(&mut piece, left) {
                Ok(0) if looked_at == 0 => return Err(Failure::Closed(self.place.clone())),
                Ok(0) => return Err(self.broken(io::ErrorKind::UnexpectedEof.into())),
                Ok(received) => self.received.extend_from_slice(&piece[..received]),
                Err(error) if is_timeout(&error) => {
                    return Err(Failure::Silent(self.place.clone(), patience));
                }
                Err(error) => return Err(self.broken(error)),
            }
        }
    }

    /// The rows of the answer `line`; a refusal is a failure.
    pub(crate) fn rows<'a>(&self, line: &'a [u8]) -> Result<Vec<Row<'a>>, Failure> {
        match Document::parse(line) {
            Ok(Document::Rows(rows)) => Ok(rows),
            Ok(Document::Error(why)) if why.starts_with("there is no verb") => {
                Err(self.too_old(&why))
            }
            Ok(Document::Error(why)) => Err(Failure::Refused(why.into_owned())),
            Err(_) => Err(self.foreign()),
        }
    }

    /// The server does not know what this program asks: an older one, whose version it tells another
    /// connection, for it has closed this one.
    fn too_old(&self, why: &str) -> Failure {
        let what = why.split_once(';').map_or(why, |(what, _)| what);
        let version = self.version().unwrap_or("of an unknown version".to_owned());
        let ours = env!("CARGO_PKG_VERSION");
        Failure::Refused(format!(
            "{what} at {}, a cached {version}; this is cachectl {ours}",
            self.place
        ))
    }

    fn version(&self) -> Option<String> {
        let mut admin = Admin::connect(slice::from_ref(&self.place), self.tls.as_ref()).ok()?;
        let request = Request {
            verb: "version",
            arguments: Vec::new(),
        };
        let line = admin.ask(&request, PATIENCE).ok()?;
        match Document::parse(&line).ok()? {
            Document::Rows(rows) => Some(rows.first()?.value.to_string()),
            Document::Error(_) => None,
        }
    }

    /// What answers does not speak the protocol.
    pub(crate) fn foreign(&self) -> Failure {
        Failure::Foreign(self.place.clone(), PROTOCOL)
    }

    fn broken(&self, error: io::Error) -> Failure {
        self.connection.broken(&self.place, error)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::thread;

    use super::*;

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

    fn ask(places: &[Place]) -> Result<Vec<u8>, Failure> {
        Admin::connect(places, None)?.ask(&PING, PATIENCE)
    }

    #[test]
    fn an_answer_would_be_cut_or_the_next_one_lost() {
        let place = server(b"{\"rows\":[]}\n{\"error\":\"no\"}\n");
        let mut admin = Admin::connect(slice::from_ref(&place), None).expect("a connection");
        let first = admin.ask(&PING, PATIENCE).expect("an answer");
        assert_eq!(first, b"{\"rows\":[]}\n");
        let second = admin.receive(PATIENCE).expect("an answer");
        assert_eq!(second, b"{\"error\":\"no\"}\n");
        assert_eq!(admin.place(), &place);
        assert!(matches!(
            admin.receive(PATIENCE),
            Err(Failure::Closed(_) | Failure::Broken(..))
        ));
    }

    #[test]
    fn a_dead_server_is_told_from_a_foreign_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let nobody = Place::Unix(folder.path().join("admin.sock"));
        let dead = ask(slice::from_ref(&nobody)).expect_err("nobody listens");
        assert_eq!(dead.status(), 3);
        assert!(dead.to_string().starts_with("cannot connect"), "{dead}");

        for (answer, sentence) in [
            (&b""[..], "closed the connection without an answer"),
            (b"{\"rows\":[", "broke off its answer"),
            (b"ERROR\r", "does not speak cached's admin protocol"),
        ] {
            let failure = ask(&[nobody.clone(), server(answer)]).expect_err("no document");
            assert_eq!(failure.status(), 3);
            assert!(failure.to_string().contains(sentence), "{failure}");
        }
    }

    #[test]
    fn a_stuck_server_is_not_waited_for_without_end() {
        // Its backlog takes the connection; nobody reads from it.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let place = Place::Tcp(listener.local_addr().expect("an address"));
        let mut admin = Admin::connect(&[place], None).expect("a connection");
        let stuck = admin.ask(&PING, Duration::from_millis(50));
        let stuck = stuck.expect_err("no answer");
        assert!(matches!(stuck, Failure::Silent(..)), "{stuck}");
        assert_eq!(stuck.status(), 3);
    }
}
