//! The flags of a meta command.

use crate::memcache::{base64, line::KeyRoom, number};
use crate::reply::Error;
use crate::request::{Birth, Words};

/// Longest opaque, in bytes with its flag.
const OPAQUE_MAX: usize = 32;

/// The flags of one line. What a command knows of but has no use for is there
/// all the same, as in memcached.
#[derive(Debug, Default)]
pub(super) struct Flags<'a> {
    /// The key they speak of, as it is stored.
    pub(super) key: &'a [u8],
    /// A bit for each flag that is there.
    seen: u128,
    /// `T`
    pub(super) touch: Option<i64>,
    /// `N`
    pub(super) vivify: Option<i64>,
    /// `T` stands behind `N`.
    pub(super) reborn: bool,
    /// `R`
    pub(super) below: Option<i64>,
    /// `T` stands before `R`.
    pub(super) touched: bool,
    /// `F`, the client's own word about the value: 0 without.
    pub(super) word: u32,
    /// `C`
    pub(super) compare: Option<u64>,
    /// `E`
    pub(super) given: Option<u64>,
    /// `M`
    pub(super) mode: Option<u8>,
    /// `D`
    pub(super) delta: Option<u64>,
    /// `J`: 0 without.
    pub(super) initial: u64,
    /// `O` is longer than it may be.
    pub(super) opaque_too_long: bool,
}

/// What any command may be told: `b`, a hint for proxies that is passed over
/// (`P`, `L`), or something that some command has a use for.
const KNOWN: &[u8] = b"bcCDEfFhIJklLMNOPqRstTuvx";

const KEY: Error = Error::Client("error decoding key");
const TOKEN: Error = Error::Client("bad token in command line format");
const DELTA: Error = Error::Client("invalid numeric delta value");
const INITIAL: Error = Error::Client("invalid numeric initial value");

impl<'a> Flags<'a> {
    /// Reads flags that belong to `key`. A flag that is unknown or there twice
    /// ends the reading; of other errors the last one counts.
    pub(super) fn parse(
        words: Words<'_>,
        key: &'a [u8],
        room: &'a mut KeyRoom,
    ) -> Result<Self, Error> {
        let mut flags = Flags {
            key,
            ..Flags::default()
        };
        let mut room = Some(room);
        let mut error = None;
        for word in words {
            let (flag, token) = word.split_first().unwrap_or((&0, &[]));
            // memcached says so of bytes beyond ASCII too.
            if *flag >= 127 || flags.has(*flag) {
                return Err(Error::Client("duplicate flag"));
            }
            flags.seen |= 1 << flag;
            let read = match flag {
                b'b' => {
                    let decoded = room.take().and_then(|room| base64::decode(key, room));
                    decoded.map(|key| flags.key = key).ok_or(KEY)
                }
                flag if KNOWN.contains(flag) => flags.read(*flag, token),
                _ => return Err(Error::Client("invalid flag")),
            };
            match read {
                Ok(()) => {}
                // A wrong `F` has no words of its own.
                Err(Error::Format) => error = error.or(Some(Error::Format)),
                Err(last) => error = Some(last),
            }
        }
        error.map_or(Ok(flags), Err)
    }

    /// Takes in a flag that may have a token.
    fn read(&mut self, flag: u8, token: &[u8]) -> Result<(), Error> {
        match flag {
            b'T' => {
                self.touch = Some(number::signed(token).ok_or(TOKEN)?);
                self.reborn = self.has(b'N');
            }
            b'N' => self.vivify = Some(number::signed(token).ok_or(TOKEN)?),
            b'R' => {
                self.below = Some(number::signed(token).ok_or(TOKEN)?);
                self.touched = self.has(b'T');
            }
            b'C' => self.compare = Some(number::unsigned(token).ok_or(TOKEN)?),
            b'E' => self.given = Some(number::unsigned(token).ok_or(TOKEN)?),
            b'F' => {
                let word = number::unsigned(token).and_then(|word| u32::try_from(word).ok());
                self.word = word.ok_or(Error::Format)?;
            }
            b'D' => self.delta = Some(number::unsigned(token).ok_or(DELTA)?),
            b'J' => self.initial = number::unsigned(token).ok_or(INITIAL)?,
            b'M' => {
                let &[mode] = token else {
                    return Err(Error::Client("incorrect length for M token"));
                };
                self.mode = Some(mode);
            }
            b'O' => self.opaque_too_long = token.len() >= OPAQUE_MAX,
            _ => {}
        }
        Ok(())
    }

    /// When an item expires that the command makes, if it makes any.
    pub(super) fn birth(&self) -> Option<Birth> {
        self.vivify.map(|exptime| Birth {
            exptime,
            touched: self.reborn,
        })
    }

    /// The flag is there.
    pub(super) fn has(&self, flag: u8) -> bool {
        self.seen >> flag & 1 != 0
    }
}
