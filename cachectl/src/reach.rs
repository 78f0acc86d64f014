//! The options that say which server is meant, and how it is spoken to.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use net::tls::{Client, ClientOptions};

use crate::admin::Admin;
use crate::connection::Tls;
use crate::failure::Failure;
use crate::place::{self, Place, Server};

/// Where servers are, and how TLS is spoken with them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Reach {
    /// Unix socket of the server's admin protocol; without it, the places under FILES in cachectl(1)
    #[arg(long, value_name = "PATH", global = true)]
    socket: Vec<PathBuf>,

    /// Name or address of the server's host, for its admin protocol, the port 9999 unless given
    #[arg(long, value_name = "HOST[:PORT]", value_parser = place::admin, global = true)]
    admin: Vec<Place>,

    /// Host or unix socket of the server's clients, for what is asked as one of them; without it,
    /// 127.0.0.1, its port 11211, or 11212 with TLS, unless given
    #[arg(long, value_name = "HOST[:PORT]|PATH", value_parser = Server::parse, global = true)]
    server: Vec<Server>,

    /// Speak TLS to the hosts given, and only with a server whose certificate is good
    #[arg(long, global = true)]
    tls: bool,

    /// Who may sign the server's certificate, in PEM; whom the system trusts unless given
    #[arg(long, value_name = "FILE", global = true)]
    tls_ca: Option<PathBuf>,

    /// Certificate to show to the server, in PEM with its chain
    #[arg(long, value_name = "FILE", global = true)]
    tls_cert: Option<PathBuf>,

    /// Its key, in PEM
    #[arg(long, value_name = "FILE", global = true)]
    tls_key: Option<PathBuf>,

    /// Name that the server's certificate must have; its host unless given
    #[arg(long, value_name = "NAME", global = true)]
    tls_server_name: Option<String>,

    /// Take any server for the right one
    #[arg(long, global = true)]
    tls_insecure: bool,
}

impl Reach {
    /// The places named for operators, by `--socket` and `--admin`; none is one that nobody named.
    pub(crate) fn admins(&self) -> Result<Vec<Place>, Failure> {
        if !self.server.is_empty() {
            return Err(Failure::Usage(
                "this asks the admin protocol, and --server names none: see --socket and --admin"
                    .to_owned(),
            ));
        }
        if self.tls && self.admin.is_empty() {
            return Err(Failure::Usage(
                "TLS is spoken to a host, which --admin names".to_owned(),
            ));
        }
        let sockets = self.socket.iter().cloned().map(Place::Unix);
        let addresses = self.admin.iter().cloned();
        Ok(sockets.chain(addresses).collect())
    }

    /// Where the one server that is meant is asked by operators: the first of these places where
    /// somebody listens.
    pub(crate) fn admin(&self) -> Result<Vec<Place>, Failure> {
        let named = self.admins()?;
        match named.len() {
            0 => Ok(place::default_admin()),
            1 => Ok(named),
            _ => Err(one_server("--socket or --admin")),
        }
    }

    /// Where the one server that is meant is asked by its clients.
    pub(crate) fn server(&self) -> Result<Place, Failure> {
        if !self.socket.is_empty() || !self.admin.is_empty() {
            return Err(Failure::Usage(
                "this is asked as a client: --server names the server, not --socket or --admin"
                    .to_owned(),
            ));
        }
        let place = match &self.server[..] {
            [] => Server::local().place(self.tls),
            [server] => server.place(self.tls),
            _ => return Err(one_server("--server")),
        };
        match place {
            Place::Unix(path) if self.tls => Err(Failure::Usage(format!(
                "TLS is spoken to a host, and {} is a unix socket",
                path.display()
            ))),
            place => Ok(place),
        }
    }

    /// A connection to the one server that is meant, for its operators.
    pub(crate) fn connect(&self) -> Result<Admin, Failure> {
        Admin::connect(&self.admin()?, self.tls()?.as_ref())
    }

    /// How TLS is spoken, if it is.
    pub(crate) fn tls(&self) -> Result<Option<Tls>, Failure> {
        self.check_tls().map_err(Failure::Usage)?;
        if !self.tls {
            return Ok(None);
        }
        let options = ClientOptions {
            authorities: self.tls_ca.clone(),
            certificate: self.tls_cert.clone().zip(self.tls_key.clone()),
            insecure: self.tls_insecure,
            ..ClientOptions::default()
        };
        Ok(Some(Tls {
            client: Arc::new(Client::new(&options).map_err(Failure::Usage)?),
            server_name: self.tls_server_name.clone(),
        }))
    }

    /// Whether the options of TLS go together. The parser cannot say: one may stand before the
    /// command and the other behind it.
    fn check_tls(&self) -> Result<(), String> {
        let of_tls = [
            ("--tls-ca", self.tls_ca.is_some()),
            ("--tls-cert", self.tls_cert.is_some()),
            ("--tls-key", self.tls_key.is_some()),
            ("--tls-server-name", self.tls_server_name.is_some()),
            ("--tls-insecure", self.tls_insecure),
        ];
        match of_tls.iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) if !self.tls => return Err(format!("{option} says how --tls is")),
            _ => {}
        }
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err("--tls-cert and --tls-key go together".to_owned());
        }
        if self.tls_ca.is_some() && self.tls_insecure {
            return Err("--tls-insecure trusts anybody: --tls-ca would say nothing".to_owned());
        }
        Ok(())
    }
}

fn one_server(options: &str) -> Failure {
    Failure::Usage(format!(
        "one server can be asked at a time: give {options} once (cluster asks several)"
    ))
}
