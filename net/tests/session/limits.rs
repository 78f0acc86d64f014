//! What sessions hold is bounded and charged.

use net::{Close, Intake, KEY_MAX, LINE_MAX, Limits, Next, Session};

use crate::client::Client;
use crate::map::{ITEM_MAX, Place};

/// Clients that share one budget with room for one long request, one large
/// reply and `largest` bytes of parts.
fn clients(number: usize) -> Vec<Client> {
    let budget = Client::new().budget;
    let share = |_| {
        let mut client = Client::new();
        client.budget = budget.clone();
        client
    };
    (0..number).map(share).collect()
}

fn set_of(value: usize) -> String {
    format!("set a 0 0 {value}\r\n{}\r\n", "v".repeat(value))
}

#[test]
fn an_idle_session_holds_nothing() {
    let mut client = Client::new();
    for size in [1, 100, 5000, 1_000_000] {
        client.send_in(set_of(size).as_bytes(), 1000);
        client.send_in(b"get a\r\n", 3);
        assert_eq!((client.held(), client.budget.used()), (0, 0));
        assert!(!client.session.is_mid_request());
    }
    assert!(size_of::<Session<Place>>() <= 192);
}

#[test]
fn part_of_a_request_does_not_hold_more_than_its_bytes() {
    let mut client = Client::with_limits(Limits {
        output: 100,
        ..Limits::default()
    });
    client.send(("version\r\n".repeat(500) + "get ab").as_bytes());
    assert_eq!(client.held(), "get ab".len());
    client.send(format!(" {}\r\nget abc", "k ".repeat(5000)).as_bytes());
    assert_eq!(client.held(), "get abc".len());
    assert_eq!(client.budget.used(), "get abc".len());
}

#[test]
fn a_long_body_gets_one_buffer_of_its_size() {
    let mut client = Client::new();
    let set = set_of(100_000);
    client.send_in(&set.as_bytes()[..50_000], 10_000);
    assert_eq!(client.held(), set.len());
    assert_eq!(client.budget.used(), set.len());
    assert!(
        matches!(client.session.intake(), Intake::Own(room) if room.len() == set.len() - 50_000)
    );
    assert_eq!(client.held_most, set.len());
}

#[test]
fn an_item_too_large_is_skipped_without_a_buffer() {
    let mut client = Client::new();
    client.send_in(set_of(2_000_000).as_bytes(), 16 << 10);
    assert_eq!(client.held_most, 0);
    assert_eq!(
        client.take_out(),
        "SERVER_ERROR object too large for cache\r\n"
    );
}

#[test]
fn an_announced_length_alone_takes_no_more_than_an_item() {
    let mut client = Client::new();
    client.send(b"set a 0 0 2147483645\r\nabc");
    assert_eq!(client.held(), 0);
    let mut client = Client::new();
    client.send(format!("set a 0 0 {}\r\nabc", ITEM_MAX - 1).as_bytes());
    assert!(client.held() < ITEM_MAX + LINE_MAX);
}

#[test]
fn a_long_request_without_budget_waits_its_turn() {
    let mut clients = clients(3);
    let set = set_of(ITEM_MAX - 1);
    let (head, tail) = set.as_bytes().split_at(5000);
    assert_eq!(clients[0].send(head), Next::Receive);
    assert_eq!(clients[1].send(head), Next::WaitBudget);
    assert_eq!(
        clients[2].send(&set_of(10_000).as_bytes()[..9000]),
        Next::WaitBudget
    );
    assert_eq!(clients[1].resume(), Next::WaitBudget);
    assert!(clients[1].held() <= 5000);
    assert!(clients[0].is_wanted());
    assert!(!clients[1].is_wanted());

    assert_eq!(clients[0].send(tail), Next::Receive);
    assert_eq!(clients[1].resume(), Next::Receive);
    assert_eq!(clients[1].send(tail), Next::Receive);
    assert_eq!(clients[2].resume(), Next::Receive);
    assert_eq!(
        clients[2].send(&set_of(10_000).as_bytes()[9000..]),
        Next::Receive
    );
    for client in &mut clients {
        assert_eq!(client.take_out(), "STORED\r\n");
    }
    assert_eq!(
        (clients[0].budget.used(), clients[0].budget.waiting()),
        (0, 0)
    );
}

#[test]
fn a_long_request_behind_another_is_not_mixed_up_with_it() {
    let value = "v".repeat(10_000);
    let stream = format!(
        "set a 0 0 10000\r\n{value}\r\nget{} a\r\nset b 0 0 10000\r\n{value}\r\nget b\r\n",
        " k".repeat(9000)
    );
    let row = |key| format!("VALUE {key} 0 10000\r\n{value}\r\nEND\r\n");
    for size in [1000, 5000, 10_000, 16 << 10] {
        let mut client = Client::new();
        client.send_in(stream.as_bytes(), size);
        let expect = format!("STORED\r\n{}STORED\r\n{}", row("a"), row("b"));
        assert!(client.take_out() == expect, "{size} bytes at once");
    }
}

#[test]
fn those_that_wait_for_a_buffer_hold_none() {
    let mut clients = clients(2);
    let set = set_of(ITEM_MAX - 1);
    assert_eq!(clients[0].send(&set.as_bytes()[..5000]), Next::Receive);
    let long = clients[0].budget.used();

    let line = format!("get{}", " k".repeat(5000));
    assert_eq!(clients[1].send_in(line.as_bytes(), 5000), Next::Receive);
    assert!(matches!(clients[1].session.intake(), Intake::Own(_)));
    let next = clients[1].send(format!("\r\n{}", &set[..5000]).as_bytes());
    assert_eq!(next, Next::WaitBudget);
    assert_eq!(clients[1].budget.used() - long, 5000);
    assert_eq!(clients[1].held(), 5000);
}

