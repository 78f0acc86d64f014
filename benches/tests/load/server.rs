//! A server of one hash map, honest or not.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use net::tls::Server;

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
    serve_each(move |seen, stream| serve(manner, seen, stream))
}

/// Serves honestly in TLS until the test's process ends.
pub(crate) fn start_tls(server: Server) -> SocketAddr {
    let (address, _) = serve_each(move |seen, stream| {
        let mut session = server.open(stream).map_err(io::Error::other)?;
        session.handshake().map_err(io::Error::other)?;
        serve(Manner::Honest, seen, session)
    });
    address
}

fn serve_each(
    serve: impl Fn(&Mutex<Seen>, TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> (SocketAddr, Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let (shared, serve) = (Arc::clone(&seen), Arc::new(serve));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (shared, serve) = (Arc::clone(&shared), Arc::clone(&serve));
            // A client that goes away ends its thread.
            thread::spawn(move || {
                let stream = stream.ok()?;
                // Replies go out one by one; none may wait for an acknowledgement.
                stream.set_nodelay(true).ok()?;
                serve(&shared, stream).ok()
            });
        }
    });
    (address, seen)
}

fn serve(manner: Manner, seen: &Mutex<Seen>, stream: impl Read + Write) -> io::Result<()> {
    let mut requests = BufReader::new(stream);
    for number in 0.. {
        let mut line = String::new();
        if requests.read_line(&mut line)? == 0 || manner == Manner::HangsUp(number) {
            break;
        }
        let mut value = Vec::new();
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let length = match words[0] {
            "set" => Some(words[4]),
            "ms" => Some(words[2]),
            _ => None,
        };
        if let Some(length) = length {
            value.resize(length.parse::<usize>().unwrap() + 2, 0);
            requests.read_exact(&mut value)?;
        }
        let reply = answer(manner, &mut seen.lock().unwrap(), &words, value);
        seen.lock().unwrap().lines.push(line);
        if manner != Manner::Mute {
            requests.get_mut().write_all(&reply)?;
        }
    }
    Ok(())
}

fn answer(manner: Manner, seen: &mut Seen, words: &[&str], value: Vec<u8>) -> Vec<u8> {
    if words[0].len() == 2 {
        return meta(manner, seen, words, value);
    }
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
            values.insert(key, (kept_flags(manner, words[2]), value));
            b"STORED\r\n".into()
        }
        "delete" => match values.remove(&key) {
            Some(_) => b"DELETED\r\n".into(),
            None => b"NOT_FOUND\r\n".into(),
        },
        "incr" => match values.get_mut(&key) {
            None => b"NOT_FOUND\r\n".into(),
            Some((_, value)) => {
                count(value);
                value.clone()
            }
        },
        other => panic!("{other} is no request of a load"),
    }
}

fn meta(manner: Manner, seen: &mut Seen, words: &[&str], value: Vec<u8>) -> Vec<u8> {
    let values = &mut seen.values;
    if words == ["mn"] {
        return b"MN\r\n".into();
    }
    let (key, flags) = (words[1].as_bytes().to_vec(), &words[2..]);
    match words[0] {
        "mg" if manner == Manner::Verbose => {
            let mut reply = format!("VA {} f0 k{}\r\n", 1 << 20, words[1]).into_bytes();
            reply.resize(reply.len() + (1 << 20), b'v');
            reply.extend(b"\r\n");
            reply
        }
        "mg" => match values.get(&key) {
            None if flags.contains(&"q") => Vec::new(),
            None if flags.contains(&"k") => format!("EN k{}\r\n", words[1]).into(),
            None => b"EN\r\n".into(),
            Some((client_flags, value)) => {
                let mut reply = format!("VA {}", value.len() - 2).into_bytes();
                for flag in flags {
                    match *flag {
                        "f" => write!(reply, " f{client_flags}").unwrap(),
                        "k" => write!(reply, " k{}", words[1]).unwrap(),
                        _ => {}
                    }
                }
                reply.extend(b"\r\n");
                reply.extend(value);
                reply
            }
        },
        "ms" if manner == Manner::Full => b"SERVER_ERROR out of memory storing object\r\n".into(),
        "ms" if manner == Manner::Stale && values.contains_key(&key) => b"HD\r\n".into(),
        "ms" => {
            let given = flags.iter().find_map(|flag| flag.strip_prefix('F'));
            values.insert(key, (kept_flags(manner, given.unwrap_or("0")), value));
            b"HD\r\n".into()
        }
        "md" => match values.remove(&key) {
            Some(_) => b"HD\r\n".into(),
            None => b"NF\r\n".into(),
        },
        "ma" => match values.get_mut(&key) {
            None => b"NF\r\n".into(),
            Some((_, value)) => {
                count(value);
                let mut reply = format!("VA {}\r\n", value.len() - 2).into_bytes();
                reply.extend_from_slice(value);
                reply
            }
        },
        other => panic!("{other} is no request of a load"),
    }
}

fn kept_flags(manner: Manner, given: &str) -> String {
    if manner == Manner::CutsFlags {
        return (given.parse::<u32>().unwrap() as u16).to_string();
    }
    given.to_owned()
}

/// Adds 1 to a number with its line end.
fn count(value: &mut Vec<u8>) {
    let digits = str::from_utf8(&value[..value.len() - 2]).unwrap();
    *value = format!("{}\r\n", digits.parse::<u64>().unwrap() + 1).into();
}
