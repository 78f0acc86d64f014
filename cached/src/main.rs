//! `cached`, a cache server that speaks the memcached protocol.

use std::process::ExitCode;

fn main() -> ExitCode {
    cached::run(std::env::args_os())
}
