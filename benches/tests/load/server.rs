//! A server of one hash map, honest or not.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Honest,
    /// A key keeps its first value for ever.
    Stale,
    /// No set succeeds.
    Full,
    /// Hangs up after so many requests of a connection.
    HangsUp(u32),
    /// Takes requests and answers none.
    Mute,
    /// Every value has a megabyte.
    Verbose,
    /// Flags have 16 bits.
    CutsFlags,
}

#[derive(Default)]
pub(crate) struct Seen {
    /// Flags and value, with the line end.
    values: HashMap<Vec<u8>, (String, Vec<u8>)>,
    /// All request lines, in the order they came.
    pub(crate) lines: Vec<String>,
}

/// Serves until the test's process ends.
pub(crate) fn start(manner: Manner) -> (SocketAddr, Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let shared = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let shared = Arc::clone(&shared);
            // A client that goes away ends its thread.
            thread::spawn(move || serve(manner, &shared, stream.ok()?).ok());
        }
    });
    (address, seen)
}

fn serve(manner: Manner, seen: &Mutex<Seen>, mut stream: TcpStream) -> std::io::Result<()> {
    // Replies go out one by one; none may wait for an acknowledgement.
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream.try_clone()?);
    for number in 0.. {
        let mut line = String::new();
        if requests.read_line(&mut line)? == 0 || manner == Manner::HangsUp(number) {
            break;
        }
        let mut value = Vec::new();
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        if words[0] == "set" {
            value.resize(words[4].parse::<usize>().unwrap() + 2, 0);
            requests.read_exact(&mut value)?;
        }
        let reply = answer(manner, &mut seen.lock().unwrap(), &words, value);
        seen.lock().unwrap().lines.push(line);
        if manner != Manner::Mute {
            stream.write_all(&reply)?;
        }
    }
    Ok(())
}

fn answer(manner: Manner, seen: &mut Seen, words: &[&str], value: Vec<u8>) -> Vec<u8> {
    let values = &mut seen.values;
    let key = words[1].as_bytes().to_vec();
    match words[0] {
        "get" if manner == Manner::Verbose => {
            let mut reply = format!("VALUE {} 0 {}\r\n", words[1], 1 << 20).into_bytes();
            reply.resize(reply.len() + (1 << 20), b'v');
            reply.extend(b"\r\nEND\r\n");
            reply
        }
        "get" => {
            let mut reply = Vec::new();
            for key in &words[1..] {
                if let Some((flags, value)) = values.get(key.as_bytes()) {
                    write!(reply, "VALUE {key} {flags} {}\r\n", value.len() - 2).unwrap();
                    reply.extend(value);
                }
            }
            reply.extend(b"END\r\n");
            reply
        }
        "set" if manner == Manner::Full => b"SERVER_ERROR out of memory storing object\r\n".into(),
        "set" if manner == Manner::Stale && values.contains_key(&key) => b"STORED\r\n".into(),
        "set" => {
            let mut flags = words[2].to_owned();
            if manner == Manner::CutsFlags {
                flags = (flags.parse::<u32>().unwrap() as u16).to_string();
            }
            values.insert(key, (flags, value));
            b"STORED\r\n".into()
        }
        "delete" => match values.remove(&key) {
            Some(_) => b"DELETED\r\n".into(),
            None => b"NOT_FOUND\r\n".into(),
        },
        "incr" => match values.get_mut(&key) {
            None => b"NOT_FOUND\r\n".into(),
            Some((_, value)) => {
                let digits = str::from_utf8(&value[..value.len() - 2]).unwrap();
                let number = digits.parse::<u64>().unwrap() + 1;
                *value = format!("{number}\r\n").into();
                value.clone()
            }
        },
        other => panic!("{other} is no request of a load"),
    }
}
