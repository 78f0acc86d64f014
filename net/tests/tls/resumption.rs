use std::thread;
use std::time::{Duration, SystemTime};

use net::tls::authority::Terms;
use net::tls::{Cause, ClientAuth, Server, ServerOptions};
use openssl::ssl::SslVersion;

use crate::peer::{Peer, VERSIONS};
use crate::server::Files;

#[test]
fn a_ticket_is_not_asked_for_in_vain() {
    let files = Files::new();
    let server = files.server();
    for version in VERSIONS {
        let peer = Peer::of(&files, version);
        for is_resumed in [false, true, true] {
            let mut session = peer.dial(&server);
            session.settle();
            assert_eq!(session.client.ssl().session_reused(), is_resumed);
            session.echo(b"as ever");
            assert!(peer.has_ticket());
        }
    }
}

#[test]
fn a_client_of_a_second_host_is_not_refused_its_ticket() {
    let files = Files::new();
    let mut options = files.options();
    let other = files.pair("other", &Terms::new(&["other.example"]));
    options.certificates.push(other);
    let server = Server::new(&options).unwrap();
    for version in VERSIONS {
        let peer = Peer::of(&files, version);
        for is_resumed in [false, true] {
            let mut session = peer.dial_as(&server, Some("other.example"));
            session.settle();
            assert_eq!(session.client.ssl().session_reused(), is_resumed);
        }
    }
}

#[test]
fn a_ticket_of_older_keys_does_not_end_the_handshake() {
    let files = Files::new();
    for version in VERSIONS {
        let peer = Peer::of(&files, version);
        peer.dial(&files.server()).settle();
        assert!(peer.has_ticket());
        let server = files.server();
        for is_resumed in [false, true] {
            let mut session = peer.dial(&server);
            session.settle();
            assert_eq!(session.client.ssl().session_reused(), is_resumed);
        }
    }
}

#[test]
fn one_ticket_and_no_more_is_sent() {
    let files = Files::new();
    let mut session = Peer::of(&files, SslVersion::TLS1_3).dial(&files.server());
    // The client's hello, the server's answer, the client's end.
    assert!(!crate::peer::shake_client(&mut session.client).unwrap());
    assert!(!session.server.handshake().unwrap());
    assert!(crate::peer::shake_client(&mut session.client).unwrap());
    assert!(session.server.handshake().unwrap());
    let sent = session.client.get_ref().drain();
    let mut records = 0;
    let mut rest = &sent[..];
    while let [_, _, _, high, low, ..] = rest {
        rest = &rest[5 + usize::from(u16::from_be_bytes([*high, *low]))..];
        records += 1;
    }
    assert_eq!(records, 1);
}

fn asking_and_listing(files: &Files) -> ServerOptions {
    files.listing("client.example\n")
}

#[test]
fn a_resumed_session_does_not_lose_its_certificate() {
    let files = Files::new();
    let server = Server::new(&asking_and_listing(&files)).unwrap();
    let signed = files.sign(&Terms::new(&["client.example"]));
    for version in VERSIONS {
        let peer = Peer::showing(&files, version, &signed);
        for is_resumed in [false, true] {
            let mut session = peer.dial(&server);
            session.settle();
            assert_eq!(session.client.ssl().session_reused(), is_resumed);
            assert_eq!(server.admit(&session.server), Ok(()));
        }
    }
}

#[test]
fn a_name_taken_off_the_list_does_not_come_in_by_a_ticket() {
    let files = Files::new();
    let signed = files.sign(&Terms::new(&["client.example"]));
    for version in VERSIONS {
        let peer = Peer::showing(&files, version, &signed);
        let before = Server::new(&asking_and_listing(&files)).unwrap();
        let mut session = peer.dial(&before);
        session.settle();
        assert_eq!(before.admit(&session.server), Ok(()));

        let after = Server::new(&files.listing("other.example\n")).unwrap();
        let mut session = peer.dial(&after);
        session.establish();
        let failure = after.admit(&session.server).unwrap_err();
        assert_eq!(failure.cause, Cause::Name);
        // The handshake itself does not look at the list, so that a resumed session is held to the
        // newest one whichever server took the ticket.
        let failure = after.admit(&peer.settle(&before).server);
        assert_eq!(failure.unwrap_err().cause, Cause::Name);
    }
}

#[test]
fn a_certificate_that_has_ended_does_not_come_in_by_a_ticket() {
    let files = Files::new();
    let server = Server::new(&files.asking(ClientAuth::Required)).unwrap();
    for version in VERSIONS {
        let terms = Terms {
            ends: 3,
            ..Terms::new(&["client.example"])
        };
        let signed = files.sign(&terms);
        let ends = SystemTime::now() + Duration::from_secs(4);
        let peer = Peer::showing(&files, version, &signed);
        let mut session = peer.dial(&server);
        session.settle();
        assert_eq!(server.admit(&session.server), Ok(()));

        while SystemTime::now() < ends {
            thread::sleep(Duration::from_millis(50));
        }
        let mut session = peer.dial(&server);
        session.establish();
        assert!(session.client.ssl().session_reused());
        let failure = server.admit(&session.server).unwrap_err();
        assert_eq!(failure.cause, Cause::Certificate);
        assert!(failure.to_string().contains("expired"), "{failure}");
    }
}
