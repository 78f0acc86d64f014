use net::tls::{Cause, Server, ServerOptions, Version};
use openssl::ssl::SslVersion;

use crate::peer::{Peer, VERSIONS, is_wait, only, shake_client};
use crate::server::Files;

/// More bytes than either side says in a handshake.
const FLIGHTS_MAX: usize = 5000;

#[test]
fn a_handshake_that_comes_byte_by_byte_is_not_lost() {
    let files = Files::new();
    let server = files.server();
    for version in VERSIONS {
        let mut session = Peer::of(&files, version).dial(&server);
        session.server.get_ref().read_in_pieces(1);
        session.client.get_ref().read_in_pieces(1);
        let (mut near, mut far, mut steps) = (false, false, 0);
        while !(near && far) {
            far = far || shake_client(&mut session.client).unwrap();
            near = near || session.server.handshake().unwrap();
            steps += 1;
            assert!(steps < FLIGHTS_MAX, "nothing moves");
        }
        assert!(steps > 500, "both took a handshake whole");
        session.server.get_ref().read_whole();
        session.client.get_ref().read_whole();
        session.echo(b"through");
    }
}

#[test]
fn a_handshake_through_a_full_pipe_is_not_lost() {
    let files = Files::new();
    let server = files.server();
    for version in VERSIONS {
        let mut session = Peer::of(&files, version).dial(&server);
        session.server.get_ref().set_capacity(7);
        let (mut near, mut far, mut waited) = (false, false, false);
        for _ in 0..10_000 {
            if far {
                // The ticket, which comes behind the handshake.
                let read = session.client.ssl_read(&mut [0]);
                assert!(is_wait(&read.unwrap_err()));
            }
            far = far || shake_client(&mut session.client).unwrap();
            near = near || session.server.handshake().unwrap();
            waited |= session.server.wants_write();
        }
        assert!(near && far);
        assert!(waited, "nobody was told what the handshake waited for");
    }
}

#[test]
fn a_client_that_leaves_at_any_byte_is_not_established() {
    let files = Files::new();
    let server = files.server();
    for version in VERSIONS {
        let peer = Peer::of(&files, version);
        let needed = (0..FLIGHTS_MAX).find(|&cut| {
            let mut session = peer.dial(&server);
            session.server.get_ref().cut_after(cut);
            match session.shake().0 {
                Ok(is_complete) => is_complete,
                Err(failure) => {
                    assert_eq!(failure.cause, Cause::Closed, "after {cut}: {failure}");
                    false
                }
            }
        });
        assert!(
            needed.unwrap() > 200,
            "a whole handshake in {needed:?} bytes"
        );
    }
}

#[test]
fn a_server_that_leaves_at_any_byte_is_not_established() {
    let files = Files::new();
    let server = files.server();
    for version in VERSIONS {
        let peer = Peer::of(&files, version);
        let needed = (0..FLIGHTS_MAX).find(|&cut| {
            let mut session = peer.dial(&server);
            session.client.get_ref().cut_after(cut);
            session.shake().1.unwrap_or(false)
        });
        assert!(
            needed.unwrap() > 500,
            "a whole handshake in {needed:?} bytes"
        );
    }
}

#[test]
fn a_version_that_is_too_old_is_not_spoken() {
    let files = Files::new();
    let newer = Server::new(&ServerOptions {
        min_version: Version::Tls13,
        ..files.options()
    });
    let newer = newer.unwrap();
    let mut session = Peer::of(&files, SslVersion::TLS1_2).dial(&newer);
    assert_eq!(session.failure().cause, Cause::Version);
    Peer::of(&files, SslVersion::TLS1_3).dial(&newer).settle();

    let server = files.server();
    let ancient = Peer::with(&files, |builder| {
        // OpenSSL's own client would not say hello.
        builder.set_cipher_list("DEFAULT:@SECLEVEL=0").unwrap();
        only(builder, SslVersion::TLS1_1);
    });
    assert_eq!(ancient.dial(&server).failure().cause, Cause::Version);
    Peer::of(&files, SslVersion::TLS1_2).dial(&server).settle();
}

#[test]
fn a_cipher_that_is_not_on_the_list_is_not_used() {
    let files = Files::new();
    let server = Server::new(&ServerOptions {
        ciphers: Some("ECDHE-ECDSA-AES256-GCM-SHA384".to_owned()),
        ciphersuites: Some("TLS_CHACHA20_POLY1305_SHA256".to_owned()),
        ..files.options()
    });
    let server = server.unwrap();
    for (version, wanted) in [
        (SslVersion::TLS1_2, "ECDHE-ECDSA-AES256-GCM-SHA384"),
        (SslVersion::TLS1_3, "TLS_CHACHA20_POLY1305_SHA256"),
    ] {
        let mut session = Peer::of(&files, version).dial(&server);
        session.settle();
        let used = session.client.ssl().current_cipher().unwrap().name();
        assert_eq!(used, wanted);
    }
    let older = Peer::with(&files, |builder| {
        only(builder, SslVersion::TLS1_2);
        let list = "ECDHE-ECDSA-AES128-GCM-SHA256";
        builder.set_cipher_list(list).unwrap();
    });
    assert_eq!(older.dial(&server).failure().cause, Cause::Cipher);
    let newer = Peer::with(&files, |builder| {
        only(builder, SslVersion::TLS1_3);
        builder.set_ciphersuites("TLS_AES_128_GCM_SHA256").unwrap();
    });
    assert_eq!(newer.dial(&server).failure().cause, Cause::Cipher);
}

#[test]
fn ciphers_that_do_not_exist_are_not_taken_in_silence() {
    let files = Files::new();
    let of = |ciphers: Option<&str>, suites: Option<&str>| {
        let made = Server::new(&ServerOptions {
            ciphers: ciphers.map(str::to_owned),
            ciphersuites: suites.map(str::to_owned),
            ..files.options()
        });
        made.err().expect("a list that is refused")
    };
    assert_eq!(
        of(Some("NONE-SUCH"), None),
        "OpenSSL knows none of the ciphers 'NONE-SUCH'"
    );
    assert_eq!(
        of(None, Some("TLS_NONE_SUCH")),
        "OpenSSL does not know all of the cipher suites 'TLS_NONE_SUCH'"
    );
}
