//! The server's side: certificates, whom it lets in, and what its sessions share.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use openssl::error::ErrorStack;
use openssl::pkey::Id;
use openssl::ssl::{
    NameType, SniError, Ssl, SslAcceptor, SslAcceptorBuilder, SslContext, SslMethod, SslOptions,
    SslRef, SslSessionCacheMode, SslVerifyMode,
};

use super::credentials::{self, Identity, said};
use super::failure::{Cause, Failure};
use super::names::Name;
use super::stream::Stream;
use super::{Version, names};

/// What clients are asked to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// Nothing.
    #[default]
    Off,
    /// A certificate, if they have one.
    Optional,
    /// A certificate.
    Required,
}

/// What a server's TLS is made of. Files are PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerOptions {
    /// Certificates with their chains, and their keys. The first is for clients that name no host,
    /// or one that none is for.
    pub certificates: Vec<(PathBuf, PathBuf)>,
    /// Who signs clients' certificates.
    pub authorities: Option<PathBuf>,
    /// What clients are asked to show.
    pub client_auth: ClientAuth,
    /// A file with a name a line, of which a client's certificate must have one among its subject
    /// alternative names: an address, a URI (with a `:`), a mail address (with an `@`), or else a
    /// host, where `*.` at the front stands for any one label.
    pub allowed: Option<PathBuf>,
    /// The oldest version that is spoken.
    pub min_version: Version,
    /// Ciphers of TLS 1.2, as OpenSSL writes them (ciphers(1)); Mozilla's intermediate
    /// recommendation unless given.
    pub ciphers: Option<String>,
    /// Ciphers of TLS 1.3, likewise.
    pub ciphersuites: Option<String>,
}

impl ServerOptions {
    /// All files that are read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let pairs = self.certificates.iter();
        let pairs = pairs.flat_map(|(certificate, key)| [certificate, key]);
        let others = [&self.authorities, &self.allowed];
        pairs
            .chain(others.into_iter().flatten())
            .map(PathBuf::as_path)
    }
}

/// The server's side of all sessions. It has keys of its own for session tickets: those of another
/// one are not resumed, their clients make a full handshake.
pub struct Server {
    /// The first is used until the client has named its host.
    context: SslContext,
    client_auth: ClientAuth,
    /// `None`: all whose certificates are good.
    allowed: Option<Vec<Name>>,
    expires: SystemTime,
    expires_first: PathBuf,
}

/// Certificates for the same hosts, one of each algorithm.
struct Site<'a> {
    hosts: Vec<String>,
    algorithms: Vec<Id>,
    files: Vec<&'a (PathBuf, PathBuf)>,
}

impl Server {
    /// Reads the files. Fails with a sentence, which names the file.
    pub fn new(options: &ServerOptions) -> Result<Server, String> {
        let (sites, (expires, expires_first)) = sites(&options.certificates)?;
        let allowed = options.allowed.as_deref().map(|path| {
            let lines = credentials::lines(path, "list of allowed names")?;
            Ok::<_, String>(lines.iter().map(|line| Name::parse(line)).collect())
        });
        let mut contexts = Vec::with_capacity(sites.len());
        for site in &sites {
            contexts.push((site.hosts.clone(), context(options, site)?));
        }
        let mut contexts = contexts.into_iter();
        let (_, mut first) = contexts.next().ok_or("TLS needs a certificate")?;
        let others: Vec<_> = contexts
            .map(|(hosts, context)| (hosts, context.build().into_context()))
            .collect();
        if !others.is_empty() {
            let hosts = sites.first().map(|site| site.hosts.clone());
            let hosts = hosts.unwrap_or_default();
            first.set_servername_callback(move |ssl, _| choose(ssl, &hosts, &others));
        }
        Ok(Server {
            context: first.build().into_context(),
            client_auth: options.client_auth,
            allowed: allowed.transpose()?,
            expires,
            expires_first: expires_first.to_owned(),
        })
    }

    /// When the first of its certificates ends, or one of a chain.
    pub fn expires(&self) -> SystemTime {
        self.expires
    }

    /// The file of the one that does.
    pub fn expires_first(&self) -> &Path {
        &self.expires_first
    }

    /// A session over `stream`, before its handshake.
    pub fn open<S: Read + Write>(&self, stream: S) -> Result<Stream<S>, Failure> {
        let opened = Ssl::new(&self.context).and_then(|mut ssl| {
            ssl.set_accept_state();
            Stream::new(ssl, stream)
        });
        opened.map_err(|error| Failure::new(Cause::Other, said(&error)))
    }

