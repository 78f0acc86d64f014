//! Files that cannot be used: the sentence is for whoever must mend them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use net::tls::authority::{Algorithm, Terms};
use net::tls::{Client, ClientAuth, ClientOptions, Server, ServerOptions};
use openssl::pkey::PKey;
use openssl::symm::Cipher;

use crate::server::Files;

/// What a server of these options says instead of serving.
#[track_caller]
fn refusal(options: &ServerOptions) -> String {
    Server::new(options)
        .err()
        .expect("a server that is refused")
}

/// `sentence` is about `path` and begins and ends as told.
#[track_caller]
fn says(sentence: &str, begins: &str, path: &Path, ends: &str) {
    let path = path.display();
    let wanted = format!("{begins} {path}: {ends}");
    assert!(sentence.starts_with(&wanted), "{sentence}\n{wanted}");
}

fn with(files: &Files, pair: (PathBuf, PathBuf)) -> ServerOptions {
    ServerOptions {
        certificates: vec![pair],
        ..files.options()
    }
}

#[test]
fn a_missing_file_does_not_go_unnamed() {
    let files = Files::new();
    let missing = files.folder.path().join("missing");
    let (certificate, key) = files.pair("good", &Terms::new(&["localhost"]));
    let none = "No such file";
    let sentence = refusal(&with(&files, (missing.clone(), key)));
    says(&sentence, "cannot read the certificate", &missing, none);
    let sentence = refusal(&with(&files, (certificate, missing.clone())));
    says(&sentence, "cannot read the key", &missing, none);
    let sentence = refusal(&ServerOptions {
        authorities: Some(missing.clone()),
        ..files.asking(ClientAuth::Required)
    });
    let begins = "cannot read the authorities' certificates";
    says(&sentence, begins, &missing, none);
    let sentence = refusal(&ServerOptions {
        allowed: Some(missing.clone()),
        ..files.asking(ClientAuth::Required)
    });
    let begins = "cannot read the list of allowed names";
    says(&sentence, begins, &missing, none);
}

#[test]
fn a_file_of_something_else_does_not_go_unnamed() {
    let files = Files::new();
    let (certificate, key) = files.pair("good", &Terms::new(&["localhost"]));
    for (name, text) in [
        ("empty", ""),
        ("words", "no certificate and no key\n"),
        ("cut", "-----BEGIN CERTIFICATE-----\nMIIBfzCCASSgAwIBAgIQ\n"),
        (
            "garbled",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ),
    ] {
        let bad = files.text(name, text);
        let sentence = refusal(&with(&files, (bad.clone(), key.clone())));
        says(&sentence, "cannot use the certificate", &bad, "");
        let sentence = refusal(&with(&files, (certificate.clone(), bad.clone())));
        says(&sentence, "cannot use the key", &bad, "");
        let sentence = refusal(&ServerOptions {
            authorities: Some(bad.clone()),
            ..files.asking(ClientAuth::Required)
        });
        assert!(
            sentence.starts_with("cannot use the authorities"),
            "{sentence}"
        );
        assert!(sentence.contains(bad.to_str().unwrap()), "{sentence}");
    }
    let binary = files.folder.path().join("binary");
    fs::write(&binary, [0xff, 0xfe, 0xfd]).unwrap();
    let sentence = refusal(&ServerOptions {
        allowed: Some(binary.clone()),
        ..files.asking(ClientAuth::Required)
    });
    let begins = "cannot use the list of allowed names";
    says(&sentence, begins, &binary, "it is not text");
}

#[test]
fn the_key_of_another_certificate_is_not_taken() {
    let files = Files::new();
    let (certificate, _) = files.pair("good", &Terms::new(&["localhost"]));
    for algorithm in [Algorithm::P256, Algorithm::Rsa2048] {
        let terms = Terms::new(&["localhost"]).algorithm(algorithm);
        let (_, other) = files.pair("other", &terms);
        let sentence = refusal(&with(&files, (certificate.clone(), other.clone())));
        let why = format!("it is not that of {}", certificate.display());
        says(&sentence, "cannot use the key", &other, &why);
    }
}

