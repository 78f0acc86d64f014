//! A certificate authority in memory, for tests and measurements: what it signs is as good as the
//! real thing, and is nobody's.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
    SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Name, X509NameRef};

const HOUR: i64 = 3600;

/// What a key is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on the curve P-256.
    #[default]
    P256,
    /// RSA with 2048 bits.
    Rsa2048,
}

/// What a certificate is to say.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Subject alternative names: addresses, URIs (with `://`), mail addresses (with `@`), and all
    /// else is a host. The first is the subject's name too.
    pub names: &'a [&'a str],
    /// What its key is made for.
    pub algorithm: Algorithm,
    /// When it begins, in seconds from now.
    pub begins: i64,
    /// When it ends, in seconds from now.
    pub ends: i64,
}

impl<'a> Terms<'a> {
    /// For `names`, with a P-256 key, from an hour ago for ninety days.
    pub fn new(names: &'a [&'a str]) -> Terms<'a> {
        Terms {
            names,
            algorithm: Algorithm::P256,
            begins: -HOUR,
            ends: 90 * 24 * HOUR,
        }
    }

    /// With a key for `algorithm`.
    #[must_use]
    pub fn algorithm(self, algorithm: Algorithm) -> Terms<'a> {
        Terms { algorithm, ..self }
    }

    /// Over since an hour.
    #[must_use]
    pub fn expired(self) -> Terms<'a> {
        Terms {
            begins: -2 * HOUR,
            ends: -HOUR,
            ..self
        }
    }

    /// Valid in an hour.
    #[must_use]
    pub fn not_yet_valid(self) -> Terms<'a> {
        Terms {
            begins: HOUR,
            ..self
        }
    }
}

/// A certificate with its key, and with those between it and the authority that is trusted.
pub struct Signed {
    certificate: X509,
    key: PKey<Private>,
    between: Vec<X509>,
}

impl Signed {
    /// A certificate that only itself vouches for.
    pub fn by_itself(terms: &Terms<'_>) -> Result<Signed, ErrorStack> {
        let key = make_key(terms.algorithm)?;
        let builder = leaf(terms, &key)?;
        let subject = name(terms.names.first().copied())?;
        Ok(Signed {
            certificate: sign(builder, None, &subject, &key)?,
            key,
            between: Vec::new(),
        })
    }

    /// The certificate and those between, in PEM.
    pub fn chain_pem(&self) -> Result<Vec<u8>, ErrorStack> {
        let mut pem = self.certificate.to_pem()?;
        for certificate in &self.between {
            pem.extend(certificate.to_pem()?);
        }
        Ok(pem)
    }

    /// The key, in PEM.
    pub fn key_pem(&self) -> Result<Vec<u8>, ErrorStack> {
        self.key.private_key_to_pem_pkcs8()
    }

    /// Writes both into `folder`, as `name.pem` and `name.key`; returns the two paths.
    pub fn write(&self, folder: &Path, name: &str) -> io::Result<(PathBuf, PathBuf)> {
        let certificate = folder.join(format!("{name}.pem"));
        let key = folder.join(format!("{name}.key"));
        fs::write(&certificate, self.chain_pem()?)?;
        fs::write(&key, self.key_pem()?)?;
        Ok((certificate, key))
    }
}

/// Who signs certificates.
pub struct Authority {
    certificate: X509,
    key: PKey<Private>,
    between: Vec<X509>,
}

impl Authority {
    /// An authority that only itself vouches for.
    pub fn new(subject: &str) -> Result<Authority, ErrorStack> {
        let key = make_key(Algorithm::P256)?;
        let subject = name(Some(subject))?;
        Ok(Authority {
            certificate: sign(authority(&key)?, None, &subject, &key)?,
            key,
            between: Vec::new(),
        })
    }

    /// An authority that this one vouches for.
    pub fn intermediate(&self, subject: &str) -> Result<Authority, ErrorStack> {
        let key = make_key(Algorithm::P256)?;
        let subject = name(Some(subject))?;
        let certificate = self.sign(authority(&key)?, &subject)?;
        let mut between = vec![certificate.clone()];
        between.extend(self.between.iter().cloned());
        Ok(Authority {
            certificate,
            key,
            between,
        })
    }

