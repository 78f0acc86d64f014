//! One command for several servers: asked at once, and one that fails hides no other's answer.

mod owner;
mod side_by_side;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::slice;
use std::thread;

use net::admin::error_line;

use super::ask::Inquiry;
use super::order;
use crate::admin::Admin;
use crate::arguments::{Cluster, Order, Question};
use crate::failure::Failure;
use crate::output;
use crate::place::Place;
use crate::reach::Reach;
use crate::report::Report;

pub(super) fn run(cluster: &Cluster, reach: &Reach, json: bool) -> Result<(), Failure> {
    match cluster {
        Cluster::Owner { keys, node } => owner::run(keys, node, json),
        Cluster::Question(question) => ask(question, reach, json),
        Cluster::Order(order) => tell(order, reach, json),
    }
}

/// Tells all nodes what to do, once the operator has confirmed it for all of them.
fn tell(order: &Order, reach: &Reach, json: bool) -> Result<(), Failure> {
    let places: Vec<_> = named(reach)?.iter().map(Place::to_string).collect();
    if matches!(order, Order::Flush { .. }) && !json {
        for (place, items) in each(reach, order::items)? {
            let items = items.map_or("not known".to_owned(), |items| items.to_string());
            output::print(format!("items stored at {place}: {items}\n"))?;
        }
    }
    order.confirm(&places.join(", "))?;
    let inquiry = order.inquiry();
    if json {
        objects(&inquiry, reach)
    } else {
        texts(&inquiry, reach, |_, report| order.text(report))
    }
}

fn ask(question: &Question, reach: &Reach, json: bool) -> Result<(), Failure> {
    let inquiry = question.inquiry();
    match question {
        _ if json => objects(&inquiry, reach),
        Question::Stats { .. } => {
            let nodes = each(reach, |admin| inquiry.report(admin))?;
            let answered = nodes.iter().filter_map(|(place, answer)| {
                let report = answer.as_ref().ok()?;
                Some((place.to_string(), report))
            });
            let answered: Vec<_> = answered.collect();
            output::print(side_by_side::table(&answered))?;
            outcome(&nodes)
        }
        _ => texts(&inquiry, reach, |place, report| {
            question.text(place, report)
        }),
    }
}

/// A node, and what came of asking it.
type Node<T> = (Place, Result<T, Failure>);

/// The nodes that the command line names.
fn named(reach: &Reach) -> Result<Vec<Place>, Failure> {
    let places = reach.admins()?;
    if places.is_empty() {
        let sentence = "--socket and --admin name the nodes of a cluster, once for each";
        return Err(Failure::Usage(sentence.to_owned()));
    }
    Ok(places)
}

/// Does `work` with all nodes at the same time.
fn each<T: Send>(
    reach: &Reach,
    work: impl Fn(&mut Admin) -> Result<T, Failure> + Sync,
) -> Result<Vec<Node<T>>, Failure> {
    let places = named(reach)?;
    let tls = reach.tls()?;
    let one = |place| work(&mut Admin::connect(slice::from_ref(place), tls.as_ref())?);
    let answers: Vec<_> = thread::scope(|scope| {
        let asked: Vec<_> = places
            .iter()
            .map(|place| scope.spawn(move || one(place)))
            .collect();
        let answers = asked.into_iter().map(|it| it.join().expect("no panic"));
        answers.collect()
    });
    Ok(places.into_iter().zip(answers).collect())
}

/// Prints the documents of each node, a line each with the node's name in it.
fn objects(inquiry: &Inquiry, reach: &Reach) -> Result<(), Failure> {
    let nodes = each(reach, |admin| {
        let place = admin.place().clone();
        let mut lines = Vec::new();
        inquiry.ask(admin, |line, _| {
            lines.extend(labelled(&place, line));
            Ok(())
        })?;
        Ok(lines)
    })?;
    for (place, answer) in &nodes {
        match answer {
            Ok(lines) => output::print(lines)?,
            Err(failure) => output::print(labelled(place, &error_line(&failure.to_string())))?,
        }
    }
    outcome(&nodes)
}

/// A document with the member `node` before the others.
fn labelled(place: &Place, document: &[u8]) -> Vec<u8> {
    let mut line = b"{\"node\":".to_vec();
    // Writing to a Vec cannot fail, and a text can be written.
    let _ = serde_json::to_writer(&mut line, &place.to_string());
    line.push(b',');
    line.extend_from_slice(&document[1..]);
    line
}

/// Prints what people read of each node's answer, under its name.
fn texts(
    inquiry: &Inquiry,
    reach: &Reach,
    text: impl Fn(&Place, &Report) -> String + Sync,
) -> Result<(), Failure> {
    let nodes = each(reach, |admin| {
        let report = inquiry.report(admin)?;
        Ok(text(admin.place(), &report))
    })?;
    let mut pages = String::new();
    for (place, answer) in &nodes {
        if let Ok(page) = answer {
            let _ = writeln!(pages, "== {place}\n{page}");
        }
    }
    output::print(pages)?;
    outcome(&nodes)
}

/// Says of each node that failed why.
fn outcome<T>(nodes: &[Node<T>]) -> Result<(), Failure> {
    let failures: Vec<_> = nodes
        .iter()
        .filter_map(|(place, answer)| Some((place, answer.as_ref().err()?)))
        .collect();
    for (place, failure) in &failures {
        let _ = writeln!(io::stderr(), "cachectl: {place}: {failure}");
    }
    let status = failures.iter().map(|(_, failure)| failure.status()).max();
    match status {
        None => Ok(()),
        Some(status) => Err(Failure::Nodes {
            failed: failures.len(),
            of: nodes.len(),
            status,
        }),
    }
}