#[test]
fn a_client_that_leaves_does_not_bar_those_behind_it() {
    let mut clients = clients(3);
    let set = set_of(ITEM_MAX - 1);
    let head = &set.as_bytes()[..5000];
    assert_eq!(clients[0].send(head), Next::Receive);
    assert_eq!(clients[1].send(head), Next::WaitBudget);
    clients.remove(1);
    clients.remove(0);
    assert_eq!(clients[0].send(head), Next::Receive);
}

#[test]
fn parts_of_requests_without_budget_end_the_session() {
    let mut clients = clients(1);
    let budget = clients[0].budget.clone();
    let mut charges = Vec::new();
    while let Some(charge) = budget.keep(1000) {
        charges.push(charge);
    }
    while let Some(charge) = budget.keep(1) {
        charges.push(charge);
    }
    assert_eq!(
        clients[0].send(b"version\r\nget"),
        Next::Close(Close::NoBudget)
    );
    assert_eq!(
        clients[0].take_out(),
        "VERSION 1.6.18\r\nSERVER_ERROR out of memory reading request\r\n"
    );
    assert_eq!(clients[0].held(), 0);
}

#[test]
fn a_long_retrieval_without_budget_ends_the_session() {
    let mut clients = clients(2);
    assert_eq!(
        clients[0].send(&set_of(ITEM_MAX - 1).as_bytes()[..5000]),
        Next::Receive
    );
    let line = format!("get{}", " k".repeat(50_000));
    assert_eq!(
        clients[1].send(line.as_bytes()),
        Next::Close(Close::NoBudget)
    );
    assert_eq!(
        clients[1].take_out(),
        "SERVER_ERROR out of memory reading request\r\n"
    );
    assert_eq!(clients[1].budget.waiting(), 0);
}

#[test]
fn a_large_reply_without_budget_waits_its_turn() {
    let mut clients = clients(2);
    let value = ITEM_MAX - KEY_MAX;
    for client in &mut clients {
        client.send(set_of(value).as_bytes());
        client.take_out();
    }
    let [first, second] = &mut clients[..] else {
        unreachable!("two clients");
    };
    let run = first.run_on(b"get a\r\n");
    assert_eq!(run.next, Next::Receive);
    let charge = run.output.expect("a charge for the reply");
    assert!(charge.bytes() >= first.out.len());

    assert_eq!(
        second.send(b"version\r\nget a\r\nget b\r\n"),
        Next::WaitBudget
    );
    assert_eq!(second.take_out(), "VERSION 1.6.18\r\n");
    assert_eq!(second.resume(), Next::WaitBudget);
    drop(charge);
    assert_eq!(second.resume(), Next::Resume);
    assert_eq!(second.resume(), Next::Receive);
    assert_eq!(
        second.out.len(),
        format!("VALUE a 0 {value}\r\n\r\nEND\r\nEND\r\n").len() + value
    );
    assert_eq!((second.budget.used(), second.budget.waiting()), (0, 0));
}

#[test]
fn replies_that_hold_budget_are_sent_before_the_session_waits_for_more() {
    let mut clients = clients(2);
    for client in &mut clients {
        client.send(set_of(ITEM_MAX - KEY_MAX).as_bytes());
        client.send(format!("set b 0 0 20000\r\n{}\r\n", "v".repeat(20_000)).as_bytes());
        client.take_out();
    }
    let runs = clients.iter_mut().zip([&b"get b\r\n"[..], b"get b a\r\n"]);
    let runs: Vec<_> = runs.map(|(client, input)| client.run_on(input)).collect();
    assert_eq!((runs[0].next, runs[0].operations), (Next::Receive, 1));
    assert_eq!((runs[1].next, runs[1].operations), (Next::Resume, 1));
}

#[test]
fn a_large_output_is_charged_at_once() {
    let mut clients = clients(1);
    let client = &mut clients[0];
    client.send(set_of(1000).as_bytes());
    client.take_out();
    let run = client.run_on(format!("get{}\r\n", " a".repeat(20)).as_bytes());
    let charge = run.output.expect("a charge for the output");
    assert_eq!(charge.bytes(), client.limits.output);
}

#[test]
fn small_replies_are_not_charged() {
    let mut client = Client::new();
    let run = client.run_on("get a\r\n".repeat(100).as_bytes());
    assert!(run.output.is_none());
    assert_eq!(run.operations, 100);
}

#[test]
fn a_line_that_never_ends_is_refused_at_its_bound() {
    let limits = Limits {
        retrieval_line: 10_000,
        ..Limits::default()
    };
    for (line, bound) in [
        ("x", LINE_MAX),
        ("set ", LINE_MAX),
        ("get ", 10_000),
        ("gets ", 10_000),
        ("gats 0 ", LINE_MAX),
    ] {
        let mut client = Client::with_limits(limits.clone());
        client.send(line.as_bytes());
        let mut sent = line.len();
        while client.closed.is_none() && sent < 20_000 {
            client.send(b"x");
            sent += 1;
        }
        assert_eq!(client.closed, Some(Close::LineTooLong), "{line}");
        assert_eq!(sent, bound + 1, "{line}");
        assert!(
            client.held_most <= bound + 1,
            "{line}: {}",
            client.held_most
        );
    }
}

#[test]
fn a_long_gat_in_one_piece_is_not_refused() {
    let mut client = Client::new();
    let gat = format!("gat 0{}\r\n", " k".repeat(5000));
    client.send(gat.as_bytes());
    assert_eq!((client.closed, &client.out[..]), (None, &b"END\r\n"[..]));
}