    /// Whether the client of a complete handshake is let in. A resumed session brings the
    /// certificate of its first handshake, which may be over by now, or off the list.
    pub fn admit<S: Read + Write>(&self, stream: &Stream<S>) -> Result<(), Failure> {
        let certificate = match (self.client_auth, stream.ssl().peer_certificate()) {
            (ClientAuth::Off, _) | (ClientAuth::Optional, None) => return Ok(()),
            (ClientAuth::Required, None) => {
                return Err(Failure::new(Cause::NoCertificate, "no certificate"));
            }
            (_, Some(certificate)) => certificate,
        };
        if credentials::is_over(&certificate) {
            let detail = "the peer's certificate: certificate has expired";
            return Err(Failure::new(Cause::Certificate, detail));
        }
        let Some(allowed) = &self.allowed else {
            return Ok(());
        };
        let names = names::all(&certificate);
        let is_allowed = |name: &Name| allowed.iter().any(|allowed| allowed.allows(name));
        if names.iter().any(is_allowed) {
            return Ok(());
        }
        let names: Vec<_> = names.iter().map(Name::to_string).collect();
        let detail = format!("none of its names is on the list: {}", names.join(", "));
        Err(Failure::new(Cause::Name, detail))
    }
}

/// When a certificate ends, and its file.
type End<'a> = (SystemTime, &'a Path);

/// Sorts certificates by the hosts they are for. Returns also which ends first.
fn sites(files: &[(PathBuf, PathBuf)]) -> Result<(Vec<Site<'_>>, End<'_>), String> {
    let mut sites: Vec<Site<'_>> = Vec::new();
    let mut earliest: Option<End<'_>> = None;
    for pair in files {
        let identity = credentials::identify(&pair.0)?;
        let end = (identity.expires, pair.0.as_path());
        earliest = Some(earliest.map_or(end, |first| first.min(end)));
        let Some(site) = sites.iter_mut().find(|site| site.hosts == identity.hosts) else {
            sites.push(Site::new(identity, pair));
            continue;
        };
        if site.algorithms.contains(&identity.algorithm) {
            return Err(format!(
                "cannot use the certificate {}: another one with the same kind of key is for the same hosts",
                pair.0.display()
            ));
        }
        site.algorithms.push(identity.algorithm);
        site.files.push(pair);
    }
    Ok((sites, earliest.ok_or("TLS needs a certificate")?))
}

impl<'a> Site<'a> {
    fn new(identity: Identity, pair: &'a (PathBuf, PathBuf)) -> Site<'a> {
        Site {
            hosts: identity.hosts,
            algorithms: vec![identity.algorithm],
            files: vec![pair],
        }
    }
}

/// What sessions of one site share.
fn context(options: &ServerOptions, site: &Site<'_>) -> Result<SslAcceptorBuilder, String> {
    let mut context = base(options).map_err(|error| format!("cannot use TLS: {}", said(&error)))?;
    if let Some(ciphers) = &options.ciphers {
        context
            .set_cipher_list(ciphers)
            .map_err(|_| format!("OpenSSL knows none of the ciphers '{ciphers}'"))?;
    }
    if let Some(suites) = &options.ciphersuites {
        context
            .set_ciphersuites(suites)
            .map_err(|_| format!("OpenSSL does not know all of the cipher suites '{suites}'"))?;
    }
    for (certificate, key) in &site.files {
        credentials::give(&mut context, certificate, key)?;
    }
    if let Some(path) = &options.authorities {
        let names = credentials::trust(&mut context, path)?;
        context.set_client_ca_list(names);
    }
    context.set_verify(match options.client_auth {
        ClientAuth::Off => SslVerifyMode::NONE,
        ClientAuth::Optional => SslVerifyMode::PEER,
        ClientAuth::Required => SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
    });
    Ok(context)
}

/// Mozilla's intermediate recommendation, tuned for many small requests on sessions that last.
fn base(options: &ServerOptions) -> Result<SslAcceptorBuilder, ErrorStack> {
    let mut context = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    context.set_min_proto_version(Some(options.min_version.into()))?;
    context.set_options(SslOptions::NO_RENEGOTIATION);
    // Without it each record costs two calls of the system, for its head and its body.
    context.set_read_ahead(true);
    // Tickets keep sessions with the clients; a cache here would have a bound, a lock and a cost.
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_session_id_context(b"cached")?;
    // OpenSSL would send two.
    context.set_num_tickets(1)?;
    Ok(context)
}

/// Takes the certificates that are for the host which the client names. Nobody is turned away for a
/// name: a client that minds will see whose certificate it gets.
fn choose(
    ssl: &mut SslRef,
    first: &[String],
    others: &[(Vec<String>, SslContext)],
) -> Result<(), SniError> {
    let Some(host) = ssl.servername(NameType::HOST_NAME).map(str::to_owned) else {
        return Ok(());
    };
    let is_for = |hosts: &[String]| hosts.iter().any(|name| names::is_for(name, &host));
    if is_for(first) {
        return Ok(());
    }
    match others.iter().find(|(hosts, _)| is_for(hosts)) {
        Some((_, context)) => ssl
            .set_ssl_context(context)
            .map_err(|_| SniError::ALERT_FATAL),
        None => Ok(()),
    }
}
