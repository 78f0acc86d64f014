//! The commands that tell the server to do something, which the operator confirms first.

use std::slice;

use net::admin::{Request, Value};

use super::ask::{self, Inquiry};
use super::confirm::confirm;
use crate::admin::{Admin, PATIENCE, PATIENCE_ITEMS, PATIENCE_OTHERS};
use crate::arguments::Order;
use crate::failure::Failure;
use crate::output;
use crate::reach::Reach;
use crate::text;

impl Order {
    fn inquiry(&self) -> Inquiry {
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
}

/// Tells the one server that is meant what to do once the operator has confirmed it, and prints what
/// became of it.
pub(super) fn run(order: &Order, reach: &Reach, json: bool) -> Result<(), Failure> {
    let mut admin = reach.connect()?;
    let place = admin.place().clone();
    let (question, yes) = match order {
        Order::Reload { yes } => (
            format!("Have the server at {place} read its configuration?"),
            *yes,
        ),
        Order::Drain { yes } => (format!("Stop the server at {place}?"), *yes),
        Order::Flush { prefix, yes, .. } => {
            let items = items(&mut admin)?;
            if !json {
                output::print(format!("items stored at {place}: {items}\n"))?;
            }
            let question = match prefix {
                Some(prefix) => format!("Delete those whose keys begin with {prefix}?"),
                None => "Make all of them void?".to_owned(),
            };
            (question, *yes)
        }
    };
    confirm(&question, yes)?;
    // The server may have tired of the wait.
    let mut admin = Admin::connect(slice::from_ref(&place), reach.tls()?.as_ref())?;
    ask::print(&order.inquiry(), &mut admin, json, |_, rows| {
        text::table(rows)
    })
}

/// How many items the server has.
fn items(admin: &mut Admin) -> Result<u64, Failure> {
    let request = Request {
        verb: "stats",
        arguments: Vec::new(),
    };
    let line = admin.ask(&request, PATIENCE)?;
    let rows = admin.rows(&line)?;
    let items = rows.iter().find(|row| row.name == "curr_items");
    match items.map(|row| &row.value) {
        Some(Value::Number(items)) => Ok(*items),
        _ => Ok(0),
    }
}
