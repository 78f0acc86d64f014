//! Many clients ask at once, and exactly one of them has won.

use std::io::Write;
use std::sync::Barrier;

use crate::client::Client;
use crate::protocol::target::Target;

const CLIENTS: usize = 16;
const ROUNDS: usize = 200;

/// `KEY` stands for a key of the round's own, `UNIQUE` for the unique of its item.
struct Race {
    prepare: &'static str,
    prepared: &'static str,
    ask: &'static str,
    won: &'static str,
    lost: &'static str,
}

/// Each client asks for the keys of all rounds in one write, in the same order,
/// so that the workers meet at every key.
fn run(race: &Race) {
    Target::each(|target| {
        target.forget_earlier_runs();
        let mut first = Client::connect(target.address);
        for round in 0..ROUNDS {
            first.ask(with_key(race.prepare, round), race.prepared);
        }
        let asks: String = (0..ROUNDS)
            .map(|round| {
                let ask = with_key(race.ask, round);
                if ask.contains("UNIQUE") {
                    ask.replace("UNIQUE", &unique(&mut first, round))
                } else {
                    ask
                }
            })
            .collect();
        let start = Barrier::new(CLIENTS);
        let ask_all = |mut client: Client| -> Vec<String> {
            start.wait();
            client.send(&asks);
            (0..ROUNDS).map(|_| client.line()).collect()
        };
        let clients: Vec<Client> = (0..CLIENTS)
            .map(|_| Client::connect(target.address))
            .collect();
        let replies: Vec<Vec<String>> = std::thread::scope(|scope| {
            let asking: Vec<_> = clients
                .into_iter()
                .map(|client| scope.spawn(|| ask_all(client)))
                .collect();
            asking
                .into_iter()
                .map(|client| client.join().expect("all replies came"))
                .collect()
        });
        for round in 0..ROUNDS {
            let mut said: Vec<&str> = replies.iter().map(|all| all[round].as_str()).collect();
            said.sort_unstable_by_key(|&said| said != race.won);
            assert_eq!(said[0], race.won, "round {round}");
            assert_eq!(said[1..], [race.lost; CLIENTS - 1], "round {round}");
        }
    });
}

fn with_key(text: &str, round: usize) -> String {
    text.replace("KEY", &format!("race{round}"))
}

/// The unique of the round's item, whose value is one byte.
fn unique(client: &mut Client, round: usize) -> String {
    client.send(with_key("gets KEY\r\n", round));
    let header = client.line();
    client.expect("a\r\nEND\r\n");
    header.rsplit(' ').next().expect("a word").to_owned()
}

#[test]
fn two_clients_would_both_store_by_one_unique() {
    run(&Race {
        prepare: "set KEY 0 0 1\r\na\r\n",
        prepared: "STORED\r\n",
        ask: "cas KEY 0 0 1 UNIQUE\r\nb\r\n",
        won: "STORED",
        lost: "EXISTS",
    });
}

#[test]
fn two_clients_would_both_fill_in_a_missing_item() {
    run(&Race {
        prepare: "",
        prepared: "",
        ask: "mg KEY N30\r\n",
        won: "HD W",
        lost: "HD Z",
    });
}

#[test]
fn two_clients_would_both_recache_an_item_about_to_expire() {
    run(&Race {
        prepare: "set KEY 0 100 1\r\na\r\n",
        prepared: "STORED\r\n",
        ask: "mg KEY R200\r\n",
        won: "HD W",
        lost: "HD Z",
    });
}

#[test]
fn two_clients_would_both_refresh_a_stale_item() {
    run(&Race {
        prepare: "set KEY 0 0 1\r\na\r\nmd KEY I\r\n",
        prepared: "STORED\r\nHD\r\n",
        ask: "mg KEY\r\n",
        won: "HD X W",
        lost: "HD Z X",
    });
}

#[test]
fn two_clients_would_both_add_one_item() {
    run(&Race {
        prepare: "",
        prepared: "",
        ask: "ms KEY 1 ME\r\na\r\n",
        won: "HD",
        lost: "NS",
    });
}

#[test]
fn two_clients_would_both_remove_one_item() {
    run(&Race {
        prepare: "set KEY 0 0 1\r\na\r\n",
        prepared: "STORED\r\n",
        ask: "md KEY\r\n",
        won: "HD",
        lost: "NF",
    });
}

/// What is renewed changes under those who ask to renew it: each must be answered all the same.
#[test]
fn an_item_that_changes_all_the_time_would_keep_its_askers_waiting() {
    const ASKS: usize = 5_000;
    Target::each(|target| {
        target.forget_earlier_runs();
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                scope.spawn(move || {
                    let mut asking = Client::connect(target.address);
                    let ask = match client % 4 {
                        0 => "mg storm R200 N100 s\r\n",
                        1 => "mg storm T150 R200 s u\r\n",
                        2 => "ms storm 1 T100\r\na\r\n",
                        _ => "md storm\r\n",
                    };
                    let sender = std::thread::spawn({
                        let mut sender = asking.sender();
                        move || sender.write_all(ask.repeat(ASKS).as_bytes())
                    });
                    for _ in 0..ASKS {
                        let line = asking.line();
                        let known = ["HD", "EN", "NF"].iter().any(|code| line.starts_with(code));
                        assert!(known, "{line}");
                    }
                    sender.join().expect("a sender").expect("sent");
                });
            }
        });
    });
}
