//! The scripts that shells complete words by, loaded by the shells.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::daemon::cachectl;

/// What the shell `shell` prints for `script`; `None` where there is no such shell.
fn run(shell: &str, flags: &[&str], script: &str) -> Option<String> {
    let spawned = Command::new(shell)
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = spawned.ok()?;
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(script.as_bytes()).expect("the script");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{shell}: {script}");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

fn script(shell: &str) -> String {
    let said = cachectl(&["completions", shell], b"");
    assert_eq!(said.status, Some(0), "{said:?}");
    said.out
}

#[test]
fn a_shell_would_not_load_its_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let script = script(shell);
        assert!(script.contains("hotkeys"), "{script}");
        let loaded = run(shell, &["-n"], &script);
        assert!(loaded.is_some() || shell != "bash", "there is no bash");
    }
}

#[test]
fn a_word_would_not_be_completed() {
    let completing = "\nCOMP_WORDS=(cachectl hot); COMP_CWORD=1\n\
        _cachectl cachectl hot cachectl\necho \"${COMPREPLY[@]}\"\n";
    let said = run("bash", &["-s"], &(script("bash") + completing));
    assert_eq!(said.as_deref(), Some("hotkeys\n"));
}
