//! A configuration in several files.

use std::fs;

use super::*;

/// A folder with `files`, and the argument that names the one called `main.toml`.
fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    let argument = format!("--config={}", folder.path().join("main.toml").display());
    (folder, argument)
}

/// What is refused, without the folder in front of the file's name.
fn refused(files: &[(&str, &str)]) -> String {
    let (folder, argument) = folder(files);
    let prefix = format!("{}/", folder.path().display());
    refusal(&[&argument]).replace(&prefix, "")
}

#[test]
fn a_later_file_would_not_go_before_an_earlier_or_an_option() {
    let main = "include = \"conf.d\"\n[server]\nport = 1\nthreads = 2\nbacklog = 3\n";
    let (folder, argument) = folder(&[
        ("main.toml", main),
        (
            "conf.d/20.toml",
            "[server]\nthreads = 20\n[store]\nmemory = \"20MiB\"\n",
        ),
        (
            "conf.d/10.toml",
            "[store]\nmemory = \"100MiB\"\n[server]\n\nthreads = 10\n",
        ),
        ("conf.d/30.toml", "[server]\nbacklog = 30\n"),
        ("conf.d/40.toml.bak", "nonsense"),
        ("conf.d/.50.toml", "nonsense"),
        ("conf.d/README", "nonsense"),
    ]);
    let args = [&argument, "--backlog", "4"];
    let config = config(&args);
    assert_eq!(config.port, 1);
    assert_eq!(config.workers(), 20);
    assert_eq!(config.memory, 20 << 20);
    assert_eq!(config.backlog, 4);
    let page = printed(&[&args[..], &["--print-config"]].concat());
    for (line, file) in [
        ("port = 1", "main.toml:3"),
        ("threads = 20", "conf.d/20.toml:2"),
        ("memory = \"20MiB\"", "conf.d/20.toml:4"),
    ] {
        let line = format!("{line}  # {}/{file}\n", folder.path().display());
        assert!(page.contains(&line), "no {line} in {page}");
    }
    assert!(page.contains("backlog = 4  # --backlog\n"), "{page}");
    assert!(printed(&[&argument, "--check-config"]).ends_with("sound\n"));
}

#[test]
fn an_error_in_an_included_file_would_be_looked_for_in_the_main_one() {
    let main = ("main.toml", "include = \"conf.d\"\n");
    for (text, wanted) in [
        (
            "[server]\n prot = 1\n",
            "conf.d/a.toml:2:2: server.prot: unknown key; did you mean server.port?",
        ),
        (
            "[server]\nport = 70000\n",
            "conf.d/a.toml:2:8: server.port: must be from 0 to 65535, not 70000",
        ),
        (
            "include = \"more\"\n",
            "conf.d/a.toml:1:11: include: an included file cannot include others",
        ),
    ] {
        assert_eq!(refused(&[main, ("conf.d/a.toml", text)]), wanted);
    }
    let broken = refused(&[main, ("conf.d/a.toml", "[server")]);
    assert!(broken.starts_with("conf.d/a.toml:1:"), "{broken}");
}

#[test]
fn a_folder_that_is_not_there_would_be_passed_over() {
    let missing = refused(&[("main.toml", "include = \"conf.d\"\n")]);
    assert!(
        missing.starts_with("main.toml:1:11: include: cannot read conf.d: "),
        "{missing}"
    );
    let list = refused(&[("main.toml", "include = [\"conf.d\"]\n")]);
    assert_eq!(
        list,
        "main.toml:1:11: include: must be a text in quotes, not an array"
    );
    let typed = refused(&[("main.toml", "includ = \"conf.d\"\n")]);
    assert_eq!(
        typed,
        "main.toml:1:1: includ: a key must stand in a section; did you mean include?"
    );
    let behind = refused(&[("main.toml", "[admin]\ninclude = \"conf.d\"\n")]);
    assert_eq!(
        behind,
        "main.toml:2:1: admin.include: include must stand ahead of all sections"
    );
    let none = folder(&[("main.toml", "include = \"\"\n")]);
    assert_eq!(config(&[&none.1]), config(&[]));
}