    /// A certificate for servers and clients alike.
    pub fn issue(&self, terms: &Terms<'_>) -> Result<Signed, ErrorStack> {
        let key = make_key(terms.algorithm)?;
        let subject = name(terms.names.first().copied())?;
        Ok(Signed {
            certificate: self.sign(leaf(terms, &key)?, &subject)?,
            key,
            between: self.between.clone(),
        })
    }

    /// Writes its certificate into `folder`, as `name.pem`; returns the path.
    pub fn write(&self, folder: &Path, name: &str) -> io::Result<PathBuf> {
        let path = folder.join(format!("{name}.pem"));
        fs::write(&path, self.certificate.to_pem()?)?;
        Ok(path)
    }

    fn sign(&self, builder: X509Builder, subject: &X509NameRef) -> Result<X509, ErrorStack> {
        sign(builder, Some(&self.certificate), subject, &self.key)
    }
}

fn make_key(algorithm: Algorithm) -> Result<PKey<Private>, ErrorStack> {
    match algorithm {
        Algorithm::P256 => {
            let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
            PKey::from_ec_key(EcKey::generate(&group)?)
        }
        Algorithm::Rsa2048 => PKey::from_rsa(Rsa::generate(2048)?),
    }
}

fn name(common: Option<&str>) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    if let Some(common) = common {
        name.append_entry_by_nid(Nid::COMMONNAME, common)?;
    }
    Ok(name.build())
}

/// What all certificates have, save the subject and the signature.
fn begin(key: &PKey<Private>, begins: i64, ends: i64) -> Result<X509Builder, ErrorStack> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0));
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::MAYBE_ZERO, false)?;
    let mut builder = X509Builder::new()?;
    // Version 3, which counts from 0.
    builder.set_version(2)?;
    let serial = Asn1Integer::from_bn(&serial)?;
    builder.set_serial_number(&serial)?;
    let begins = Asn1Time::from_unix(now + begins)?;
    builder.set_not_before(&begins)?;
    let ends = Asn1Time::from_unix(now + ends)?;
    builder.set_not_after(&ends)?;
    builder.set_pubkey(key)?;
    Ok(builder)
}

fn authority(key: &PKey<Private>) -> Result<X509Builder, ErrorStack> {
    let mut builder = begin(key, -HOUR, 180 * 24 * HOUR)?;
    builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    let usage = KeyUsage::new().critical().key_cert_sign().build()?;
    builder.append_extension(usage)?;
    Ok(builder)
}

fn leaf(terms: &Terms<'_>, key: &PKey<Private>) -> Result<X509Builder, ErrorStack> {
    let mut builder = begin(key, terms.begins, terms.ends)?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    let mut usage = KeyUsage::new();
    usage.critical().digital_signature().key_encipherment();
    builder.append_extension(usage.build()?)?;
    let usage = ExtendedKeyUsage::new()
        .server_auth()
        .client_auth()
        .build()?;
    builder.append_extension(usage)?;
    let mut names = SubjectAlternativeName::new();
    for name in terms.names {
        match name {
            name if name.parse::<IpAddr>().is_ok() => names.ip(name),
            name if name.contains("://") => names.uri(name),
            name if name.contains('@') => names.email(name),
            name => names.dns(name),
        };
    }
    if !terms.names.is_empty() {
        let names = names.build(&builder.x509v3_context(None, None))?;
        builder.append_extension(names)?;
    }
    Ok(builder)
}

/// Names both sides and signs. No issuer: it is the subject itself.
fn sign(
    mut builder: X509Builder,
    issuer: Option<&X509>,
    subject: &X509NameRef,
    key: &PKey<Private>,
) -> Result<X509, ErrorStack> {
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer.map_or(subject, |issuer| issuer.subject_name()))?;
    // Two authorities may bear one name; by these OpenSSL, and Python's strict checks, tell them
    // apart.
    let context = builder.x509v3_context(issuer.map(|issuer| &**issuer), None);
    let identifier = SubjectKeyIdentifier::new().build(&context)?;
    builder.append_extension(identifier)?;
    if let Some(issuer) = issuer {
        let context = builder.x509v3_context(Some(issuer), None);
        let identifier = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        builder.append_extension(identifier)?;
    }
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}
