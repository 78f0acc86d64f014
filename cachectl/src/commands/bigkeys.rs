//! The largest items, and how many there are of which size.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use net::admin::key_text;
use serde::Serialize;

use crate::data::{Client, Entry, Next, metadump};
use crate::failure::Failure;
use crate::output;
use crate::reach::Reach;
use crate::text::{self, Side};

/// What is kept of all items: the largest, and sums.
struct Sizes {
    /// How many of the largest.
    count: usize,
    largest: BinaryHeap<Reverse<(u64, Vec<u8>)>>,
    /// By the power of two that their sizes do not exceed.
    groups: BTreeMap<u64, Sum>,
    all: Sum,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Sum {
    items: u64,
    bytes: u64,
}

/// One of the largest, as scripts are told of it.
#[derive(Serialize)]
struct Large {
    key: String,
    size: u64,
}

/// Those of a size, likewise.
#[derive(Serialize)]
struct Group {
    size_max: u64,
    #[serde(flatten)]
    sum: Sum,
}

/// Looks at the items whose keys begin with `prefix`, and prints `count` of the largest.
pub(super) fn run(prefix: &[u8], count: usize, reach: &Reach, json: bool) -> Result<(), Failure> {
    let mut client = Client::connect(reach)?;
    let mut sizes = Sizes::new(count);
    metadump(&mut client, prefix, |entry| {
        sizes.add(entry);
        Ok(Next::More)
    })?;
    output::print(if json { sizes.objects() } else { sizes.text() })
}

impl Sizes {
    fn new(count: usize) -> Sizes {
        Sizes {
            count,
            largest: BinaryHeap::new(),
            groups: BTreeMap::new(),
            all: Sum::default(),
        }
    }

    fn add(&mut self, entry: Entry) {
        let group = entry.size.max(1).next_power_of_two();
        for sum in [self.groups.entry(group).or_default(), &mut self.all] {
            sum.items += 1;
            sum.bytes += entry.size;
        }
        let is_full = self.largest.len() >= self.count;
        let smallest = self.largest.peek().map(|Reverse((size, _))| *size);
        if is_full && smallest.is_none_or(|smallest| entry.size <= smallest) {
            return;
        }
        self.largest.push(Reverse((entry.size, entry.key)));
        if self.largest.len() > self.count {
            self.largest.pop();
        }
    }

    /// The largest first.
    fn largest(&self) -> Vec<(u64, String)> {
        let mut largest: Vec<_> = (self.largest.iter())
            .map(|Reverse((size, key))| (*size, key_text(key)))
            .collect();
        largest.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        largest
    }

    fn objects(&self) -> String {
        let keys = self.largest().into_iter();
        let mut lines: String = keys
            .map(|(size, key)| output::json(&Large { key, size }))
            .collect();
        lines.extend(
            self.groups
                .iter()
                .map(|(&size_max, &sum)| output::json(&Group { size_max, sum })),
        );
        lines + &output::json(&self.all)
    }

    fn text(&self) -> String {
        let keys = self.largest().into_iter();
        let keys: Vec<_> = keys
            .map(|(size, key)| vec![size.to_string(), key])
            .collect();
        let sums = self.groups.iter().map(|(max, sum)| (max.to_string(), sum));
        let sums = sums.chain([("all".to_owned(), &self.all)]);
        let sums: Vec<_> = sums
            .map(|(max, sum)| vec![max, sum.items.to_string(), sum.bytes.to_string()])
            .collect();
        let head = [("bytes", Side::Right), ("key", Side::Left)];
        let sums_head = [
            ("bytes up to", Side::Right),
            ("items", Side::Right),
            ("bytes", Side::Right),
        ];
        text::columns(&head, &keys) + "\n" + &text::columns(&sums_head, &sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, size: u64) -> Entry {
        Entry {
            key: key.as_bytes().to_vec(),
            size,
            ..Entry::default()
        }
    }

    #[test]
    fn a_large_item_would_be_passed_over_or_counted_twice() {
        let mut sizes = Sizes::new(2);
        for (key, size) in [("a", 128), ("b", 4096), ("c", 129), ("d", 5000), ("e", 1)] {
            sizes.add(entry(key, size));
        }
        assert_eq!(
            sizes.text(),
            "bytes  key\n 5000  d\n 4096  b\n\n\
             bytes up to  items  bytes\n          1      1      1\n        128      1    128\n\
             \x20       256      1    129\n       4096      1   4096\n       8192      1   5000\n\
             \x20       all      5   9354\n"
        );
        let mut none = Sizes::new(0);
        none.add(entry("a", 7));
        assert_eq!(
            none.objects(),
            "{\"size_max\":8,\"items\":1,\"bytes\":7}\n{\"items\":1,\"bytes\":7}\n"
        );
    }
}
