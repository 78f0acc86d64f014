//! What is sent and what comes back, compared with memcached 1.6.18 row by
//! row. Where we differ, the row says why.

mod items;
mod lines;
mod meta;
mod retrieval;
mod storage;

use net::Close;

use crate::client::Client;

/// One conversation on a fresh connection with an empty cache.
pub(crate) struct Exchange {
    pub(crate) name: &'static str,
    pub(crate) send: Vec<u8>,
    pub(crate) expect: Vec<u8>,
    pub(crate) closes: Option<Close>,
    /// Why memcached does something else here.
    pub(crate) differs: Option<&'static str>,
}

impl Exchange {
    fn closes(mut self, reason: Close) -> Self {
        self.closes = Some(reason);
        self
    }

    fn differs(mut self, reason: &'static str) -> Self {
        self.differs = Some(reason);
        self
    }
}

fn row(name: &'static str, send: impl AsRef<[u8]>, expect: impl AsRef<[u8]>) -> Exchange {
    Exchange {
        name,
        send: send.as_ref().to_vec(),
        expect: expect.as_ref().to_vec(),
        closes: None,
        differs: None,
    }
}

const FORMAT: &str = "CLIENT_ERROR bad command line format\r\n";
const EXPTIME: &str = "CLIENT_ERROR invalid exptime argument\r\n";
const LINE_END: &str = "memcached takes a carriage return for part of a key, and shows it";
const FORGOTTEN: &str = "memcached drops replies not sent yet when a retrieval has a bad key";

pub(crate) fn exchanges() -> Vec<Exchange> {
    [
        storage::storing(),
        storage::storage_errors(),
        storage::bodies(),
        retrieval::retrievals(),
        items::deletes(),
        items::numbers(),
        items::touches(),
        lines::others(),
        lines::operators(),
        lines::lines(),
        meta::exchanges(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn exchanged(exchange: &Exchange, size: usize) {
    let mut client = Client::new();
    client.send_in(&exchange.send, size);
    let judge = exchange.differs.unwrap_or("memcached does the same");
    let name = format!("{}, {size} bytes at once ({judge})", exchange.name);
    let (out, expect) = (client.take_out(), String::from_utf8_lossy(&exchange.expect));
    assert_eq!(out, expect, "{name}");
    assert_eq!(client.closed, exchange.closes, "{name}");
}

#[test]
fn replies_do_not_differ_from_memcached() {
    for exchange in exchanges() {
        exchanged(&exchange, usize::MAX);
    }
}

#[test]
fn replies_do_not_depend_on_where_the_stream_is_cut() {
    for exchange in exchanges() {
        let sizes: &[usize] = if exchange.send.len() < 20_000 {
            &[1, 2, 3, 7, 100, 2048, 2049]
        } else {
            &[1000, 4096, 16 << 10]
        };
        for &size in sizes {
            exchanged(&exchange, size);
        }
    }
}
