//! The screens.
//!
//! To add one: write a file beside this that makes its panels, and its table if it has one, from
//! what the server answered, and give it a row in [`SCREENS`]. Drawing, keys, filters, orders,
//! scrolling, snapshots and help come with the row.

mod classes;
mod commands;
mod configuration;
mod connections;
mod hotkeys;
mod log;
mod memory;
mod overview;
mod tls;
mod ttl;

use super::answers::Reports;
use super::history::History;
use super::listing::Listing;
use super::panel::Panel;

/// What a screen is made of.
pub(crate) struct Screen {
    /// What `--screen` calls it.
    pub(crate) name: &'static str,
    /// What it is called on the screen, where nine of them stand side by side.
    pub(crate) title: &'static str,
    /// What the help says of it.
    pub(crate) about: &'static str,
    /// Ways to look at it, which a key goes through; without any there is one.
    pub(crate) modes: &'static [&'static str],
    /// The requests whose answers it shows, besides those of the graphs, in each mode.
    pub(crate) asks: fn(mode: usize) -> &'static [&'static str],
    /// The most important first: where there is no room for all, the last are left out.
    pub(crate) panels: fn(&Scene<'_>) -> Vec<Panel>,
    /// The table below them.
    pub(crate) listing: Option<for<'a> fn(&Scene<'a>) -> Listing<'a>>,
    /// Its rows are connections, by their ids, and can be ended.
    pub(crate) kills: bool,
}

/// What a screen is made from.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) reports: &'a Reports,
    pub(crate) history: &'a History,
    /// Of the screen's modes.
    pub(crate) mode: usize,
    /// When the latest answers came, in milliseconds of unix time.
    pub(crate) time: u64,
}

/// Every screen, in the order of their numbers.
pub(crate) const SCREENS: &[Screen] = &[
    Screen {
        name: "overview",
        title: "Overview",
        about: "the server at a glance, and what is wrong",
        modes: &[],
        asks: |_| overview::ASKED,
        panels: overview::panels,
        listing: None,
        kills: false,
    },
    Screen {
        name: "commands",
        title: "Commands",
        about: "what clients ask for, how often, with what success and how fast",
        modes: commands::MODES,
        asks: |_| commands::ASKED,
        panels: commands::panels,
        listing: Some(commands::listing),
        kills: false,
    },
    Screen {
        name: "memory",
        title: "Memory",
        about: "where the memory is, what leaves it and why",
        modes: &[],
        asks: |_| memory::ASKED,
        panels: memory::panels,
        listing: Some(memory::listing),
        kills: false,
    },
    Screen {
        name: "ttl",
        title: "TTL",
        about: "how long items are to live, and when they go",
        modes: &[],
        asks: |_| ttl::ASKED,
        panels: ttl::panels,
        listing: Some(ttl::listing),
        kills: false,
    },
    Screen {
        name: "hotkeys",
        title: "Hot keys",
        about: "the keys that are asked for most",
        modes: hotkeys::MODES,
        asks: hotkeys::asked,
        panels: hotkeys::panels,
        listing: Some(hotkeys::listing),
        kills: false,
    },
    Screen {
        name: "connections",
        title: "Clients",
        about: "who is connected, and what goes to and fro",
        modes: &[],
        asks: |_| connections::ASKED,
        panels: connections::panels,
        listing: Some(connections::listing),
        kills: true,
    },
    Screen {
        name: "tls",
        title: "TLS",
        about: "whether TLS is spoken, how, and what goes wrong with it",
        modes: &[],
        asks: |_| tls::ASKED,
        panels: tls::panels,
        listing: None,
        kills: false,
    },
    Screen {
        name: "configuration",
        title: "Config",
        about: "every setting, where it is from and what may change it",
        modes: &[],
        asks: |_| configuration::ASKED,
        panels: configuration::panels,
        listing: Some(configuration::listing),
        kills: false,
    },
    Screen {
        name: "log",
        title: "Log",
        about: "what the server said of late",
        modes: &[],
        asks: |_| log::ASKED,
        panels: log::panels,
        listing: Some(log::listing),
        kills: false,
    },
];
