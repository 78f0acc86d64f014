//! Large values go between the socket and the heap without a buffer between.

use super::*;

const LARGE: usize = 900_000;

fn row(key: &str, value: &[u8]) -> Vec<u8> {
    let line = format!("VALUE {key} 0 {}\r\n", value.len());
    [line.as_bytes(), value, b"\r\n"].concat()
}

#[test]
fn a_large_value_is_not_copied_to_be_sent() {
    let mut rig = rig(|_| {});
    let mut client = rig.connect();
    let value = vec![b'v'; 20_000];
    rig.store("a", &value).unwrap();
    rig.exchange(
        &mut client,
        b"get a a b a\r\n",
        &[&row("a", &value).repeat(3)[..], b"END\r\n"].concat(),
    );
    let copied = rig.worker.output.capacity();
    assert!(
        copied < value.len(),
        "{copied} bytes went through the output"
    );
    rig.step();
    assert_eq!(rig.worker.budget.used(), 0);
}

#[test]
fn a_value_half_sent_does_not_change_with_its_key() {
    let mut rig = rig(|_| {});
    let mut client = rig.connect();
    let value: Vec<u8> = (0..LARGE).map(|at| (at / 7) as u8).collect();
    rig.store("a", &value).unwrap();
    client.write_all(b"get a\r\n").unwrap();
    rig.step();
    let unsent = rig.worker.budget.used();
    assert!(unsent > LARGE / 2, "the socket took all but {unsent} bytes");

    // The heap twice over: what the value lay in is used anew.
    for round in 0..40 {
        for _ in 0..100 {
            if rig.store("a", &vec![round; LARGE]).is_ok() {
                break;
            }
            rig.step();
        }
    }
    let expected = [&row("a", &value)[..], b"END\r\n"].concat();
    let received = rig.receive(&mut client, expected.len());
    assert!(received == expected, "not the value that was asked for");
    rig.step();
    assert_eq!(rig.worker.budget.used(), 0);
}
