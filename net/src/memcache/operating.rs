//! What memcached's operators ask on the clients' port, mostly of slabs, queues
//! and a crawler that are not here. What changes nothing for clients is
//! accepted; what would be a promise is refused, with a word on where to turn.

use super::dump::Style;
use super::form::Form;
use super::line::{Line, refuse};
use super::number;
use crate::reply::Error;
use crate::request::{Request, Words};

/// Longest pause of the crawler, in microseconds.
const SLEEP_MAX: u64 = 1_000_000;

/// memcached's classes have lower numbers.
const CLASSES: u64 = 64;

/// Reads a line that begins with `verb`, if that is such a command.
pub(super) fn parse<'a>(verb: &[u8], words: Words<'a>) -> Option<Line<'a>> {
    let mut request = Request::Noop;
    let accepted = match verb {
        b"refresh_certs" => {
            request = Request::RefreshCerts;
            Ok(())
        }
        b"lru" => lru(words.clone()),
        b"lru_crawler" if is_dump(&words) => return Some(dump(words)),
        b"lru_crawler" => crawler(words.clone()),
        b"slabs" => slabs(words.clone()),
        b"cache_memlimit" => limit(words.clone()),
        b"watch" => Err(Error::Client(
            "watch is not offered: start with --log-commands",
        )),
        b"shutdown" => Err(Error::Plain("ERROR: shutdown not enabled")),
        _ => return None,
    };
    let quiet = is_quiet(verb, words);
    Some(match accepted {
        Ok(()) => Line::Request {
            request,
            form: Form::Classic { quiet },
        },
        Err(error) => refuse(error, quiet),
    })
}

/// Few of these commands know `noreply`; to the others it is a word like any.
fn is_quiet(verb: &[u8], words: Words<'_>) -> bool {
    let knows = match verb {
        b"lru" | b"watch" => true,
        b"slabs" => words.clone().next() == Some(b"automove") && words.clone().count() > 1,
        b"cache_memlimit" => words.clone().count() <= 2,
        _ => false,
    };
    knows && words.last() == Some(b"noreply")
}

fn lru(mut words: Words<'_>) -> Result<(), Error> {
    let is_valid = match words.next().unwrap_or_default() {
        b"tune" => words.clone().count() >= 4 && words.take(4).all(is_decimal),
        b"mode" => matches!(words.next(), Some(b"flat" | b"segmented")),
        b"temp_ttl" => words.next().and_then(number::signed).is_some(),
        _ => false,
    };
    is_valid.then_some(()).ok_or(Error::Unknown)
}

fn crawler(mut words: Words<'_>) -> Result<(), Error> {
    let (verb, argument) = (words.next().unwrap_or_default(), words.next());
    if words.next().is_some() {
        return Err(Error::Unknown);
    }
    match (verb, argument) {
        (b"enable" | b"disable", None) => Ok(()),
        (b"crawl", Some(which)) => classes(which).map(drop),
        (b"tocrawl", Some(items)) => number::unsigned(items).map(drop).ok_or(Error::Format),
        (b"sleep", Some(pause)) => match number::unsigned(pause) {
            Some(..=SLEEP_MAX) => Ok(()),
            Some(_) => Err(Error::Client("sleep must be one second or less")),
            None => Err(Error::Format),
        },
        _ => Err(Error::Unknown),
    }
}

fn is_dump(words: &Words<'_>) -> bool {
    let mut words = words.clone();
    matches!(words.next(), Some(b"metadump" | b"mgdump")) && words.count() == 1
}

