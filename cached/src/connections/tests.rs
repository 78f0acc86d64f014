use super::*;
use std::collections::HashSet;
use std::path::PathBuf;

fn endpoint(address: &str) -> Endpoint {
    Endpoint::Inet(address.parse().unwrap())
}

fn table(limit: usize) -> Arc<Connections> {
    let listening = vec![
        Listening::plain(3, endpoint("127.0.0.1:11211")),
        Listening::plain(4, Endpoint::Unix(PathBuf::from("/run/c.sock"))),
        Listening {
            is_tls: true,
            ..Listening::plain(5, endpoint("127.0.0.1:11212"))
        },
    ];
    Arc::new(Connections::new(limit, listening))
}

fn shown(table: &Connections, now: Seconds) -> Vec<Shown<'_>> {
    table.shown(0, now).map(|(_, shown)| shown).collect()
}

#[test]
fn the_limit_holds_and_a_closed_connection_makes_room() {
    let table = table(2);
    let peer = endpoint("127.0.0.1:5000");
    let first = table.open(0, 10, &peer, 5).unwrap();
    let _second = table.open(0, 11, &peer, 5).unwrap();
    assert!(table.open(0, 12, &peer, 5).is_none());
    assert_eq!(table.current(), 2);
    drop(first);
    assert_eq!(table.current(), 1);
    assert!(table.open(0, 12, &peer, 5).is_some());
}

#[test]
fn another_limit_would_end_connections_or_lose_rows() {
    let table = table(1);
    let peer = endpoint("127.0.0.1:5000");
    let first = table.open(0, 10, &peer, 5).unwrap();
    table.set_limit(BLOCK + 1);
    let mut others: Vec<_> = (0..)
        .take(BLOCK)
        .map(|fd| table.open(0, fd, &peer, 5).unwrap())
        .collect();
    assert!(table.open(0, 12, &peer, 5).is_none());
    table.set_limit(2);
    assert_eq!(table.current(), BLOCK as u64 + 1);
    others.truncate(1);
    assert!(table.open(0, 12, &peer, 5).is_none(), "there are two");
    drop(first);
    let again = table.open(0, 12, &peer, 5).unwrap();
    assert!(again.number as usize <= BLOCK, "a row is used again");
    assert_eq!(shown(&table, 5).len(), 2);
}

#[test]
fn a_connection_would_be_told_of_in_anothers_words() {
    let table = table(4);
    let four = table.open(0, 10, &endpoint("10.1.2.3:5000"), 5).unwrap();
    let six = table.open(2, 11, &endpoint("[2001:db8::1]:80"), 7).unwrap();
    let _unix = table
        .open(1, 12, &Endpoint::Unix(PathBuf::new()), 5)
        .unwrap();
    four.received(100);
    six.requested(9);
    six.sending(true);
    six.received(2);
    six.received(3);
    six.sent(7);

    let shown = shown(&table, 12);
    let words: Vec<_> = shown
        .iter()
        .map(|it| (it.descriptor, it.peer.to_string(), it.age, it.idle))
        .collect();
    assert_eq!(
        words,
        [
            (10, "tcp:10.1.2.3:5000".to_owned(), 7, 7),
            (11, "tcp6:[2001:db8::1]:80".to_owned(), 5, 3),
            (12, "unix:/run/c.sock".to_owned(), 7, 7),
        ]
    );
    assert_eq!((shown[0].received, shown[0].sent), (100, 0));
    assert_eq!((shown[1].received, shown[1].sent), (5, 7));
    assert!(shown[1].is_sending && !shown[0].is_sending);
    assert!(shown[1].listening.is_tls && !shown[2].listening.is_tls);
    assert_eq!(table.shown(1, 12).count(), 2, "from the second on");
}

#[test]
fn a_kill_would_hit_the_next_client_of_the_row() {
    let table = table(2);
    let peer = endpoint("127.0.0.1:5000");
    let other = table.open(0, 10, &peer, 5).unwrap();
    let mut ids = HashSet::new();
    for _ in 0..5 {
        let victim = table.open(0, 11, &peer, 5).unwrap();
        assert!(!victim.is_killed());
        let id = shown(&table, 5)
            .iter()
            .find(|it| it.descriptor == 11)
            .map(|it| it.id)
            .unwrap();
        assert!(ids.insert(id) && table.is_open(id), "an id of its own");
        // Those of before, who are gone.
        ids.iter()
            .filter(|old| **old != id)
            .for_each(|old| table.kill(*old));
        assert!(!victim.is_killed() && !other.is_killed());
        table.kill(id);
        assert!(victim.is_killed() && !other.is_killed());
        drop(victim);
        assert!(!table.is_open(id));
    }
    for id in [u64::MAX, u64::MAX / 2] {
        assert!(!table.is_open(id));
        table.kill(id);
    }
    assert!(!other.is_killed());
}

#[test]
fn a_row_is_never_shown_with_the_halves_of_two_connections() {
    const ROUNDS: u32 = 500_000;
    let table = table(1);
    let row = table.row(0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..ROUNDS {
                let octets = Ipv6Addr::from_bits(u128::from(round) << 64 | u128::from(round));
                let peer = Endpoint::Inet((octets, round as u16).into());
                drop(table.open(0, round.cast_signed(), &peer, round));
            }
            stop.store(true, Ordering::Relaxed);
        });
        while !stop.load(Ordering::Relaxed) {
            let Some(shown) = row.read() else {
                continue;
            };
            let round = shown.descriptor.cast_unsigned();
            let octets = Ipv6Addr::from_bits(u128::from(round) << 64 | u128::from(round));
            assert_eq!(shown.peer, (octets, round as u16).into());
            assert_eq!(shown.last_request, round);
        }
    });
}
