//! Why handshakes fail, and that no two reasons are counted as one.

use std::io::Write;

use net::tls::authority::{Authority, Signed, Terms};
use net::tls::{Cause, ClientAuth, Failure, Server, ServerOptions, Version};
use openssl::ssl::SslVersion;

use crate::peer::{Peer, VERSIONS, only};
use crate::pipe;
use crate::server::Files;

const CAUSES: [Cause; 10] = [
    Cause::Plaintext,
    Cause::Version,
    Cause::Cipher,
    Cause::NoCertificate,
    Cause::Certificate,
    Cause::Name,
    Cause::Refused,
    Cause::Closed,
    Cause::TimedOut,
    Cause::Other,
];

/// A record of a handshake whose message is none.
const NONSENSE: &[u8] = b"\x16\x03\x01\x00\x04\xee\x00\x00\x00";

/// What `server` says to a client that sends `bytes` and then no more.
fn said_to(server: &Server, bytes: &[u8]) -> Result<bool, Failure> {
    let (near, mut far) = pipe::pair();
    let mut stream = server.open(near).unwrap();
    far.write_all(bytes).unwrap();
    stream.handshake()
}

/// A failure for each cause; a new cause does not compile without one.
fn reached(files: &Files, cause: Cause) -> Failure {
    let server = |options: ServerOptions| Server::new(&options).unwrap();
    let newest = Peer::new(files);
    match cause {
        Cause::Plaintext => said_to(&files.server(), b"get a\r\n").unwrap_err(),
        Cause::Version => {
            let strict = server(ServerOptions {
                min_version: Version::Tls13,
                ..files.options()
            });
            let older = Peer::of(files, SslVersion::TLS1_2);
            older.dial(&strict).failure()
        }
        Cause::Cipher => {
            let strict = server(ServerOptions {
                ciphersuites: Some("TLS_AES_128_GCM_SHA256".to_owned()),
                ..files.options()
            });
            let other = Peer::with(files, |builder| {
                only(builder, SslVersion::TLS1_3);
                builder.set_ciphersuites("TLS_AES_256_GCM_SHA384").unwrap();
            });
            other.dial(&strict).failure()
        }
        Cause::NoCertificate => {
            let asking = server(files.asking(ClientAuth::Required));
            newest.dial(&asking).failure()
        }
        Cause::Certificate => {
            let asking = server(files.asking(ClientAuth::Required));
            let signed = Signed::by_itself(&Terms::new(&["client.example"])).unwrap();
            let peer = Peer::showing(files, SslVersion::TLS1_3, &signed);
            peer.dial(&asking).failure()
        }
        Cause::Name => {
            let listing = server(files.listing("other.example"));
            let signed = files.sign(&Terms::new(&["client.example"]));
            let peer = Peer::showing(files, SslVersion::TLS1_3, &signed);
            listing.admit(&peer.settle(&listing).server).unwrap_err()
        }
        Cause::Refused => {
            let stranger = Authority::new("a stranger").unwrap();
            let signed = stranger.issue(&Terms::new(&["localhost"])).unwrap();
            let untrusted = server(ServerOptions {
                certificates: vec![signed.write(files.folder.path(), "untrusted").unwrap()],
                ..ServerOptions::default()
            });
            newest.dial(&untrusted).failure()
        }
        Cause::Closed => {
            let mut session = newest.dial(&files.server());
            session.server.get_ref().cut_after(100);
            session.failure()
        }
        Cause::TimedOut => Failure::timed_out(),
        Cause::Other => said_to(&files.server(), NONSENSE).unwrap_err(),
    }
}

#[test]
fn no_cause_is_counted_as_another() {
    let files = Files::new();
    for cause in CAUSES {
        let failure = reached(&files, cause);
        assert_eq!(failure.cause, cause, "{failure}");
        assert!(!failure.to_string().is_empty(), "{cause:?} has no text");
    }
}

#[test]
fn a_client_that_speaks_no_tls_is_not_taken_for_a_broken_one() {
    let files = Files::new();
    let server = files.server();
    let noop = b"\x80\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let get = b"\x80\x00\0\x03\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0key";
    for bytes in [
        &b"get a\r\n"[..],
        b"set a 0 0 1\r\nb\r\n",
        b"version\r\n",
        b"stats\r\n",
        b"mg key v\r\n",
        b"GET / HTTP/1.1\r\nHost: cache\r\n\r\n",
        b"POST / HTTP/1.1\r\n\r\n",
        b"CONNECT cache:443 HTTP/1.1\r\n\r\n",
        b"PING\r\n*1\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\0\0\0\0\0\0\0\0",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
        noop,
        get,
    ] {
        let failure = said_to(&server, bytes).unwrap_err();
        let shown = bytes.escape_ascii();
        assert_eq!(failure.cause, Cause::Plaintext, "{shown}: {failure}");
    }
}

#[test]
fn no_first_bytes_break_the_server() {
    let files = Files::new();
    let server = files.server();
    let mut random = 1_u64;
    for first in 0..=u8::MAX {
        for _ in 0..20 {
            let mut bytes = vec![first];
            for _ in 0..300 {
                // Xorshift (Marsaglia 2003): the same bytes each time.
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                bytes.push(random as u8);
            }
            // It may wait for the rest of what seems a record.
            assert_ne!(said_to(&server, &bytes), Ok(true), "{first}");
        }
    }
}

#[test]
fn no_changed_byte_of_a_hello_breaks_the_server() {
    let files = Files::new();
    let server = files.server();
    for version in VERSIONS {
        let mut session = Peer::of(&files, version).dial(&server);
        assert!(!crate::peer::shake_client(&mut session.client).unwrap());
        let hello = session.server.get_ref().drain();
        for at in 0..hello.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut hello = hello.clone();
                hello[at] ^= change;
                assert_ne!(said_to(&server, &hello), Ok(true));
            }
        }
    }
}

#[test]
fn a_failed_handshake_leaves_nothing_to_the_next() {
    let files = Files::new();
    let server = files.server();
    let peer = Peer::new(&files);
    for bytes in [NONSENSE, b"get a\r\n"] {
        let mut session = peer.dial(&server);
        session.establish();
        assert!(said_to(&server, bytes).is_err());
        session.echo(b"as ever");
        // OpenSSL's queue of errors belongs to the thread.
        peer.settle(&server).echo(b"as ever");
    }
}