#[test]
fn an_encrypted_key_does_not_ask_a_terminal() {
    let files = Files::new();
    let signed = files.sign(&Terms::new(&["localhost"]));
    let (certificate, key) = signed.write(files.folder.path(), "locked").unwrap();
    let plain = PKey::private_key_from_pem(&signed.key_pem().unwrap()).unwrap();
    let cipher = Cipher::aes_256_cbc();
    let locked = plain.private_key_to_pem_pkcs8_passphrase(cipher, b"secret");
    fs::write(&key, locked.unwrap()).unwrap();
    let sentence = refusal(&with(&files, (certificate, key.clone())));
    says(&sentence, "cannot use the key", &key, "");
}

#[test]
fn two_certificates_for_one_purpose_are_not_taken_in_silence() {
    let files = Files::new();
    let mut options = files.options();
    let second = files.pair("second", &Terms::new(&["LOCALHOST", "localhost"]));
    options.certificates.push(second.clone());
    let why = "another one with the same kind of key is for the same hosts";
    says(
        &refusal(&options),
        "cannot use the certificate",
        &second.0,
        why,
    );

    // Of another kind, or for other hosts, each is of use.
    let terms = Terms::new(&["localhost"]).algorithm(Algorithm::Rsa2048);
    options.certificates[1] = files.pair("second", &terms);
    let third = files.pair("third", &Terms::new(&["localhost", "other.example"]));
    options.certificates.push(third);
    assert!(Server::new(&options).is_ok());
}

#[test]
fn the_first_end_of_a_chain_is_not_missed() {
    const DAY: i64 = 24 * 60 * 60;
    let files = Files::new();
    let ending = |file: &str, host: &str, days: i64| {
        let names = [host];
        let terms = Terms {
            ends: days * DAY,
            ..Terms::new(&names)
        };
        files.pair(file, &terms)
    };
    let server = Server::new(&ServerOptions {
        certificates: vec![
            ending("late", "late.example", 20),
            ending("early", "early.example", 10),
            ending("later", "later.example", 30),
        ],
        ..ServerOptions::default()
    });
    let left = server.unwrap().expires().duration_since(SystemTime::now());
    let (least, most) = (10 * DAY as u64 - 600, 10 * DAY as u64);
    let left = left.unwrap();
    assert!(left <= Duration::from_secs(most) && left >= Duration::from_secs(least));

    // An intermediate authority lasts 180 days.
    let between = files.authority.intermediate("between").unwrap();
    let terms = Terms {
        ends: 365 * DAY,
        ..Terms::new(&["localhost"])
    };
    let signed = between.issue(&terms).unwrap();
    let chained = signed.write(files.folder.path(), "chained").unwrap();
    let server = Server::new(&with(&files, chained)).unwrap();
    let left = server.expires().duration_since(SystemTime::now()).unwrap();
    assert!(left <= Duration::from_secs(180 * DAY as u64));
}

#[test]
fn a_server_without_a_certificate_is_not_made() {
    let sentence = refusal(&ServerOptions::default());
    assert_eq!(sentence, "TLS needs a certificate");
}

#[test]
fn a_client_with_a_bad_file_is_not_made() {
    let files = Files::new();
    let missing = files.folder.path().join("missing");
    let (certificate, key) = files.pair("good", &Terms::new(&["client.example"]));
    let refusal = |options: ClientOptions| Client::new(&options).expect_err("a refusal");
    let sentence = refusal(ClientOptions {
        authorities: Some(missing.clone()),
        ..ClientOptions::default()
    });
    let begins = "cannot read the authorities' certificates";
    says(&sentence, begins, &missing, "No such file");
    let sentence = refusal(ClientOptions {
        certificate: Some((certificate.clone(), missing.clone())),
        ..ClientOptions::default()
    });
    says(&sentence, "cannot read the key", &missing, "No such file");
    let sentence = refusal(ClientOptions {
        certificate: Some((missing.clone(), key)),
        ..ClientOptions::default()
    });
    says(&sentence, "cannot use the certificate", &missing, "");
}
