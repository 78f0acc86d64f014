//! TLS in one process: servers, and clients as OpenSSL makes them, over pipes of bytes.

mod causes;
mod certificates;
mod files;
mod handshakes;
mod hosts;
mod ours;
mod peer;
mod pipe;
mod records;
mod resumption;
mod server;
