//! Who is connected, and what goes to and fro.

use std::collections::HashMap;

use net::admin::Value;

use super::Scene;
use crate::figure::Figure;
use crate::report::{Report, Thing};
use crate::top::listing::{Cell, Column, Listing, Order, Row};
use crate::top::look::Mark;
use crate::top::panel::{Body, Pair, Panel};

pub(super) const ASKED: &[&str] = &["connections"];

const COLUMNS: &[Column] = &[
    Column::new("id", 1),
    Column::new("client", 0),
    Column::new("tls", 2),
    Column::new("state", 2),
    Column::new("age", 1),
    Column::new("idle", 0),
    Column::new("in/s", 0),
    Column::new("out/s", 0),
    Column::new("received", 4),
    Column::new("sent", 4),
    Column::new("came in at", 5),
];

/// What is told of a connection.
#[derive(Default)]
struct Connection<'a> {
    id: &'a str,
    client: &'a str,
    address: &'a str,
    tls: &'a str,
    state: &'a str,
    /// Seconds.
    age: Option<f64>,
    idle: Option<f64>,
    /// Bytes.
    received: Option<f64>,
    sent: Option<f64>,
}

impl<'a> Connection<'a> {
    /// Reads each row once: there are thousands of connections.
    fn of(thing: &Thing<'a>) -> Connection<'a> {
        let mut connection = Connection {
            id: thing.name(),
            ..Connection::default()
        };
        for (field, row) in thing.fields() {
            match (field, &row.value) {
                ("client", Value::Text(text)) => connection.client = text,
                ("address", Value::Text(text)) => connection.address = text,
                ("tls", Value::Text(text)) => connection.tls = text,
                ("state", Value::Text(text)) => connection.state = text,
                ("age", Value::Number(seconds)) => connection.age = Some(*seconds as f64),
                ("idle", Value::Number(seconds)) => connection.idle = Some(*seconds as f64),
                ("received", Value::Number(bytes)) => connection.received = Some(*bytes as f64),
                ("sent", Value::Number(bytes)) => connection.sent = Some(*bytes as f64),
                _ => {}
            }
        }
        connection
    }

    fn is_sending(&self) -> bool {
        self.state == "sending"
    }
}

fn read(report: Option<&Report>) -> impl Iterator<Item = Connection<'_>> {
    let things = report.into_iter().flat_map(Report::things);
    things.map(|thing| Connection::of(&thing))
}

pub(super) fn panels(scene: &Scene<'_>) -> Vec<Panel> {
    let (mut all, mut sending, mut in_tls) = (0_u32, 0_u32, 0_u32);
    for connection in read(scene.reports.report("connections")) {
        all += 1;
        sending += u32::from(connection.is_sending());
        in_tls += u32::from(connection.tls == "yes");
    }
    let most = scene.reports.real("stats", "max_connections");
    let accepted = scene.reports.rate("stats", "total_connections");
    let rejected = scene.reports.rate("stats", "rejected_connections");
    let closed = scene.reports.rate("stats cached", "connections_closed");
    vec![
        Panel {
            title: "Clients",
            headline: format!(
                "{} of {} connections",
                Figure::Count(all.into()),
                Figure::of(most, Figure::Count),
            ),
            body: Body::Pairs(vec![
                Pair::new("in TLS", in_tls),
                marked(Pair::new("slow to read", sending), sending > 0, Mark::Warn),
            ]),
        },
        Panel {
            title: "Coming and going",
            headline: Figure::of(accepted, Figure::Rate).to_string(),
            body: Body::Pairs(vec![
                Pair::new("ended", Figure::of(closed, Figure::Rate)),
                marked(
                    Pair::new("refused, too many", Figure::of(rejected, Figure::Rate)),
                    rejected.is_some_and(|rate| rate > 0.0),
                    Mark::Bad,
                ),
            ]),
        },
    ]
}

fn marked(pair: Pair, is_meant: bool, mark: Mark) -> Pair {
    Pair {
        mark: if is_meant { mark } else { pair.mark },
        ..pair
    }
}

pub(super) fn listing<'a>(scene: &Scene<'a>) -> Listing<'a> {
    let earlier = scene.reports.earlier("connections");
    let before: HashMap<_, _> = read(earlier.map(|(report, _)| report))
        .map(|it| (it.id, (it.received, it.sent)))
        .collect();
    let seconds = earlier.map(|(_, seconds)| seconds);
    let rows = read(scene.reports.report("connections")).map(|connection| {
        let (received, sent) = before.get(connection.id).copied().unwrap_or_default();
        let rate = |now: Option<f64>, before: Option<f64>| Some((now? - before?) / seconds?);
        let rates = (
            rate(connection.received, received),
            rate(connection.sent, sent),
        );
        row(&connection, rates)
    });
    Listing {
        title: "Connections",
        rows: rows.collect(),
        columns: COLUMNS.to_vec(),
        order: Some(Order {
            column: 7,
            descending: true,
        }),
        tail: false,
        empty: match scene.reports.refusal("connections") {
            Some(why) => why.to_owned().into(),
            None => "nobody is connected".into(),
        },
        detail,
    }
}

/// With the bytes that came in and went out a second.
fn row<'a>(connection: &Connection<'a>, (came, went): (Option<f64>, Option<f64>)) -> Row<'a> {
    let text = |text: &'a str| Cell::from(Figure::Text(text.into()));
    Row {
        id: connection.id.into(),
        cells: vec![
            connection
                .id
                .parse()
                .map_or(Figure::Nothing, Figure::Whole)
                .into(),
            text(address(connection.client)),
            text(connection.tls),
            Cell {
                mark: if connection.is_sending() {
                    Mark::Warn
                } else {
                    Mark::Plain
                },
                ..text(connection.state)
            },
            Figure::of(connection.age, Figure::Span).into(),
            Figure::of(connection.idle, Figure::Span).into(),
            Figure::of(came, Figure::Bytes).into(),
            Figure::of(went, Figure::Bytes).into(),
            Figure::of(connection.received, Figure::Bytes).into(),
            Figure::of(connection.sent, Figure::Bytes).into(),
            text(connection.address),
        ],
    }
}

/// Without the kind of socket: the address tells it.
fn address(client: &str) -> &str {
    let kinds = ["tcp:", "tcp6:"];
    let mut addresses = kinds.iter().filter_map(|kind| client.strip_prefix(kind));
    addresses.next().unwrap_or(client)
}

fn detail(scene: &Scene<'_>, id: &str) -> Vec<Pair> {
    let found = read(scene.reports.report("connections")).find(|it| it.id == id);
    let Some(connection) = found else {
        return Vec::new();
    };
    let span = |seconds| Figure::of(seconds, Figure::Span);
    let bytes = |bytes| Figure::of(bytes, Figure::Bytes);
    let state = match connection.state {
        "sending" => "sending: replies wait until it reads",
        "reading" => "reading: it may ask",
        other => other,
    };
    vec![
        Pair::new("id", connection.id),
        Pair::new("client", connection.client),
        Pair::new("came in at", connection.address),
        Pair::new("TLS", connection.tls),
        Pair::new("state", state),
        Pair::new("since it was accepted", span(connection.age)),
        Pair::new("since its last request", span(connection.idle)),
        Pair::new("received from it", bytes(connection.received)),
        Pair::new("sent to it", bytes(connection.sent)),
    ]
}
