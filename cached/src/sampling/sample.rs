//! A request that was looked at, in a record of fixed size.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use net::{Condition, Error, Header, KEY_MAX, Reply, Request, Side, Way};

/// What a request asks for, as it is logged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'r> {
    /// The classic command that does the same.
    pub(crate) command: &'static str,
    /// `None`: it concerns no item.
    pub(crate) key: Option<&'r [u8]>,
    /// Bytes of the value it brings.
    pub(crate) brought: usize,
}

impl<'r> Asked<'r> {
    pub(crate) fn of(request: &Request<'r>) -> Asked<'r> {
        let (command, key) = match *request {
            Request::Store { ref header, .. } => return Asked::to_store(header),
            Request::Get(get) if get.touch.is_some() => ("gat", Some(get.key)),
            Request::Get(get) => ("get", Some(get.key)),
            // Which one it was is not told.
            Request::TooLarge { key, .. } => ("store", Some(key)),
            Request::Delete { key, .. } => ("delete", Some(key)),
            Request::Invalidate(invalidate) => ("invalidate", Some(invalidate.key)),
            Request::Arith(arith) if arith.increment => ("incr", Some(arith.key)),
            Request::Arith(arith) => ("decr", Some(arith.key)),
            Request::Touch { key, .. } => ("touch", Some(key)),
            Request::Noop => ("noop", None),
            Request::FlushAll { .. } => ("flush_all", None),
            Request::Verbosity { .. } => ("verbosity", None),
            Request::Version => ("version", None),
            Request::RefreshCerts => ("refresh_certs", None),
            Request::Stats { .. } => ("stats", None),
        };
        Asked {
            command,
            key,
            brought: 0,
        }
    }

    /// What a storage command asks for.
    pub(crate) fn to_store(header: &Header<'r>) -> Asked<'r> {
        let command = match header.way {
            Way::Put(Condition::Always) => "set",
            Way::Put(Condition::Absent) => "add",
            Way::Put(Condition::Present) => "replace",
            Way::Put(Condition::Unique(_) | Condition::Since(_)) => "cas",
            Way::Join { side, .. } => match side {
                Side::Append => "append",
                Side::Prepend => "prepend",
            },
        };
        Asked {
            command,
            key: Some(header.key),
            brought: header.length,
        }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outcome {
    #[default]
    Ok,
    Hit,
    Miss,
    Stored,
    NotStored,
    Exists,
    NotFound,
    Deleted,
    Touched,
    TooLarge,
    NoMemory,
    NotNumeric,
    Failed,
}

impl From<&Reply<'_>> for Outcome {
    fn from(reply: &Reply<'_>) -> Outcome {
        match reply {
            Reply::Miss => Outcome::Miss,
            Reply::Stored { .. } => Outcome::Stored,
            Reply::NotStored => Outcome::NotStored,
            Reply::Exists => Outcome::Exists,
            Reply::NotFound => Outcome::NotFound,
            Reply::Deleted => Outcome::Deleted,
            Reply::Touched => Outcome::Touched,
            Reply::Error(Error::TooLarge) => Outcome::TooLarge,
            Reply::Error(Error::NoMemory) => Outcome::NoMemory,
            Reply::Error(Error::NotNumeric) => Outcome::NotNumeric,
            Reply::Error(_) | Reply::Failed(_) => Outcome::Failed,
            Reply::Number(_)
            | Reply::Ok
            | Reply::Reset
            | Reply::Version(_)
            | Reply::Stat { .. }
            | Reply::End => Outcome::Ok,
        }
    }
}

impl Outcome {
    /// As it is logged.
    pub(super) fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Hit => "hit",
            Outcome::Miss => "miss",
            Outcome::Stored => "stored",
            Outcome::NotStored => "not_stored",
            Outcome::Exists => "exists",
            Outcome::NotFound => "not_found",
            Outcome::Deleted => "deleted",
            Outcome::Touched => "touched",
            Outcome::TooLarge => "too_large",
            Outcome::NoMemory => "no_memory",
            Outcome::NotNumeric => "not_numeric",
            Outcome::Failed => "failed",
        }
    }
}

/// What a request was looked at for, and what was seen.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// It goes to the command log.
    pub(crate) for_commands: bool,
    /// It goes to the slow log.
    pub(crate) for_slow: bool,
    /// Its key is counted.
    pub(crate) for_keys: bool,
    /// When it was executed.
    pub(crate) time: SystemTime,
    /// `None`: the client is no longer known.
    pub(crate) client: Option<SocketAddr>,
    pub(crate) command: &'static str,
    pub(crate) key: Key,
    pub(crate) outcome: Outcome,
    /// Bytes of the value it brought or found.
    pub(crate) size: usize,
    /// From its turn's poll until it was executed.
    pub(crate) latency: Duration,
    /// Its execution alone.
    pub(crate) own: Duration,
}

/// A key, or none, without an allocation.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    length: Option<u8>,
    bytes: [u8; KEY_MAX],
}

const _: () = assert!(KEY_MAX <= u8::MAX as usize);

impl Key {
    fn new(key: Option<&[u8]>) -> Key {
        let mut bytes = [0; KEY_MAX];
        let length = key.map(|key| {
            let kept = &key[..key.len().min(KEY_MAX)];
            bytes[..kept.len()].copy_from_slice(kept);
            kept.len() as u8
        });
        Key { length, bytes }
    }
}

impl Sample {
    /// One of `asked` that nobody wants yet, at this moment.
    pub(crate) fn new(asked: &Asked<'_>) -> Sample {
        Sample {
            for_commands: false,
            for_slow: false,
            for_keys: false,
            time: SystemTime::now(),
            client: None,
            command: asked.command,
            key: Key::new(asked.key),
            outcome: Outcome::Ok,
            size: asked.brought,
            latency: Duration::ZERO,
            own: Duration::ZERO,
        }
    }

    /// `None`: it concerned no item.
    pub(crate) fn key(&self) -> Option<&[u8]> {
        let length = self.key.length?;
        self.key.bytes.get(..length.into())
    }
}
