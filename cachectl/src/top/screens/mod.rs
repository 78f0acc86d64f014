//! The screens.
//!
//! To add one: write a file beside this that makes its panels, and its table if it has one, from
//! what the server answered, and give it a row in [`SCREENS`]. Drawing, keys, filters, orders,
//! scrolling, snapshots and help come with the row.

mod commands;
mod overview;

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
    #[allow(dead_code, reason = "for screens that come next")]
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
];
