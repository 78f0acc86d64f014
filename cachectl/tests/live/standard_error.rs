//! The status says what standard error cannot.

use std::fs::File;
use std::process::Command;

#[test]
fn a_full_disk_under_standard_error_would_hide_the_status() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let status = Command::new(env!("CARGO_BIN_EXE_cachectl"))
        .arg("--socket")
        .arg(folder.path().join("nobody.sock"))
        .arg("ping")
        .stderr(File::create("/dev/full").expect("/dev/full"))
        .status()
        .expect("it runs");
    assert_eq!(status.code(), Some(3));
}
