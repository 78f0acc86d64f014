//! Servers of the tests, and the files that they are made of.

use std::path::PathBuf;

use net::tls::authority::{Authority, Signed, Terms};
use net::tls::{ClientAuth, Server, ServerOptions};
use tempfile::TempDir;

/// An authority that all trust, and a folder for what it signs.
pub(crate) struct Files {
    pub(crate) folder: TempDir,
    pub(crate) authority: Authority,
    /// Its certificate.
    pub(crate) trusted: PathBuf,
}

impl Files {
    pub(crate) fn new() -> Files {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("the tests' authority").unwrap();
        let trusted = authority.write(folder.path(), "authority").unwrap();
        Files {
            folder,
            authority,
            trusted,
        }
    }

    /// A certificate of the authority's.
    pub(crate) fn sign(&self, terms: &Terms<'_>) -> Signed {
        self.authority.issue(terms).unwrap()
    }

    /// The files of a certificate of the authority's.
    pub(crate) fn pair(&self, file: &str, terms: &Terms<'_>) -> (PathBuf, PathBuf) {
        self.sign(terms).write(self.folder.path(), file).unwrap()
    }

    /// A file with `text`.
    pub(crate) fn text(&self, file: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(file);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A server for `localhost` that asks nobody who they are.
    pub(crate) fn options(&self) -> ServerOptions {
        let terms = Terms::new(&["localhost", "127.0.0.1"]);
        ServerOptions {
            certificates: vec![self.pair("server", &terms)],
            ..ServerOptions::default()
        }
    }

    /// As [`Files::options`], of one that does.
    pub(crate) fn asking(&self, client_auth: ClientAuth) -> ServerOptions {
        ServerOptions {
            authorities: Some(self.trusted.clone()),
            client_auth,
            ..self.options()
        }
    }

    /// As [`Files::asking`], of one that requires a certificate with a name on a list.
    pub(crate) fn listing(&self, names: &str) -> ServerOptions {
        ServerOptions {
            allowed: Some(self.text("allowed", names)),
            ..self.asking(ClientAuth::Required)
        }
    }

    /// A server for `localhost` that asks nobody who they are.
    pub(crate) fn server(&self) -> Server {
        Server::new(&self.options()).unwrap()
    }
}
