//! Our client and our server.

use std::io::{Read, Write};

use net::tls::authority::{Authority, Signed, Terms};
use net::tls::{
    Cause, Client, ClientAuth, ClientOptions, Failure, Server, ServerOptions, Stream, Version,
};

use crate::pipe::{self, End};
use crate::server::Files;

type Sides = (Stream<End>, Stream<End>);

/// A session with the server `name`; the failure is the client's.
fn meet(server: &Server, client: &Client, name: &str) -> Result<Sides, Failure> {
    let (near, far) = pipe::pair();
    let (mut near, mut far) = (server.open(near)?, client.open(far, name)?);
    let (mut heard, mut done) = (Ok(false), false);
    for _ in 0..16 {
        done = done || far.handshake()?;
        if heard == Ok(false) {
            heard = near.handshake();
        }
    }
    assert!(done && heard?, "the handshake does not end");
    Ok((near, far))
}

fn trusting(files: &Files) -> ClientOptions {
    ClientOptions {
        authorities: Some(files.trusted.clone()),
        ..ClientOptions::default()
    }
}

#[test]
fn a_server_of_that_name_is_not_refused() {
    let files = Files::new();
    let server = files.server();
    let client = Client::new(&trusting(&files)).unwrap();
    for name in ["localhost", "127.0.0.1"] {
        let (mut near, mut far) = meet(&server, &client, name).unwrap();
        far.write_all(b"version\r\n").unwrap();
        let mut room = [0; 16];
        assert_eq!(near.read(&mut room).unwrap(), 9);
        near.close();
        assert_eq!(far.read(&mut room).unwrap(), 0);
        assert!(!far.is_truncated());
    }
}

#[test]
fn a_server_that_is_another_is_not_believed() {
    let files = Files::new();
    let careless = Client::new(&ClientOptions {
        insecure: true,
        ..ClientOptions::default()
    });
    let careless = careless.unwrap();
    let client = Client::new(&trusting(&files)).unwrap();
    let server = files.server();
    for name in ["other.example", "127.0.0.2"] {
        let failure = meet(&server, &client, name).unwrap_err();
        assert_eq!(failure.cause, Cause::Certificate, "{failure}");
        assert!(failure.to_string().contains("mismatch"), "{failure}");
        assert!(meet(&server, &careless, name).is_ok());
    }
    let stranger = Authority::new("a stranger").unwrap();
    let terms = Terms::new(&["localhost"]);
    for (signed, words) in [
        (files.sign(&terms.expired()), "expired"),
        (files.sign(&terms.not_yet_valid()), "not yet valid"),
        (stranger.issue(&terms).unwrap(), "local issuer"),
        (Signed::by_itself(&terms).unwrap(), "self-signed"),
    ] {
        let server = Server::new(&ServerOptions {
            certificates: vec![signed.write(files.folder.path(), "bad").unwrap()],
            ..ServerOptions::default()
        });
        let server = server.unwrap();
        let failure = meet(&server, &client, "localhost").unwrap_err();
        assert_eq!(failure.cause, Cause::Certificate, "{failure}");
        assert!(failure.to_string().contains(words), "{failure}");
        assert!(meet(&server, &careless, "localhost").is_ok());
    }
    // The system does not trust the tests' authority.
    let client = Client::new(&ClientOptions::default()).unwrap();
    let failure = meet(&server, &client, "localhost").unwrap_err();
    assert_eq!(failure.cause, Cause::Certificate);
}

#[test]
fn a_clients_certificate_is_not_kept_back() {
    let files = Files::new();
    let between = files.authority.intermediate("between").unwrap();
    let signed = between.issue(&Terms::new(&["client.example"])).unwrap();
    let pair = signed.write(files.folder.path(), "client").unwrap();
    let client = Client::new(&ClientOptions {
        certificate: Some(pair),
        ..trusting(&files)
    });
    let client = client.unwrap();
    let server = Server::new(&files.listing("client.example")).unwrap();
    let (near, _far) = meet(&server, &client, "localhost").unwrap();
    assert_eq!(server.admit(&near), Ok(()));
    let server = Server::new(&files.asking(ClientAuth::Optional)).unwrap();
    let (near, _far) = meet(&server, &client, "localhost").unwrap();
    assert_eq!(server.admit(&near), Ok(()));
}

#[test]
fn a_version_that_is_too_old_is_not_spoken_by_a_client() {
    let files = Files::new();
    let strict = ClientOptions {
        min_version: Version::Tls13,
        ..trusting(&files)
    };
    let strict = Client::new(&strict).unwrap();
    assert!(meet(&files.server(), &strict, "localhost").is_ok());
}
