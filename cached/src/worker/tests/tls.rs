//! Sessions in TLS, and what clients ask of it.

use super::*;
use crate::orders::Order;
use crate::tls::fixture::{self, Fixture, read_some};
use net::tls;
use net::transport::Secure;

type Session = tls::Stream<UnixStream>;

/// A client's end of a session that the worker serves.
fn connect(rig: &mut Rig, files: &Fixture) -> Session {
    let (theirs, mut edge) = pair();
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(4);
    edge.register(poll.registry(), Token(0)).unwrap();
    let mut client = files.open(theirs);
    let mut server = files.tls.current().open(edge).unwrap();
    let mut is_complete = (false, false);
    for _ in 0..STEPS {
        is_complete.0 = is_complete.0 || client.handshake().unwrap();
        poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        for event in &events {
            server.get_mut().note(event);
        }
        is_complete.1 = is_complete.1 || server.handshake().unwrap();
        if is_complete == (true, true) {
            server.get_mut().deregister(poll.registry()).unwrap();
            rig.take_in(Transport::Tls(Secure::new(server)));
            return client;
        }
    }
    panic!("no handshake: {is_complete:?}");
}

/// Sends `request` and expects `reply`.
fn exchange(rig: &mut Rig, client: &mut Session, request: &[u8], reply: &[u8]) {
    client.write_all(request).unwrap();
    let mut received = Vec::new();
    for _ in 0..STEPS {
        rig.step();
        if read_some(client, &mut received) || received.len() >= reply.len() {
            break;
        }
    }
    assert_eq!(
        received.escape_ascii().to_string(),
        reply.escape_ascii().to_string()
    );
}

#[test]
fn a_session_in_tls_would_end_without_a_word() {
    let (mut rig, files) = (rig(|_| {}), fixture::tls());
    let mut client = connect(&mut rig, &files);
    exchange(
        &mut rig,
        &mut client,
        b"set a 0 0 1\r\nx\r\n",
        b"STORED\r\n",
    );
    exchange(
        &mut rig,
        &mut client,
        b"get a\r\nquit\r\n",
        b"VALUE a 0 1\r\nx\r\nEND\r\n",
    );
    rig.step();
    assert!(read_some(&mut client, &mut Vec::new()), "the end");
    assert!(!client.is_truncated());

    let counters = rig.counters();
    assert_eq!(counters.tls_bytes_read.get(), 29);
    assert_eq!(counters.tls_bytes_written.get(), 29);
    assert_eq!(counters.bytes_written.get(), 29);
    assert_eq!(
        (counters.tls_closed.get(), counters.tls_truncated.get()),
        (1, 0)
    );
}

#[test]
fn a_client_that_leaves_without_a_word_would_count_as_an_error() {
    let (mut rig, files) = (rig(|_| {}), fixture::tls());
    let mut rude = connect(&mut rig, &files);
    // Nothing is left unread, or the socket would say that it was reset.
    exchange(&mut rig, &mut rude, b"mn\r\n", b"MN\r\n");
    drop(rude);
    let mut polite = connect(&mut rig, &files);
    polite.close();
    for _ in 0..STEPS {
        rig.step();
    }
    let counters = rig.counters();
    assert_eq!(
        (counters.tls_closed.get(), counters.tls_truncated.get()),
        (2, 1)
    );
    assert_eq!(counters.closed_error.get(), 0);
}

#[test]
fn a_stop_would_not_be_told_in_tls() {
    let (mut rig, files) = (rig(|_| {}), fixture::tls());
    let mut client = connect(&mut rig, &files);
    exchange(&mut rig, &mut client, b"mn\r\n", b"MN\r\n");
    rig.worker.waker.stop();
    rig.worker.run();
    assert!(read_some(&mut client, &mut Vec::new()), "the end");
    assert!(!client.is_truncated());
}

#[test]
fn requests_behind_a_reload_would_overtake_it() {
    let files = fixture::tls();
    let mut rig = rig_with(Some(Arc::clone(&files.tls)), files.order.clone(), |_| {});
    let mut client = rig.connect();
    let mut other = rig.connect();
    for (outcome, reply) in [
        (Ok(()), &b"OK\r\nEND\r\n"[..]),
        (Err("no\nfile".to_owned()), b"Error no?file\r\nEND\r\n"),
    ] {
        client.write_all(b"refresh_certs\r\nget a\r\n").unwrap();
        rig.exchange(&mut other, b"mn\r\n", b"MN\r\n");
        for _ in 0..10 {
            rig.step();
        }
        assert!(!is_closed(&mut client));
        let Ok(Order::Certificates(asker)) = files.orders.try_recv() else {
            panic!("nobody was asked");
        };
        assert!(files.orders.is_empty(), "once");
        asker.send(outcome).unwrap();
        assert_eq!(rig.receive(&mut client, reply.len()), reply);
    }
    assert_eq!(rig.counters().store_waits.get(), 0);
}

#[test]
fn a_reload_that_nobody_does_would_be_waited_for_without_end() {
    let files = fixture::tls();
    let mut rig = rig_with(Some(Arc::clone(&files.tls)), files.order.clone(), |_| {});
    let mut client = rig.connect();
    client.write_all(b"refresh_certs\r\n").unwrap();
    for _ in 0..10 {
        rig.step();
    }
    // The main thread has left.
    drop(files.orders.try_recv().expect("it was asked"));
    let reply = rig.receive(&mut client, b"Error".len());
    assert!(reply.starts_with(b"Error "), "{}", reply.escape_ascii());
}

#[test]
fn tls_at_a_port_without_it_would_be_taken_for_a_line() {
    let mut rig = rig(|_| {});
    let mut client = rig.connect();
    client.write_all(b"\x16\x03\x01\x02\0").unwrap();
    for _ in 0..10 {
        rig.step();
    }
    assert!(is_closed(&mut client));
    let counters = rig.counters();
    assert_eq!(
        (counters.closed_tls.get(), counters.closed_protocol.get()),
        (1, 1)
    );
}
