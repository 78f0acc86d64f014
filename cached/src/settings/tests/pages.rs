//! The manual pages and the packaged file, against the table.

use super::*;

const PACKAGED: &str = include_str!("../../../../packaging/cached.toml");
const FILE_PAGE: &str = include_str!("../../../../man/cached.toml.5");
const DAEMON_PAGE: &str = include_str!("../../../../man/cached.8");

#[test]
fn the_packaged_file_is_the_printed_defaults() {
    assert_eq!(PACKAGED, printed(&["--print-config"]));
}

#[test]
fn the_file_page_lists_exactly_the_rows_with_their_defaults() {
    let mut section = "";
    let mut listed = Vec::new();
    for line in FILE_PAGE.lines() {
        if let Some(name) = line.strip_prefix(".Ss Section ") {
            section = name;
        } else if let Some(item) = line.strip_prefix(".It Ic ") {
            listed.push(format!("{section}.{}", item.replace(r"\(dq", "\"")));
        }
    }
    let defaults = Config::default();
    let rows: Vec<_> = SETTINGS
        .iter()
        .map(|setting| {
            let value = (setting.get)(&defaults).to_toml();
            format!("{} Li = {value}", setting.key)
        })
        .collect();
    assert_eq!(listed, rows);
}

#[test]
fn the_file_page_says_of_each_row_whether_it_takes_a_restart() {
    let (_, section) = FILE_PAGE.split_once(".Sh RELOADING").expect("a section");
    let (section, _) = section.split_once(".Sh ").expect("another one");
    let listed: Vec<_> = section
        .lines()
        .filter_map(|line| line.strip_prefix(".Ic "))
        .filter(|name| name.contains('.'))
        .collect();
    let rows = SETTINGS
        .iter()
        .filter(|setting| setting.reload == setting::Reload::Restart);
    let rows: Vec<_> = rows.map(|setting| setting.key).collect();
    assert_eq!(listed, rows);
}

#[test]
fn the_daemon_page_lists_exactly_the_flags() {
    let listed: Vec<_> = DAEMON_PAGE
        .lines()
        .filter_map(|line| line.strip_prefix(".It Fl "))
        .map(|line| line.replace(r"\-", "-"))
        .collect();
    let mut rows: Vec<_> = SETTINGS
        .iter()
        .map(|setting| {
            let flag = &setting.flag;
            let short = flag.short.map(|c| format!("{c} , Fl ")).unwrap_or_default();
            let value = flag.value.map(|v| format!(" Ar {v}")).unwrap_or_default();
            format!("{short}-{}{value}", flag.long)
        })
        .collect();
    rows.extend(
        [
            "-config Ar FILE",
            "-check-config",
            "-print-config",
            "h , Fl -help",
            "V , Fl -version",
        ]
        .map(str::to_owned),
    );
    assert_eq!(listed, rows);
}
