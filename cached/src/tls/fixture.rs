//! TLS of a daemon without a daemon, for tests.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use net::tls::authority::{Authority, Terms};
use net::tls::{Client, ClientOptions, ServerOptions, Stream};

use super::Tls;
use crate::orders::{Order, Orders};

const DAY: i64 = 24 * 60 * 60;

/// A server's certificate, who has signed it, and a client that trusts those.
pub(crate) struct Fixture {
    pub(crate) tls: Arc<Tls>,
    pub(crate) client: Client,
    /// What the main thread would be told.
    pub(crate) orders: Receiver<Order>,
    pub(crate) order: Orders,
    authority: Authority,
    folder: tempfile::TempDir,
}

/// TLS of a server called `localhost`, whose certificate ends in ninety days.
pub(crate) fn tls() -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new("authority").expect("an authority");
    let trusted = authority.write(folder.path(), "authority");
    let certificate = issue(&authority, &folder, 90 * DAY);
    let options = ServerOptions {
        certificates: vec![certificate],
        ..ServerOptions::default()
    };
    let (order, orders) = Orders::new();
    let client = Client::new(&ClientOptions {
        authorities: Some(trusted.expect("written")),
        ..ClientOptions::default()
    });
    Fixture {
        tls: Arc::new(Tls::load(options).expect("good files")),
        client: client.expect("a good file"),
        orders,
        order,
        authority,
        folder,
    }
}

fn issue(authority: &Authority, folder: &tempfile::TempDir, ends: i64) -> (PathBuf, PathBuf) {
    let terms = Terms {
        ends,
        ..Terms::new(&["localhost"])
    };
    let signed = authority.issue(&terms).expect("signed");
    signed.write(folder.path(), "server").expect("written")
}

impl Fixture {
    /// The command line of a daemon that speaks TLS with it.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let file = |name| self.folder.path().join(name).into_os_string();
        let flags = ["cached", "--tls-listen", "127.0.0.1:0", "--tls-cert"].map(OsString::from);
        let rest = [file("server.pem"), "--tls-key".into(), file("server.key")];
        flags.into_iter().chain(rest).collect()
    }

    /// Replaces the file of the certificate by another one, which ends in so many days.
    pub(crate) fn renew(&self, days: i64) {
        issue(&self.authority, &self.folder, days * DAY);
    }

    /// Makes the file of the certificate unusable.
    pub(crate) fn spoil(&self) {
        fs::write(self.folder.path().join("server.pem"), "nonsense").expect("written");
    }

    /// A client's session over `stream`, before its handshake.
    pub(crate) fn open<S: Read + Write>(&self, stream: S) -> Stream<S> {
        self.client.open(stream, "localhost").expect("a session")
    }
}

/// What a session that does not block has to say by now.
pub(crate) fn read_some<S: Read + Write>(session: &mut Stream<S>, into: &mut Vec<u8>) -> bool {
    let mut part = [0; 4096];
    loop {
        match session.read(&mut part) {
            Ok(0) => return true,
            Ok(bytes) => into.extend_from_slice(&part[..bytes]),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}");
                return false;
            }
        }
    }
}
