//! The commands of a client.

use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{bigkeys, dump};
use crate::arguments::Data;
use crate::data::{self, Client, Line};
use crate::failure::Failure;
use crate::reach::Reach;

/// Does what `command` says.
pub(super) fn run(command: &Data, reach: &Reach, json: bool) -> Result<(), Failure> {
    let connect = || Client::connect(reach);
    match command {
        Data::Get { key } => data::get(&mut connect()?, key, json),
        Data::Set {
            key,
            value,
            file,
            terms,
        } => {
            let value = match value {
                Some(value) => value.as_bytes().to_vec(),
                None => read(file.as_deref())?,
            };
            data::set(&mut connect()?, key, &value, terms, json)
        }
        Data::Delete { key } => data::change(&mut connect()?, data::DELETE, key, "", json),
        Data::Touch { key, ttl } => {
            data::change(&mut connect()?, data::TOUCH, key, &format!(" {ttl}"), json)
        }
        Data::Incr { key, by } => data::count(&mut connect()?, "incr", key, *by, json),
        Data::Decr { key, by } => data::count(&mut connect()?, "decr", key, *by, json),
        Data::Meta { words, file } => {
            let line = Line::of(words).map_err(Failure::Usage)?;
            let value = match line.value {
                Some(length) => exactly(length, read(file.as_deref())?)?,
                None => Vec::new(),
            };
            data::meta(&mut connect()?, &line, &value)
        }
        Data::Dump { prefix, limit } => dump::run(&prefix.0, *limit, reach, json),
        Data::Bigkeys { prefix, count } => bigkeys::run(&prefix.0, *count, reach, json),
    }
}

/// What is in `file`, or comes from standard input.
fn read(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let mut value = Vec::new();
    match file {
        Some(path) if path != "-" => {
            value = fs::read(path)
                .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        }
        _ => {
            let read = io::stdin().read_to_end(&mut value);
            read.map_err(|error| Failure::Usage(format!("standard input: {error}")))?;
        }
    }
    Ok(value)
}

fn exactly(length: usize, value: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if value.len() == length {
        return Ok(value);
    }
    Err(Failure::Usage(format!(
        "the line says that the value has {length} bytes, and it has {}",
        value.len()
    )))
}
