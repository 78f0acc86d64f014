//! Items end on their second: never late, never early.
//!
//! The bounds hold on the slowest machine, because each compares moments that
//! enclose what the server did: a value seen was there when it was asked for at
//! the earliest, a miss was true when it arrived at the latest. As in memcached,
//! an item of TTL `n` lives more than `n - 1` seconds and at most `n`.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::client::{Client, store};
use crate::protocol::target::{Side, Target};
use crate::server::Server;

const SECOND: Duration = Duration::from_secs(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(40);

/// One key under observation.
struct Watched {
    key: String,
    /// Its deadline lies no sooner than this, and no later than that.
    early: Instant,
    late: Instant,
    gone: bool,
}

impl Watched {
    /// `asked` and `answered` enclose the request that gave the item `ttl`.
    fn new(key: String, asked: Instant, answered: Instant, ttl: u32) -> Self {
        Self {
            key,
            early: asked + SECOND * (ttl - 1),
            late: answered + SECOND * ttl,
            gone: false,
        }
    }
}

/// memcached looks at its clock once a second, and later when the machine is busy.
fn grace(target: &Target) -> Duration {
    match target.side {
        Side::Cached => Duration::ZERO,
        Side::Memcached { .. } => SECOND,
    }
}

/// Looks at every key until all are gone, and checks each look. `grace` is how
/// much later than its deadline an item may be seen.
fn watch(client: &mut Client, watched: &mut [Watched], grace: Duration) {
    while !watched.iter().all(|item| item.gone) {
        let asked = Instant::now();
        for item in watched.iter() {
            client.send(format!("get {}\r\n", item.key));
        }
        for item in watched.iter_mut() {
            if client.value_of(&item.key).is_some() {
                let over = asked.saturating_duration_since(item.late + grace);
                assert!(over.is_zero(), "{} was served {over:?} late", item.key);
                assert!(!item.gone, "{} came back", item.key);
            } else if !item.gone {
                let before = item.early.saturating_duration_since(Instant::now());
                assert!(before.is_zero(), "{} ended {before:?} early", item.key);
                item.gone = true;
            }
        }
        sleep(BETWEEN_LOOKS);
    }
}

/// Stores keys of every TTL at several places within a second.
fn store_and_watch(target: &Target, ttls: &[u32]) {
    let mut client = Client::connect(target.address);
    let mut watched = Vec::new();
    for offset in 0..4 {
        for &ttl in ttls {
            let key = format!("ttl{ttl}at{offset}");
            let asked = Instant::now();
            client.set(&key, i64::from(ttl), key.as_bytes());
            watched.push(Watched::new(key, asked, Instant::now(), ttl));
        }
        sleep(SECOND / 4);
    }
    client.set("forever", 0, b"v");
    watch(&mut client, &mut watched, grace(target));
    assert!(client.get("forever").is_some());
}

#[test]
fn a_short_ttl_would_be_late_or_early() {
    Target::each(|target| store_and_watch(target, &[1, 2, 3, 5, 7, 8]));
}

#[test]
#[ignore = "takes a minute"]
fn a_long_ttl_would_be_late_or_early() {
    Target::each(|target| store_and_watch(target, &[15, 30, 60]));
}

#[test]
fn a_touched_deadline_would_not_be_kept() {
    Target::each(|target| {
        let mut client = Client::connect(target.address);
        let mut watched = Vec::new();
        let changes = [
            ("longer", 1, "touch longer 4\r\n", "TOUCHED\r\n", 4),
            ("shorter", 100, "touch shorter 2\r\n", "TOUCHED\r\n", 2),
            (
                "fetched",
                100,
                "gat 3 fetched\r\n",
                "VALUE fetched 0 1\r\nv\r\nEND\r\n",
                3,
            ),
            (
                "appended",
                2,
                "append appended 0 100 1\r\nv\r\n",
                "STORED\r\n",
                2,
            ),
            ("counted", 2, "incr counted 1\r\n", "8\r\n", 2),
        ];
        for (key, ttl, change, reply, expected) in changes {
            let stored = Instant::now();
            let value = if key == "counted" { b"7" } else { b"v" };
            client.set(key, ttl, value);
            let asked = Instant::now();
            client.ask(change, reply);
            // A change that keeps the deadline counts from when the item was stored.
            let from = if i64::from(expected) == ttl {
                stored
            } else {
                asked
            };
            watched.push(Watched::new(key.to_owned(), from, Instant::now(), expected));
        }
        client.set("kept", 1, b"v");
        client.ask("touch kept 0\r\n", "TOUCHED\r\n");
        watch(&mut client, &mut watched, grace(target));
        assert!(client.get("kept").is_some());
    });
}

#[test]
fn an_absolute_deadline_would_be_late_or_early() {
    Target::each(|target| {
        let mut client = Client::connect(target.address);
        let unix = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("a clock behind 1970");
        let now = Instant::now();
        let mut watched = Vec::new();
        for ahead in [2, 4] {
            let deadline = unix.as_secs() + ahead;
            let key = format!("until{deadline}");
            client.set(&key, deadline.cast_signed(), b"v");
            // The server counts whole seconds from its start, so it may be one off either way.
            let left = Duration::from_secs(deadline).saturating_sub(unix);
            watched.push(Watched {
                key,
                early: now + left.saturating_sub(SECOND),
                late: now + left + SECOND,
                gone: false,
            });
        }
        watch(&mut client, &mut watched, grace(target));
    });
}

#[test]
fn the_time_left_would_be_told_wrong() {
    Target::each(|target| {
        const TTL: u64 = 100;
        let mut client = Client::connect(target.address);
        let asked = Instant::now();
        client.ask(format!("ms left 1 T{TTL}\r\nv\r\n"), "HD\r\n");
        let stored = Instant::now();
        for _ in 0..20 {
            sleep(SECOND / 5);
            let least = stored.elapsed().as_secs();
            client.send("mg left t\r\n");
            let line = client.line();
            // The server's seconds begin where they will.
            let most = asked.elapsed().as_secs() + 1;
            let left = line.strip_prefix("HD t").and_then(|t| t.parse().ok());
            let left: u64 = left.unwrap_or_else(|| panic!("no time in {line:?}"));
            let told = TTL - left;
            assert!((least..=most).contains(&told), "{told} s are over");
        }
    });
}

#[test]
fn a_ttl_of_months_would_wrap() {
    Target::each(|target| {
        let mut client = Client::connect(target.address);
        let unix = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("a clock behind 1970")
            .as_secs()
            .cast_signed();
        let day = 24 * 60 * 60;
        let lasting = [
            30 * day,
            unix + 31 * day,
            unix + 200 * day,
            unix + 3650 * day,
            i64::from(i32::MAX),
        ];
        for (i, exptime) in lasting.into_iter().enumerate() {
            client.set(&format!("lasting{i}"), exptime, b"v");
        }
        // An absolute time before now, and every negative number, is already over.
        for (i, exptime) in [unix - 10, 30 * day + 1, -1, i64::from(i32::MIN)]
            .into_iter()
            .enumerate()
        {
            client.set(&format!("over{i}"), exptime, b"v");
            assert_eq!(client.get(&format!("over{i}")), None, "exptime {exptime}");
        }
        sleep(SECOND + SECOND / 2);
        for (i, exptime) in lasting.into_iter().enumerate() {
            assert!(
                client.get(&format!("lasting{i}")).is_some(),
                "exptime {exptime}"
            );
        }
    });
}

#[test]
fn a_delayed_flush_would_be_late_or_early_or_take_what_came_later() {
    Target::each(|target| {
        const DELAY: u32 = 4;
        let mut client = Client::connect(target.address);
        client.set("before", 0, b"v");
        client.set("before2", 0, b"v");
        // The later call replaces the earlier.
        client.ask("flush_all 1000\r\n", "OK\r\n");
        let asked = Instant::now();
        client.ask(format!("flush_all {DELAY}\r\n"), "OK\r\n");
        let late = Instant::now() + SECOND * DELAY;
        // memcached's flush comes up to two seconds before the delay is over.
        let early = asked + SECOND * (DELAY - 2);
        let mut watched = ["before", "before2"].map(|key| Watched {
            key: key.to_owned(),
            early,
            late,
            gone: false,
        });
        watch(&mut client, &mut watched, grace(target));
        // The flush may still take what is stored within its second.
        sleep(SECOND);
        client.set("after", 0, b"v");
        sleep(late.saturating_duration_since(Instant::now()) + SECOND);
        assert!(
            client.get("after").is_some(),
            "it was stored behind the flush"
        );
        assert_eq!(client.get("before"), None, "it came back");
    });
}

#[test]
fn a_flush_cancelled_by_another_would_still_come() {
    Target::each(|target| {
        let mut client = Client::connect(target.address);
        client.ask("flush_all 2\r\n", "OK\r\n");
        client.ask("flush_all\r\n", "OK\r\n");
        client.set("stays", 0, b"v");
        sleep(SECOND * 3);
        assert!(client.get("stays").is_some());
    });
}

#[test]
fn expired_items_nobody_touches_would_keep_their_memory() {
    const ITEMS: usize = 2000;
    let server = Server::start(&["-m", "64"]);
    let mut client = server.connect();
    for i in 0..ITEMS {
        client.send(store("set", &format!("brief{i}"), 2, &[b'v'; 5000]));
    }
    for _ in 0..ITEMS {
        client.expect("STORED\r\n");
    }
    assert_eq!(client.stat("curr_items"), ITEMS as u64);
    crate::limits::eventually("the items are gone", || client.stat("curr_items") == 0);
}