fn dump(mut words: Words<'_>) -> Line<'static> {
    let style = match words.next() {
        Some(b"mgdump") => Style::Gets,
        _ => Style::Facts,
    };
    match classes(words.next().unwrap_or_default()) {
        Ok(all) => Line::Dump { style, all },
        Err(error) => refuse(error, false),
    }
}

/// Whether class 1 is meant: all there is is of that class.
fn classes(which: &[u8]) -> Result<bool, Error> {
    if matches!(which, b"all" | b"hash") {
        return Ok(true);
    }
    let mut named = which
        .split(|&byte| byte == b',')
        .filter(|it| !it.is_empty());
    let class = |name| match number::unsigned(name) {
        Some(class @ 1..CLASSES) => Ok(class == 1),
        _ => Err(Error::Plain("BADCLASS invalid class id")),
    };
    let first = named.next().map(class);
    let first = first.unwrap_or(Err(Error::Plain("NOTSTARTED no items to crawl")))?;
    named.try_fold(first, |all, name| Ok(all | class(name)?))
}

fn slabs(mut words: Words<'_>) -> Result<(), Error> {
    match (words.next(), words.next(), words.next()) {
        (Some(b"reassign"), Some(_), Some(_)) if words.next().is_none() => Err(Error::Client(
            "there are no slab classes to move memory between",
        )),
        (Some(b"automove"), Some(b"ratio"), Some(ratio)) if is_decimal(ratio) => Ok(()),
        (Some(b"automove"), Some(b"ratio"), _) => Err(Error::Unknown),
        (Some(b"automove"), Some(level), _) => match number::unsigned(level) {
            Some(0..=2) => Ok(()),
            Some(_) => Err(Error::Unknown),
            None => Err(Error::Format),
        },
        _ => Err(Error::Unknown),
    }
}

fn limit(mut words: Words<'_>) -> Result<(), Error> {
    match (words.next(), words.nth(1)) {
        (Some(_), None) => Err(Error::Client("memory is set when the server starts, by -m")),
        _ => Err(Error::Unknown),
    }
}

fn is_decimal(word: &[u8]) -> bool {
    let number = std::str::from_utf8(word).map(str::parse::<f64>);
    matches!(number, Ok(Ok(number)) if number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::memcache::line::Line;
    use crate::reply::Error;
    use crate::request::Words;

    fn answer(line: &str) -> Option<Result<(), Error>> {
        let mut words = Words::new(line.as_bytes());
        let verb = words.next().expect("a verb");
        parse(verb, words).map(|line| match line {
            Line::Request { .. } => Ok(()),
            Line::Refused { error, skip: 0, .. } => Err(error),
            line => panic!("{line:?}"),
        })
    }

    #[test]
    fn settings_that_are_none_are_not_accepted() {
        for line in [
            "lru",
            "lru x y",
            "lru mode",
            "lru mode x",
            "lru tune 1 2 3",
            "lru tune 1 2 3 x",
            "lru temp_ttl",
            "lru temp_ttl x",
            "lru_crawler",
            "lru_crawler x",
            "lru_crawler enable x",
            "lru_crawler crawl",
            "lru_crawler crawl 1 2",
            "slabs",
            "slabs automove",
            "slabs x y",
            "slabs automove 3",
            "slabs automove ratio",
            "slabs automove ratio x",
            "slabs automove ratio inf",
            "slabs reassign 1",
            "slabs reassign 1 2 3",
            "cache_memlimit",
            "cache_memlimit 1 2 3",
        ] {
            assert_eq!(answer(line), Some(Err(Error::Unknown)), "{line}");
        }
        for line in [
            "lru_crawler tocrawl x",
            "lru_crawler sleep x",
            "slabs automove x",
        ] {
            assert_eq!(answer(line), Some(Err(Error::Format)), "{line}");
        }
    }

    #[test]
    fn settings_without_an_effect_are_accepted() {
        for line in [
            "lru tune 20 40 0.2 2.0",
            "lru tune 1 2 3 4 5",
            "lru mode flat",
            "lru mode segmented",
            "lru temp_ttl -1",
            "lru_crawler enable",
            "lru_crawler disable",
            "lru_crawler crawl all",
            "lru_crawler crawl 2,1",
            "lru_crawler tocrawl 0",
            "lru_crawler sleep 1000000",
            "slabs automove 0",
            "slabs automove 2",
            "slabs automove ratio 0.8",
        ] {
            assert_eq!(answer(line), Some(Ok(())), "{line}");
        }
    }

    #[test]
    fn what_would_be_a_promise_is_refused_in_words() {
        for line in [
            "watch",
            "cache_memlimit 64",
            "slabs reassign 1 2",
            "lru_crawler sleep 1000001",
        ] {
            assert!(
                matches!(answer(line), Some(Err(Error::Client(_)))),
                "{line}"
            );
        }
        for line in [
            "shutdown",
            "shutdown graceful",
            "lru_crawler crawl x",
            "lru_crawler crawl 0",
            "lru_crawler crawl ,",
        ] {
            assert!(matches!(answer(line), Some(Err(Error::Plain(_)))), "{line}");
        }
        assert_eq!(answer("lru_crawlers x"), None);
    }
}
