//! Which certificate a client gets.

use net::tls::authority::{Algorithm, Terms};
use net::tls::{Server, ServerOptions};
use openssl::nid::Nid;
use openssl::pkey::Id;
use openssl::x509::X509;

use crate::peer::{Peer, Session, VERSIONS, only};
use crate::server::Files;

fn serving(files: &Files, certificates: &[(&str, Terms<'_>)]) -> Server {
    let certificates = certificates
        .iter()
        .map(|(file, terms)| files.pair(file, terms));
    let options = ServerOptions {
        certificates: certificates.collect(),
        ..ServerOptions::default()
    };
    Server::new(&options).unwrap()
}

fn shown(session: &Session) -> X509 {
    session.client.ssl().peer_certificate().unwrap()
}

/// The first name of the certificate that a client gets.
fn name_of(session: &Session) -> String {
    let certificate = shown(session);
    let names = certificate.subject_name();
    let name = names.entries_by_nid(Nid::COMMONNAME).next().unwrap();
    name.data().to_string().unwrap()
}

#[test]
fn a_client_does_not_get_the_certificate_of_another_host() {
    let files = Files::new();
    let server = serving(
        &files,
        &[
            ("first", Terms::new(&["one.example"])),
            ("second", Terms::new(&["two.example", "deux.example"])),
            ("third", Terms::new(&["*.three.example"])),
        ],
    );
    for version in VERSIONS {
        for (host, wanted) in [
            ("one.example", "one.example"),
            ("two.example", "two.example"),
            ("DEUX.example", "two.example"),
            ("a.three.example", "*.three.example"),
        ] {
            let mut session = Peer::of(&files, version).dial_as(&server, Some(host));
            session.settle();
            assert_eq!(name_of(&session), wanted, "{host}");
        }
    }
}

#[test]
fn a_client_of_an_unknown_host_or_of_none_is_not_turned_away() {
    let files = Files::new();
    let server = serving(
        &files,
        &[
            ("first", Terms::new(&["one.example"])),
            ("second", Terms::new(&["two.example"])),
        ],
    );
    for version in VERSIONS {
        let mut silent = Peer::of(&files, version).dial_as(&server, None);
        silent.settle();
        assert_eq!(name_of(&silent), "one.example");

        // Such a client minds for itself.
        let mut other = Peer::of(&files, version).dial_as(&server, Some("three.example"));
        assert!(other.shake().1.is_err());
        let careless = Peer::with(&files, |builder| {
            only(builder, version);
            builder.set_verify(openssl::ssl::SslVerifyMode::NONE);
        });
        let mut other = careless.dial_as(&server, Some("three.example"));
        other.settle();
        assert_eq!(name_of(&other), "one.example");
    }
}

#[test]
fn a_client_that_knows_one_algorithm_is_not_shown_the_other() {
    let files = Files::new();
    let rsa = |names| Terms::new(names).algorithm(Algorithm::Rsa2048);
    let server = serving(
        &files,
        &[
            ("first-ec", Terms::new(&["one.example"])),
            ("first-rsa", rsa(&["one.example"])),
            ("second-rsa", rsa(&["two.example"])),
            ("second-ec", Terms::new(&["two.example"])),
        ],
    );
    for version in VERSIONS {
        for host in ["one.example", "two.example"] {
            for (signatures, ciphers, wanted) in [
                ("ECDSA+SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", Id::EC),
                (
                    // The authority's own signatures are ECDSA's.
                    "RSA-PSS+SHA256:ECDSA+SHA384",
                    "ECDHE-RSA-AES128-GCM-SHA256",
                    Id::RSA,
                ),
            ] {
                let peer = Peer::with(&files, |builder| {
                    only(builder, version);
                    builder.set_sigalgs_list(signatures).unwrap();
                    builder.set_cipher_list(ciphers).unwrap();
                });
                let mut session = peer.dial_as(&server, Some(host));
                session.settle();
                assert_eq!(shown(&session).public_key().unwrap().id(), wanted, "{host}");
            }
        }
    }
}

#[test]
fn a_client_that_trusts_the_root_alone_is_not_left_without_the_chain() {
    let files = Files::new();
    let between = files.authority.intermediate("between").unwrap();
    let lower = between.intermediate("lower").unwrap();
    let signed = lower.issue(&Terms::new(&["localhost"])).unwrap();
    let server = Server::new(&ServerOptions {
        certificates: vec![signed.write(files.folder.path(), "chained").unwrap()],
        ..ServerOptions::default()
    });
    let server = server.unwrap();
    for version in VERSIONS {
        let mut session = Peer::of(&files, version).dial(&server);
        session.settle();
        let chain = session.client.ssl().peer_cert_chain().unwrap();
        assert_eq!(chain.len(), 3);
    }
}
