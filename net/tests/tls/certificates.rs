//! Clients' certificates: who is let in.

use net::tls::authority::{Authority, Signed, Terms};
use net::tls::{Cause, ClientAuth, Failure, Server, ServerOptions};

use crate::peer::{Peer, VERSIONS, only};
use crate::server::Files;

/// What becomes of a client that shows `signed`, in each version.
fn outcomes(files: &Files, server: &Server, signed: Option<&Signed>) -> [Result<(), Failure>; 2] {
    VERSIONS.map(|version| {
        let mut session = match signed {
            Some(signed) => Peer::showing(files, version, signed).dial(server),
            None => Peer::of(files, version).dial(server),
        };
        assert!(session.shake().0?, "the handshake does not end");
        server.admit(&session.server)
    })
}

#[track_caller]
fn let_in(files: &Files, options: &ServerOptions, signed: Option<&Signed>) {
    let server = Server::new(options).unwrap();
    for outcome in outcomes(files, &server, signed) {
        assert_eq!(outcome, Ok(()));
    }
}

/// The client is turned away, with `cause` and a text for the log that has `words`.
#[track_caller]
fn turned_away(
    files: &Files,
    options: &ServerOptions,
    signed: Option<&Signed>,
    cause: Cause,
    words: &str,
) {
    let server = Server::new(options).unwrap();
    for outcome in outcomes(files, &server, signed) {
        let failure = outcome.expect_err("a client that is let in");
        assert_eq!(failure.cause, cause, "{failure}");
        assert!(failure.to_string().contains(words), "{failure}");
    }
}

#[test]
fn a_client_without_a_certificate_is_not_let_in_where_one_is_required() {
    let files = Files::new();
    let cause = Cause::NoCertificate;
    let required = files.asking(ClientAuth::Required);
    turned_away(&files, &required, None, cause, "certificate");
    let_in(&files, &files.asking(ClientAuth::Optional), None);
    let_in(&files, &files.asking(ClientAuth::Off), None);
}

#[test]
fn a_client_with_a_good_certificate_is_not_turned_away() {
    let files = Files::new();
    let good = files.sign(&Terms::new(&["client.example"]));
    let between = files.authority.intermediate("between").unwrap();
    let chained = between.issue(&Terms::new(&["client.example"])).unwrap();
    for client_auth in [ClientAuth::Off, ClientAuth::Optional, ClientAuth::Required] {
        let_in(&files, &files.asking(client_auth), Some(&good));
        let_in(&files, &files.asking(client_auth), Some(&chained));
    }
}

#[test]
fn a_certificate_that_is_not_good_lets_nobody_in() {
    let files = Files::new();
    let terms = Terms::new(&["client.example"]);
    let stranger = Authority::new("a stranger").unwrap();
    // Its name is that of the authority that is trusted, and its key is not.
    let impostor = Authority::new("the tests' authority").unwrap();
    for (bad, words) in [
        (files.sign(&terms.expired()), "expired"),
        (files.sign(&terms.not_yet_valid()), "not yet valid"),
        (stranger.issue(&terms).unwrap(), "local issuer"),
        (impostor.issue(&terms).unwrap(), "local issuer"),
        (Signed::by_itself(&terms).unwrap(), "self-signed"),
    ] {
        for client_auth in [ClientAuth::Optional, ClientAuth::Required] {
            let options = files.asking(client_auth);
            turned_away(&files, &options, Some(&bad), Cause::Certificate, words);
        }
        // Nobody has asked for it.
        let_in(&files, &files.asking(ClientAuth::Off), Some(&bad));
    }
}

#[test]
fn a_client_whose_names_are_not_on_the_list_is_not_let_in() {
    let files = Files::new();
    let listed = "# who may\n\n  app.example  \n*.workers.example\n10.1.2.3\nfd00::7\n\
                  spiffe://cluster/cache\nops@example.org\n";
    let options = files.listing(listed);
    for names in [
        &["app.example"][..],
        &["other.example", "APP.Example"],
        &["w1.workers.example"],
        &["*.workers.example"],
        &["10.1.2.3"],
        &["fd00::7"],
        &["spiffe://cluster/cache"],
        &["ops@example.org"],
    ] {
        let_in(&files, &options, Some(&files.sign(&Terms::new(names))));
    }
    for names in [
        &["other.example"][..],
        &["app.example.org"],
        &["workers.example"],
        &["a.b.workers.example"],
        &["*.example"],
        &["10.1.2.4"],
        &["spiffe://cluster/cache/more"],
        &["# who may"],
        &[],
    ] {
        let signed = files.sign(&Terms::new(names));
        let words = names.first().copied().unwrap_or("none of its names");
        turned_away(&files, &options, Some(&signed), Cause::Name, words);
    }
}

#[test]
fn a_name_on_the_list_does_not_make_a_bad_certificate_good() {
    let files = Files::new();
    let options = files.listing("app.example\n");
    let bad = Signed::by_itself(&Terms::new(&["app.example"])).unwrap();
    let cause = Cause::Certificate;
    turned_away(&files, &options, Some(&bad), cause, "self-signed");
}

#[test]
fn an_empty_list_does_not_let_all_in() {
    let files = Files::new();
    let options = files.listing("# nobody yet\n");
    let good = files.sign(&Terms::new(&["app.example"]));
    turned_away(&files, &options, Some(&good), Cause::Name, "app.example");
}

#[test]
fn a_client_does_not_choose_its_rules_by_the_host_it_names() {
    let files = Files::new();
    let mut options = files.listing("app.example\n");
    let other = files.pair("other", &Terms::new(&["other.example"]));
    options.certificates.push(other);
    let server = Server::new(&options).unwrap();
    let unlisted = files.sign(&Terms::new(&["client.example"]));
    for version in VERSIONS {
        let mut none = Peer::of(&files, version).dial_as(&server, Some("other.example"));
        assert_eq!(none.failure().cause, Cause::NoCertificate);
        let peer = Peer::showing(&files, version, &unlisted);
        let mut session = peer.dial_as(&server, Some("other.example"));
        session.settle();
        let failure = server.admit(&session.server).unwrap_err();
        assert_eq!(failure.cause, Cause::Name);
        let bad = Signed::by_itself(&Terms::new(&["app.example"])).unwrap();
        let peer = Peer::with(&files, |builder| {
            only(builder, version);
            crate::peer::show(builder, &bad);
        });
        let mut session = peer.dial_as(&server, Some("other.example"));
        assert_eq!(session.failure().cause, Cause::Certificate);
    }
}
