//! The names in certificates (subject alternative names, RFC 5280, 4.2.1.6).

use std::fmt;
use std::net::IpAddr;

use openssl::x509::{GeneralNameRef, X509Ref};

/// The hosts a certificate is for, in lower case, sorted.
pub(super) fn hosts(certificate: &X509Ref) -> Vec<String> {
    let names = certificate.subject_alt_names();
    let names = names.iter().flatten().filter_map(GeneralNameRef::dnsname);
    let mut hosts: Vec<_> = names.map(str::to_ascii_lowercase).collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

/// A name of a certificate that can be on a list, or one that is. One kind of name is no other,
/// whatever it looks like: who may sign for hosts may not for mail addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Host(String),
    Address(IpAddr),
    Uri(String),
    Mail(String),
}

impl Name {
    /// A line of a list.
    pub(super) fn parse(line: &str) -> Name {
        let text = line.to_owned();
        match line.parse() {
            Ok(address) => Name::Address(address),
            Err(_) if line.contains(':') => Name::Uri(text),
            Err(_) if line.contains('@') => Name::Mail(text),
            Err(_) => Name::Host(text),
        }
    }

    /// Whether a list with this name means `name`, of a certificate.
    pub(super) fn allows(&self, name: &Name) -> bool {
        match (self, name) {
            (Name::Host(allowed), Name::Host(host)) => is_for(allowed, host),
            _ => self == name,
        }
    }

    fn of(name: &GeneralNameRef) -> Option<Name> {
        let text = |text: &str| text.to_owned();
        let address = || {
            let octets = name.ipaddress()?;
            let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
            four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
                .ok()
        };
        let host = name.dnsname().map(text).map(Name::Host);
        host.or_else(|| name.uri().map(text).map(Name::Uri))
            .or_else(|| name.email().map(text).map(Name::Mail))
            .or_else(|| address().map(Name::Address))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Host(text) | Name::Uri(text) | Name::Mail(text) => f.write_str(text),
            Name::Address(address) => address.fmt(f),
        }
    }
}

/// The names of a certificate that can be on a list.
pub(super) fn all(certificate: &X509Ref) -> Vec<Name> {
    let names = certificate.subject_alt_names();
    names.iter().flatten().filter_map(Name::of).collect()
}

/// Whether `name`, of a certificate, is `wanted`. Hosts' case tells nothing; a `*` stands for the
/// first label of a host (RFC 6125, 6.4.3).
pub(super) fn is_for(name: &str, wanted: &str) -> bool {
    if name.eq_ignore_ascii_case(wanted) {
        return true;
    }
    match (name.strip_prefix("*."), wanted.split_once('.')) {
        (Some(domain), Some((label, rest))) => {
            !label.is_empty() && domain.eq_ignore_ascii_case(rest)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Name, is_for};

    #[test]
    fn a_wildcard_does_not_stand_for_more_than_a_label() {
        assert!(is_for("*.cache.example", "a.cache.example"));
        assert!(is_for("*.Cache.example", "A.cache.Example"));
        for other in [
            "cache.example",
            "a.b.cache.example",
            ".cache.example",
            "a.cache.examples",
        ] {
            assert!(!is_for("*.cache.example", other), "{other}");
        }
        assert!(!is_for("a.cache.example", "*.cache.example"));
    }
    #[test]
    fn a_name_of_one_kind_would_be_let_in_as_one_of_another() {
        let host = |text: &str| Name::Host(text.to_owned());
        for (line, other) in [
            ("*.example", Name::Mail("joe@cache.example".to_owned())),
            ("*.example", Name::Uri("spiffe://cache.example".to_owned())),
            ("10.1.2.3", host("10.1.2.3")),
            ("ops@example.org", host("ops@example.org")),
            ("spiffe://a/b", host("spiffe://a/b")),
            ("urn:a@b", Name::Mail("urn:a@b".to_owned())),
            ("spiffe://a/b", Name::Uri("spiffe://a/B".to_owned())),
        ] {
            assert!(!Name::parse(line).allows(&other), "{line}: {other:?}");
        }
        assert!(Name::parse("fd00::7").allows(&Name::parse("FD00:0::7")));
        assert!(Name::parse("*.example").allows(&host("Cache.Example")));
    }
}
