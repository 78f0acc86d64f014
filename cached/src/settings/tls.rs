//! The settings of TLS, and what must hold between them.

use std::path::PathBuf;
use std::time::Duration;

use net::tls::{ClientAuth, ServerOptions, Version};

use super::address::Address;
use super::config::Config;

/// What `[tls]` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tls {
    /// Addresses to serve TLS on; empty: none.
    pub(crate) listen: Vec<Address>,
    pub(crate) certificates: Vec<PathBuf>,
    /// One for each certificate.
    pub(crate) keys: Vec<PathBuf>,
    /// Who signs clients' certificates.
    pub(crate) authorities: Option<PathBuf>,
    pub(crate) client_auth: ClientAuth,
    /// The names of which a client's certificate must have one.
    pub(crate) allowed: Option<PathBuf>,
    pub(crate) min_version: Version,
    /// Of TLS 1.2.
    pub(crate) ciphers: Option<String>,
    /// Of TLS 1.3.
    pub(crate) ciphersuites: Option<String>,
    /// How long a handshake may take.
    pub(crate) handshake_timeout: Duration,
    /// Handshakes at a time.
    pub(crate) handshakes: usize,
}

impl Default for Tls {
    fn default() -> Tls {
        Tls {
            listen: Vec::new(),
            certificates: Vec::new(),
            keys: Vec::new(),
            authorities: None,
            client_auth: ClientAuth::Off,
            allowed: None,
            min_version: Version::Tls12,
            ciphers: None,
            ciphersuites: None,
            handshake_timeout: Duration::from_secs(5),
            handshakes: 256,
        }
    }
}

impl Tls {
    /// The port of the addresses that name none.
    pub(crate) const PORT: u16 = 11212;

    /// Checks the settings against each other, once it is known that TLS is spoken somewhere.
    fn settle(&self) -> Result<(), String> {
        if self.certificates.is_empty() {
            return Err("TLS needs a certificate: give --tls-cert and --tls-key".to_owned());
        }
        let (certificates, keys) = (self.certificates.len(), self.keys.len());
        if certificates != keys {
            return Err(format!(
                "--tls-cert names {certificates} files and --tls-key {keys}: each certificate \
                 needs its key, in the same order"
            ));
        }
        let asks = self.client_auth != ClientAuth::Off;
        if asks && self.authorities.is_none() {
            return Err(
                "--tls-client-auth needs --tls-ca, the certificates of who signs the clients'"
                    .to_owned(),
            );
        }
        for (flag, given) in [
            ("--tls-ca", self.authorities.is_some()),
            ("--tls-allowed-names", self.allowed.is_some()),
        ] {
            if given && !asks {
                return Err(format!(
                    "{flag} has no effect while clients are not asked for certificates: give \
                     --tls-client-auth required or optional"
                ));
            }
        }
        if self.ciphers.is_some() && self.min_version == Version::Tls13 {
            return Err(
                "--tls-ciphers has no effect with --tls-min-version 1.3: it is about TLS 1.2"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

impl Config {
    /// TLS is spoken somewhere.
    pub(crate) fn has_tls(&self) -> bool {
        !self.tls.listen.is_empty() || self.admin_tls
    }

    /// What the server's side of TLS is made of; `None`: TLS is not spoken.
    pub(crate) fn tls_options(&self) -> Option<ServerOptions> {
        let tls = &self.tls;
        let pairs = tls
            .certificates
            .iter()
            .cloned()
            .zip(tls.keys.iter().cloned());
        self.has_tls().then(|| ServerOptions {
            certificates: pairs.collect(),
            authorities: tls.authorities.clone(),
            client_auth: tls.client_auth,
            allowed: tls.allowed.clone(),
            min_version: tls.min_version,
            ciphers: tls.ciphers.clone(),
            ciphersuites: tls.ciphersuites.clone(),
        })
    }

    /// Checks what is said of TLS, and of the admin address, which it may protect.
    pub(super) fn settle_tls(&self) -> Result<(), String> {
        if self.admin_tls && self.admin.is_none() {
            return Err("--admin-tls has no effect without --admin".to_owned());
        }
        if let Some(address) = self.admin
            && !address.ip().is_loopback()
            && !(self.admin_tls && self.tls.client_auth == ClientAuth::Required)
        {
            return Err(format!(
                "--admin must be a loopback address, not {}: whoever reaches it may ask anything. \
                 Beyond this machine it needs --admin-tls and --tls-client-auth required",
                address.ip()
            ));
        }
        if self.has_tls() {
            self.tls.settle()?;
        }
        Ok(())
    }
}
