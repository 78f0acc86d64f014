//! Certificates and keys as they are in files, all PEM.

use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey};
use openssl::ssl::SslContextBuilder;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509Name, X509Ref};

use super::names;

/// What is known of a certificate from its file.
pub(super) struct Identity {
    /// The hosts it is for, sorted.
    pub(super) hosts: Vec<String>,
    /// Its key's algorithm.
    pub(super) algorithm: Id,
    /// When it ends, or the first of its chain does.
    pub(super) expires: SystemTime,
}

/// Looks into the file of a certificate and its chain. Fails with a sentence.
pub(super) fn identify(path: &Path) -> Result<Identity, String> {
    let unusable = |error| about(path, "cannot use the certificate", said(&error));
    let chain = certificates(path, "certificate")?;
    let mut expires = None;
    for certificate in &chain {
        let ends = time(certificate.not_after()).map_err(unusable)?;
        expires = Some(expires.map_or(ends, |least: SystemTime| least.min(ends)));
    }
    let (Some(leaf), Some(expires)) = (chain.first(), expires) else {
        return Err(about(
            path,
            "cannot use the certificate",
            "there is none in PEM",
        ));
    };
    Ok(Identity {
        hosts: names::hosts(leaf),
        algorithm: leaf.public_key().map_err(unusable)?.id(),
        expires,
    })
}

/// Gives a certificate, its chain and its key to `context`, beside those of other algorithms that it
/// has. Fails with a sentence.
pub(super) fn give(
    context: &mut SslContextBuilder,
    certificate: &Path,
    key: &Path,
) -> Result<(), String> {
    context
        .set_certificate_chain_file(certificate)
        .map_err(|error| about(certificate, "cannot use the certificate", said(&error)))?;
    let unusable = |error| about(key, "cannot use the key", said(&error));
    // An empty passphrase: nobody is there to be asked for one.
    let secret =
        PKey::private_key_from_pem_passphrase(&read(key, "key")?, b"").map_err(unusable)?;
    // OpenSSL would take the key of another certificate that it has.
    let chain = certificates(certificate, "certificate")?;
    let public = chain.first().map(|leaf| leaf.public_key());
    let public = public.transpose().map_err(unusable)?;
    if !public.is_some_and(|public| public.public_eq(&secret)) {
        let why = format!("it is not that of {}", certificate.display());
        return Err(about(key, "cannot use the key", why));
    }
    context.set_private_key(&secret).map_err(unusable)
}

/// Trusts the authorities in `path`, and nobody else. Returns their names, which a server tells its
/// clients. Fails with a sentence.
pub(super) fn trust(
    context: &mut SslContextBuilder,
    path: &Path,
) -> Result<Stack<X509Name>, String> {
    let unusable = |error| about(path, "cannot use the authorities in", said(&error));
    let mut names = Stack::new().map_err(unusable)?;
    let mut store = X509StoreBuilder::new().map_err(unusable)?;
    for authority in certificates(path, "authorities' certificates")? {
        let name = authority.subject_name().to_owned().map_err(unusable)?;
        names.push(name).map_err(unusable)?;
        store.add_cert(authority).map_err(unusable)?;
    }
    if names.is_empty() {
        return Err(about(
            path,
            "cannot use the authorities in",
            "there are none in PEM",
        ));
    }
    context.set_cert_store(store.build());
    Ok(names)
}

/// Reads the lines of a file, without comments, which begin with `#`, and empty ones.
pub(super) fn lines(path: &Path, what: &str) -> Result<Vec<String>, String> {
    let text = String::from_utf8(read(path, what)?)
        .map_err(|_| about(path, &format!("cannot use the {what}"), "it is not text"))?;
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
}

fn certificates(path: &Path, what: &str) -> Result<Vec<X509>, String> {
    X509::stack_from_pem(&read(path, what)?)
        .map_err(|error| about(path, &format!("cannot use the {what}"), said(&error)))
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| about(path, &format!("cannot read the {what}"), error))
}

fn about(path: &Path, what: &str, why: impl Display) -> String {
    format!("{what} {}: {why}", path.display())
}

/// What OpenSSL says of the first thing that went wrong.
pub(super) fn said(error: &ErrorStack) -> String {
    let first = error.errors().first();
    let reason = first.and_then(openssl::error::Error::reason);
    reason.unwrap_or("OpenSSL does not say why").to_owned()
}

fn time(time: &Asn1TimeRef) -> Result<SystemTime, ErrorStack> {
    let left = Asn1Time::from_unix(0)?.diff(time)?;
    let seconds = i64::from(left.days) * 86400 + i64::from(left.secs);
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// Whether a certificate has ended.
pub(super) fn is_over(certificate: &X509Ref) -> bool {
    time(certificate.not_after()).is_ok_and(|ends| ends <= SystemTime::now())
}

#[cfg(test)]
mod tests {
    use crate::tls::authority::{Algorithm, Signed, Terms};
    use crate::tls::{Server, ServerOptions};

    #[test]
    fn a_key_given_twice_would_leave_a_certificate_without_one() {
        let folder = tempfile::tempdir().unwrap();
        let pair = |name, algorithm| {
            let terms = Terms::new(&["localhost"]).algorithm(algorithm);
            let signed = Signed::by_itself(&terms).unwrap();
            signed.write(folder.path(), name).unwrap()
        };
        let (rsa, mut p256) = (
            pair("rsa", Algorithm::Rsa2048),
            pair("p256", Algorithm::P256),
        );
        p256.1.clone_from(&rsa.1);
        let refusal = Server::new(&ServerOptions {
            certificates: vec![rsa, p256],
            ..ServerOptions::default()
        });
        let refusal = refusal.err().unwrap();
        assert!(refusal.contains("it is not that of"), "{refusal}");
    }
}
