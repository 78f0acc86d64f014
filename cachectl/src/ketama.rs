//! Which node of a cluster owns a key, as libmemcached (`KETAMA_WEIGHTED`) and twemproxy tell it.
//!
//! A node has points on a circle of 32 bits: four from each MD5 digest of its label and a number,
//! 40 digests where all nodes have the same weight. A key's own place is the beginning of its MD5
//! digest; it belongs to the node of the first point from there on.

use std::fmt;
use std::str::FromStr;

use md5::{Digest, Md5};

/// The port that a label leaves out.
const PORT: u16 = 11211;

/// Digests a node has, on average.
const DIGESTS: f32 = 40.0;

/// A node, under the name its clients have for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    host: String,
    port: u16,
    weight: u32,
}

impl FromStr for Node {
    type Err = String;

    fn from_str(text: &str) -> Result<Node, String> {
        parse(text).ok_or_else(|| {
            format!(
                "'{text}' names no node: HOST[:PORT[:WEIGHT]] is wanted, an IPv6 address in \
                 brackets, the weight at least 1"
            )
        })
    }
}

fn parse(text: &str) -> Option<Node> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let (port, weight) = match rest.strip_prefix(':') {
        Some(numbers) => match numbers.split_once(':') {
            Some((port, weight)) => (port.parse().ok()?, weight.parse().ok()?),
            None => (numbers.parse().ok()?, 1),
        },
        None => rest.is_empty().then_some((PORT, 1))?,
    };
    let is_host = !host.is_empty() && !host.contains(['/', ' ']);
    (is_host && port > 0 && weight > 0).then(|| Node {
        host: host.to_owned(),
        port,
        weight,
    })
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Node { host, port, .. } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

impl Node {
    /// Whether both are one to their clients.
    pub(crate) fn is_same(&self, other: &Node) -> bool {
        (&self.host, self.port) == (&other.host, other.port)
    }

    /// What is digested for the node's points: libmemcached has IPv6 addresses without brackets.
    fn label(&self, number: usize) -> String {
        match self.port {
            PORT => format!("{}-{number}", self.host),
            port => format!("{}:{port}-{number}", self.host),
        }
    }
}

/// The points of all nodes.
#[derive(Debug)]
pub(crate) struct Continuum {
    /// A point, and whose it is; in order.
    points: Vec<(u32, usize)>,
}

/// Where a key belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Of the nodes, this one.
    pub(crate) node: usize,
    /// The key's place on the circle.
    pub(crate) hash: u32,
    /// The node's point that is next.
    pub(crate) point: u32,
}

impl Continuum {
    /// The circle of `nodes`; there is one at least.
    pub(crate) fn new(nodes: &[Node]) -> Continuum {
        let total: u64 = nodes.iter().map(|node| u64::from(node.weight)).sum();
        let mut points = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            // In floats, and in this order, as both do: else a digest more or less comes out.
            let share = node.weight as f32 / total as f32;
            let digests = (share * (4.0 * DIGESTS) / 4.0 * nodes.len() as f32).floor() as usize;
            for number in 0..digests {
                let digest = Md5::digest(node.label(number));
                let (words, _) = digest.as_chunks();
                points.extend(words.iter().map(|word| (u32::from_le_bytes(*word), index)));
            }
        }
        points.sort_unstable();
        Continuum { points }
    }

    /// The owner of `key`.
    pub(crate) fn owner(&self, key: &[u8]) -> Owner {
        let digest = Md5::digest(key);
        let hash = u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]);
        let next = self.points.partition_point(|(point, _)| *point < hash);
        let (point, node) = self.points[next % self.points.len()];
        Owner { node, hash, point }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(texts: &[&str]) -> Vec<Node> {
        let nodes = texts.iter().map(|text| text.parse());
        nodes.collect::<Result<_, _>>().expect("nodes")
    }

    /// Digests of the owners of `key:0` to `key:99999`, a digit each. They were told by libmemcached
    /// 1.1.4: `MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED` set, `memcached_server_add_with_weight` for each
    /// node, `memcached_generate_hash` for each key. twemproxy makes its points by the same rule.
    #[test]
    fn a_key_would_be_looked_for_where_no_client_puts_it() {
        let clusters: &[(&[&str], u128)] = &[
            (
                &["10.0.0.1", "10.0.0.2:11211", "10.0.0.3:11211:1"],
                0x9424_d2f5_4173_2786_27a0_779e_44ae_0137,
            ),
            (
                &[
                    "cache-a.example.com",
                    "cache-a.example.com:11212",
                    "cache-b.example.com:21211",
                    "[::1]",
                ],
                0x0eeb_d556_8d08_c89d_4340_1e8a_76bc_afd1,
            ),
            (
                &[
                    "10.0.1.1:11211:1",
                    "10.0.1.2:11211:2",
                    "10.0.1.3:11212:3",
                    "10.0.1.4:11211:7",
                    "10.0.1.5:11211:100",
                ],
                0x435e_3d4f_b902_fd55_3dbe_b2d6_437a_2796,
            ),
        ];
        for (texts, expected) in clusters {
            let continuum = Continuum::new(&nodes(texts));
            let owners: String = (0..100_000)
                .map(|number| continuum.owner(format!("key:{number}").as_bytes()).node)
                .map(|node| char::from(b'0' + node as u8))
                .collect();
            let digest = u128::from_be_bytes(Md5::digest(owners).into());
            assert_eq!(digest, *expected, "{texts:?}");
        }
    }

    #[test]
    fn a_key_behind_the_last_point_belongs_to_the_first() {
        let continuum = Continuum {
            points: vec![(1, 0), (2, 1)],
        };
        let owner = continuum.owner(b"a");
        assert!(owner.hash > 2);
        assert_eq!((owner.node, owner.point), (0, 1));
    }

    #[test]
    fn what_names_no_node_is_refused() {
        for text in [
            "",
            ":11211",
            "a:",
            "a:b",
            "a:0",
            "a:1:0",
            "a:1:",
            "a:1:2:3",
            "::1",
            "[::1]x",
            "[::1",
            "/run/cached.sock",
            "a b",
        ] {
            let error = text.parse::<Node>().expect_err(text);
            assert!(error.contains("names no node"), "{error}");
        }
        let named = |text: &str| text.parse::<Node>().map(|node| node.to_string());
        assert_eq!(named("a:1:5"), Ok("a:1".to_owned()));
        assert_eq!(named("[::1]"), Ok("[::1]:11211".to_owned()));
    }
}
