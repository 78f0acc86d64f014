//! What comes behind the handshake.

use std::io::{ErrorKind, Read, Write};

use net::tls::Server;
use openssl::ssl::{ShutdownResult, SslVersion};

use crate::peer::{Peer, Session, VERSIONS, is_wait, renegotiate, update_keys};
use crate::server::Files;

/// Bytes that differ from their neighbours.
fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at / 256 + at) as u8).collect()
}

/// Established sessions, one of each version.
fn sessions(files: &Files, server: &Server) -> [Session; 2] {
    VERSIONS.map(|version| Peer::of(files, version).settle(server))
}

#[track_caller]
fn would_block<T: std::fmt::Debug>(result: std::io::Result<T>) {
    assert_eq!(result.unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn records_that_come_byte_by_byte_are_not_lost() {
    let files = Files::new();
    let server = files.server();
    for mut session in sessions(&files, &server) {
        session.server.get_ref().read_in_pieces(1);
        session.client.write_all(b"get a\r\n").unwrap();
        let mut seen = Vec::<u8>::new();
        for _ in 0..1000 {
            let mut room = [0; 3];
            match session.server.read(&mut room) {
                Ok(bytes) => seen.extend(&room[..bytes]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        assert_eq!(seen, b"get a\r\n");
    }
}

#[test]
fn a_write_against_a_full_pipe_is_neither_lost_nor_sent_twice() {
    let files = Files::new();
    let server = files.server();
    let value = pattern(1 << 20);
    for mut session in sessions(&files, &server) {
        // Less than a record, so that some stop within one.
        session.server.get_ref().set_capacity(10_000);
        let mut seen = Vec::<u8>::new();
        let (mut sent, mut blocked) = (0, 0);
        for _ in 0..10_000 {
            if seen.len() == value.len() {
                break;
            }
            // A copy each time: it is elsewhere, and there may be more of it than the last time.
            let moved = value[sent..].to_vec();
            if !moved.is_empty() {
                match session.server.write(&moved) {
                    Ok(bytes) => sent += bytes,
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::WouldBlock);
                        assert!(session.server.wants_write());
                        blocked += 1;
                    }
                }
            }
            let mut room = vec![0; 7_000];
            match session.client.ssl_read(&mut room) {
                Ok(bytes) => seen.extend(&room[..bytes]),
                Err(error) => assert!(is_wait(&error), "{error}"),
            }
        }
        assert!(seen == value, "the value is not what was sent");
        assert!(blocked > 10, "the pipe was never full");
        session.server.get_ref().set_capacity(1 << 20);
        session.echo(b"as ever");
    }
}

#[test]
fn a_read_behind_a_write_that_blocks_is_not_kept_waiting() {
    let files = Files::new();
    let server = files.server();
    for mut session in sessions(&files, &server) {
        session.server.get_ref().set_capacity(100);
        would_block(session.server.write(&pattern(1000)));
        session.client.write_all(b"quit\r\n").unwrap();
        let mut room = [0; 16];
        assert_eq!(session.server.read(&mut room).unwrap(), 6);
        assert_eq!(&room[..6], b"quit\r\n");
    }
}

#[test]
fn a_record_is_not_larger_than_a_client_takes() {
    let files = Files::new();
    let server = files.server();
    for mut session in sessions(&files, &server) {
        assert_eq!(session.server.write(&pattern(100_000)).unwrap(), 16 << 10);
    }
}

#[test]
fn an_end_without_a_word_is_told_from_one_with_it() {
    let files = Files::new();
    let server = files.server();
    for mut session in sessions(&files, &server) {
        session.client.write_all(b"get a\r\n").unwrap();
        assert_eq!(session.client.shutdown().unwrap(), ShutdownResult::Sent);
        session.server.get_ref().end();
        let mut room = [0; 100];
        assert_eq!(session.server.read(&mut room).unwrap(), 7);
        for _ in 0..2 {
            assert_eq!(session.server.read(&mut room).unwrap(), 0);
        }
        assert!(!session.server.is_truncated());
        // Half of it is closed, and the answer still goes out.
        session.server.write_all(b"END\r\n").unwrap();
        assert_eq!(session.client.ssl_read(&mut room).unwrap(), 5);
    }
    for mut session in sessions(&files, &server) {
        session.client.write_all(b"get a\r\n").unwrap();
        session.server.get_ref().end();
        let mut room = [0; 100];
        assert_eq!(session.server.read(&mut room).unwrap(), 7);
        assert!(!session.server.is_truncated(), "before the end is read");
        for _ in 0..2 {
            assert_eq!(session.server.read(&mut room).unwrap(), 0);
        }
        assert!(session.server.is_truncated());
    }
}

#[test]
fn a_cut_record_is_not_read() {
    let files = Files::new();
    let server = files.server();
    for version in VERSIONS {
        let peer = Peer::of(&files, version);
        // A record of these is shorter than 64 bytes.
        for cut in 0..20 {
            let mut session = peer.settle(&server);
            session.client.write_all(b"delete a\r\n").unwrap();
            session.server.get_ref().cut_after(cut);
            assert_eq!(session.server.read(&mut [0; 100]).unwrap(), 0, "{cut}");
            assert!(session.server.is_truncated());
        }
    }
}

#[test]
fn a_changed_record_is_not_read() {
    let files = Files::new();
    let server = files.server();
    for version in VERSIONS {
        let peer = Peer::of(&files, version);
        let mut session = peer.settle(&server);
        session.client.write_all(b"delete a\r\n").unwrap();
        for at in 0..session.server.get_ref().waiting() {
            let mut session = peer.settle(&server);
            session.client.write_all(b"delete a\r\n").unwrap();
            let mut sealed = session.server.get_ref().drain();
            sealed[at] ^= 1;
            session.client.get_mut().write_all(&sealed).unwrap();
            // A length that grew waits for more.
            let read = session.server.read(&mut [0; 100]);
            assert!(read.is_err(), "{at}: {read:?}");
        }
    }
}

#[test]
fn new_keys_do_not_disturb_a_session() {
    let files = Files::new();
    let server = files.server();
    let mut session = Peer::of(&files, SslVersion::TLS1_3).settle(&server);
    for _ in 0..3 {
        update_keys(&session.client);
        session.echo(b"across new keys");
    }
    // The request for new keys comes alone with what follows, and its answer does not fit.
    session.server.get_ref().set_capacity(0);
    update_keys(&session.client);
    session.client.write_all(b"get a\r\n").unwrap();
    let mut room = [0; 16];
    let read = session.server.read(&mut room);
    if read.is_err() {
        would_block(read);
        assert!(
            session.server.wants_write(),
            "nobody knows what it waits for"
        );
        session.server.get_ref().set_capacity(1 << 20);
        assert_eq!(session.server.read(&mut room).unwrap(), 7);
    }
    session.server.get_ref().set_capacity(1 << 20);
    session.echo(b"as ever");
}

#[test]
fn renegotiation_is_not_taken_up() {
    let files = Files::new();
    let server = files.server();
    let mut session = Peer::of(&files, SslVersion::TLS1_2).settle(&server);
    renegotiate(&session.client);
    // The hello of the second handshake.
    let hello = session.client.do_handshake().unwrap_err();
    assert!(is_wait(&hello), "{hello}");
    would_block(session.server.read(&mut [0; 16]));
    let refused = session.client.do_handshake().unwrap_err();
    let reason = refused.ssl_error().unwrap().to_string();
    assert!(reason.contains("renegotiation"), "{reason}");
}
