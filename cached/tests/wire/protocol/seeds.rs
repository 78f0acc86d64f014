//! The rows as seeds for the fuzzer of `net/fuzz`.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use crate::protocol::rows;

/// Longer ones would only make the fuzzer slow.
const SEED_MAX: usize = 4096;

/// What the seeds of a session begin with: where the fuzzer cuts the rest.
const CUTS: &[u8] = b"\x02\x0b\xff\x00";

#[test]
#[ignore = "writes seeds into the folder that CACHED_SEEDS names, in one folder a parser"]
fn a_row_that_cannot_be_a_seed_would_not_be_fuzzed() {
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = std::env::var_os("CACHED_SEEDS").map_or(scratch.path().into(), PathBuf::from);
    let mut written = HashSet::new();
    for (at, row) in rows::all().iter().enumerate() {
        if row.send.len() > SEED_MAX {
            continue;
        }
        let line = row.send.split(|&byte| byte == b'\n').next();
        let line = line.unwrap_or_default();
        let (target, line) = match line.split_first() {
            Some((b'm', line)) => ("meta", line),
            _ => ("classic", line),
        };
        let stream = [CUTS, &row.send].concat();
        for (target, seed) in [("session", &stream[..]), (target, line)] {
            let folder = folder.join(target);
            fs::create_dir_all(&folder).expect("a folder for the parser");
            fs::write(folder.join(format!("row-{at}")), seed).expect("a seed is written");
            written.insert(target);
        }
    }
    assert_eq!(written.len(), 3, "{written:?}");
}
