//! Instructions, counted by callgrind: on any machine, but fifty times as slow.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::server::{Program, Setting};
use crate::{Error, Target};

/// Two streams, the same as far as the shorter one goes: their difference is
/// free of what a server does to start, to be filled and to stop.
const SHORT: u64 = 2_000;
const LONG: u64 = 12_000;

/// valgrind keeps 12 files for itself, and memcached sets its limit to just its
/// 1024 connections, which valgrind refuses unless the limit is that already.
const OPEN_FILES: &str = "--nofile=1036:1036";

/// User-mode instructions for each request of a fixed stream. `load` sends the
/// first so many requests of it to a server that was just started; it is
/// called twice.
pub fn instructions(
    program: &Program,
    setting: &Setting<'_>,
    mut load: impl FnMut(&Target, u64) -> Result<(), Error>,
) -> Result<f64, Error> {
    let mut total = |requests| {
        let folder = Folder::new()
            .map_err(|e| Error::Failed(format!("callgrind: no file for its counts: {e}")))?;
        let out = format!("--callgrind-out-file={}", folder.file.display());
        let server = program.start(&Setting {
            under: ["prlimit", OPEN_FILES, "valgrind", "--tool=callgrind", &out]
                .map(str::to_owned)
                .to_vec(),
            ..setting.clone()
        })?;
        load(&server.target()?, requests)?;
        server.stop()?;
        fs::read_to_string(&folder.file)
            .ok()
            .as_deref()
            .and_then(summary)
            .ok_or_else(|| {
                Error::Failed(format!("callgrind counted nothing for {}", program.name()))
            })
    };
    let (short, long) = (total(SHORT)?, total(LONG)?);
    if long <= short {
        return Err(Error::Failed(format!(
            "{} answered nothing under callgrind",
            program.name()
        )));
    }
    Ok((long as f64 - short as f64) / (LONG - SHORT) as f64)
}

/// Where the counts go: a server started by root may have another user by then,
/// so the file lets all write, in a folder that lets nobody else name one.
struct Folder {
    file: PathBuf,
    _removes_itself: TempDir,
}

impl Folder {
    fn new() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o711))?;
        let file = folder.path().join("callgrind.out");
        File::create(&file)?.set_permissions(Permissions::from_mode(0o666))?;
        Ok(Self {
            file,
            _removes_itself: folder,
        })
    }
}

/// All instructions of the program.
fn summary(out: &str) -> Option<u64> {
    let total = out.lines().find_map(|line| line.strip_prefix("totals: "))?;
    total.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_counts_would_cost_nothing() {
        assert_eq!(
            summary("version: 1\nevents: Ir\n\nfn=(1)\n0 5\n\ntotals: 8\n"),
            Some(8)
        );
        assert_eq!(summary("version: 1\n"), None);
    }
}
