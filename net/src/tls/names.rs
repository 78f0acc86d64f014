//! The names in certificates (subject alternative names, RFC 5280, 4.2.1.6).

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

/// Every name of a certificate that can be on a list: hosts, addresses, URIs, mail addresses.
pub(super) fn all(certificate: &X509Ref) -> Vec<String> {
    let names = certificate.subject_alt_names();
    names.iter().flatten().filter_map(text).collect()
}

fn text(name: &GeneralNameRef) -> Option<String> {
    let text = name
        .dnsname()
        .or_else(|| name.uri())
        .or_else(|| name.email());
    text.map(str::to_owned).or_else(|| {
        let octets = name.ipaddress()?;
        let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
        let six = || <[u8; 16]>::try_from(octets).map(IpAddr::from);
        Some(four.or_else(|_| six()).ok()?.to_string())
    })
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
    use super::is_for;

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
}
