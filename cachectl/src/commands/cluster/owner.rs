//! Which node owns a key. Nobody is asked: the names alone say it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use net::admin::key_text;
use serde::Serialize;

use crate::failure::Failure;
use crate::ketama::{Continuum, Node};
use crate::output;

/// What is printed of a key in JSON.
#[derive(Serialize)]
struct Owned {
    key: String,
    node: String,
    hash: u32,
    point: u32,
}

pub(super) fn run(keys: &[OsString], nodes: &[Node], json: bool) -> Result<(), Failure> {
    for (index, node) in nodes.iter().enumerate() {
        if nodes[..index].iter().any(|other| other.is_same(node)) {
            return Err(Failure::Usage(format!("the node {node} is named twice")));
        }
    }
    let continuum = Continuum::new(nodes);
    let owned: Vec<_> = keys
        .iter()
        .map(|key| {
            let owner = continuum.owner(key.as_bytes());
            Owned {
                key: key_text(key.as_bytes()),
                node: nodes[owner.node].to_string(),
                hash: owner.hash,
                point: owner.point,
            }
        })
        .collect();
    output::print(if json { objects(&owned) } else { table(&owned) })
}

fn objects(owned: &[Owned]) -> String {
    owned.iter().map(output::json).collect()
}

/// A line a key: the key, its node, where it lies and the node's point that is next.
fn table(owned: &[Owned]) -> String {
    let width = |of: fn(&Owned) -> &str| {
        let widths = owned.iter().map(|it| of(it).chars().count());
        widths.max().unwrap_or(0)
    };
    let (keys, nodes) = (width(|it| &it.key), width(|it| &it.node));
    let lines = owned.iter().map(|it| {
        let Owned {
            key,
            node,
            hash,
            point,
        } = it;
        format!("{key:<keys$}  {node:<nodes$}  key at {hash:>10}, point at {point:>10}\n")
    });
    lines.collect()
}
