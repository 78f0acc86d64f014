//! The commands that tell the server to do something, which the operator confirms first.

use std::slice;

use super::ask::Inquiry;
use super::confirm::confirm;
use super::tables;
use crate::admin::{Admin, PATIENCE_ITEMS, PATIENCE_OTHERS};
use crate::arguments::Order;
use crate::failure::Failure;
use crate::output;
use crate::reach::Reach;
use crate::report::{Lookup, Report};
use crate::text;

impl Order {
    pub(super) fn inquiry(&self) -> Inquiry {
        match self {
            // Files are read.
            Order::Reload { .. } => Inquiry::new("reload").patience(PATIENCE_OTHERS),
            Order::Flush {
                delay: Some(seconds),
                ..
            } => Inquiry::new("flush").words(["delay".to_owned(), seconds.to_string()]),
            Order::Flush {
                prefix: Some(prefix),
                ..
            } => Inquiry::new("flush")
                .words(["prefix".to_owned(), prefix.clone()])
                .patience(PATIENCE_ITEMS),
            Order::Flush { .. } => Inquiry::new("flush"),
            Order::Drain { .. } => Inquiry::new("drain"),
        }
    }

    /// What people read of the answer.
    pub(super) fn text(&self, report: &Report) -> String {
        match self {
            Order::Reload { .. } => tables::reload(report),
            Order::Flush { .. } | Order::Drain { .. } => text::table(report.rows()),
        }
    }

    /// Asks whether it is to be done at `places`, unless that has been said.
    pub(super) fn confirm(&self, places: &str) -> Result<(), Failure> {
        let (question, yes) = match self {
            Order::Reload { yes } => ("Read the configuration again".to_owned(), yes),
            Order::Drain { yes } => ("Stop the server".to_owned(), yes),
            Order::Flush {
                prefix: Some(prefix),
                yes,
                ..
            } => (
                format!("Delete the items whose keys begin with {prefix}"),
                yes,
            ),
            Order::Flush {
                delay: Some(seconds),
                yes,
                ..
            } => (format!("In {seconds} seconds, make all items void"), yes),
            Order::Flush { yes, .. } => ("Make all items void".to_owned(), yes),
        };
        confirm(&format!("{question} at {places}?"), *yes)
    }
}

/// Tells the one server that is meant what to do once the operator has confirmed it, and prints what
/// became of it.
pub(super) fn run(order: &Order, reach: &Reach, json: bool) -> Result<(), Failure> {
    let mut admin = reach.connect()?;
    let place = admin.place().clone();
    if matches!(order, Order::Flush { .. }) && !json {
        let items = items(&mut admin)?;
        output::print(format!("items stored at {place}: {items}\n"))?;
    }
    order.confirm(&place.to_string())?;
    // The server may have tired of the wait.
    let mut admin = Admin::connect(slice::from_ref(&place), reach.tls()?.as_ref())?;
    let text = |_: &_, report: &_| order.text(report);
    order.inquiry().print(&mut admin, json, text)
}

/// How many items the server has.
pub(super) fn items(admin: &mut Admin) -> Result<u64, Failure> {
    let stats = Inquiry::new("stats").report(admin)?;
    Ok(stats.number("curr_items").unwrap_or_default())
}
