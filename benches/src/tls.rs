//! TLS, as a load speaks it, and certificates for servers that are started.

use std::fs::{self, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use clap::Args;
use net::tls::authority::{Signed, Terms};
use net::tls::{Client, ClientOptions, Stream, Ticket};
use tempfile::TempDir;

use crate::Error;

/// How a server is spoken to in TLS, and the flags that ask for it.
#[derive(Args, Clone, Debug, Default)]
pub struct TlsFlags {
    /// Speak TLS
    #[arg(long, conflicts_with = "start")]
    pub tls: bool,

    /// Who signs the server's certificate, PEM; default: whom the system trusts
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub tls_ca: Option<PathBuf>,

    /// Certificate to show the server, with its chain, PEM
    #[arg(long, value_name = "FILE", requires_all = ["tls", "tls_key"])]
    pub tls_cert: Option<PathBuf>,

    /// Key of the certificate, PEM
    #[arg(long, value_name = "FILE", requires_all = ["tls", "tls_cert"])]
    pub tls_key: Option<PathBuf>,

    /// Host that the server's certificate must be for; default: that of --server
    #[arg(long, value_name = "NAME", requires = "tls")]
    pub tls_server_name: Option<String>,

    /// Take whichever certificate the server has
    #[arg(long, requires = "tls", conflicts_with_all = ["tls_ca", "tls_server_name"])]
    pub tls_insecure: bool,
}

/// A client of one server.
#[derive(Debug)]
pub struct Tls {
    client: Client,
    /// The host that the server is to be.
    name: String,
}

impl Tls {
    /// As the flags say, of a server that was named by `host`.
    pub fn new(flags: &TlsFlags, host: &str) -> Result<Self, Error> {
        let options = ClientOptions {
            authorities: flags.tls_ca.clone(),
            certificate: flags.tls_cert.clone().zip(flags.tls_key.clone()),
            insecure: flags.tls_insecure,
            ..ClientOptions::default()
        };
        Ok(Self {
            client: Client::new(&options).map_err(Error::Usage)?,
            name: flags.tls_server_name.as_deref().unwrap_or(host).to_owned(),
        })
    }

    /// For a server that this program has started itself, whose certificate nobody signed.
    pub fn unverified(host: &str) -> Result<Self, Error> {
        let flags = TlsFlags {
            tls_insecure: true,
            ..TlsFlags::default()
        };
        Self::new(&flags, host)
    }

    /// A session before its handshake, which goes on with an earlier one if a ticket is offered and
    /// the server takes it.
    pub fn open<S: Read + Write>(
        &self,
        stream: S,
        ticket: Option<&Ticket>,
    ) -> io::Result<Stream<S>> {
        let opened = match ticket {
            Some(ticket) => self.client.resume(stream, &self.name, ticket),
            None => self.client.open(stream, &self.name),
        };
        opened.map_err(io::Error::other)
    }
}

/// A certificate for this machine that nobody signed, ECDSA on P-256, and its key, in files that are
/// gone with it.
#[derive(Debug)]
pub struct Certificate {
    /// The certificate, PEM.
    pub certificate: PathBuf,
    /// The key, PEM.
    pub key: PathBuf,
    _removes_itself: TempDir,
}

impl Certificate {
    /// Makes one. A server started by root may have another user when it reads the files, so all may.
    pub fn new() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o711))?;
        let signed = Signed::by_itself(&Terms::new(&["127.0.0.1", "localhost"]))?;
        let (certificate, key) = signed.write(folder.path(), "server")?;
        for file in [&certificate, &key] {
            fs::set_permissions(file, Permissions::from_mode(0o644))?;
        }
        Ok(Self {
            certificate,
            key,
            _removes_itself: folder,
        })
    }
}
