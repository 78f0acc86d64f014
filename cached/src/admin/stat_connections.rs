//! What is told of connections: `stats conns`, as memcached's tools read it, and the verb
//! `connections`, for operators.

use net::admin::{Kind, Row, Value};

use super::stats::{Stats, gauge, text};
use crate::clock::Clock;
use crate::connections::Shown;

/// Connections told of at a time: a report is made at once, by a worker for one, and a document
/// has a bound.
pub(super) const SHOWN_MAX: usize = 1024;

/// A field's name, its kind and unit, how it is read, its meaning.
type Field = (
    &'static str,
    Kind,
    &'static str,
    fn(&Shown<'_>) -> Value<'static>,
    &'static str,
);

/// The fields of a connection, behind its id.
#[rustfmt::skip]
const FIELDS: &[Field] = &[
    ("client", Kind::Text, "", |c| shared(c.peer.to_string()), "who it is"),
    ("address", Kind::Text, "", |c| shared(c.listening.endpoint.to_string()), "where it came in"),
    ("tls", Kind::Text, "", |c| if c.listening.is_tls { "yes" } else { "no" }.into(), "whether it speaks TLS"),
    ("state", Kind::Text, "", |c| if c.is_sending { "sending" } else { "reading" }.into(), "sending: replies wait until it reads"),
    ("age", Kind::Gauge, "seconds", |c| u64::from(c.age).into(), "since it was accepted"),
    ("idle", Kind::Gauge, "seconds", |c| u64::from(c.idle).into(), "since its last request"),
    ("received", Kind::Counter, "bytes", |c| c.received.into(), "sent by it"),
    ("sent", Kind::Counter, "bytes", |c| c.sent.into(), "sent to it"),
];

fn shared(text: String) -> Value<'static> {
    Value::Text(text.into())
}

impl Stats {
    /// The listening sockets, then as many connections as are shown at a time.
    pub(super) fn conns(&self, emit: &mut dyn FnMut(&Row<'_>)) {
        let now = self.clock.now();
        for listening in self.connections.listening() {
            let id = listening.descriptor;
            emit(&text(
                &format!("{id}:addr"),
                &listening.endpoint.to_string(),
            ));
            emit(&text(&format!("{id}:state"), "conn_listening"));
            let uptime = Clock::uptime(now).into();
            emit(&gauge(&format!("{id}:secs_since_last_cmd"), uptime));
        }
        for (_, shown) in self.connections.shown(0, now).take(SHOWN_MAX) {
            let id = shown.descriptor;
            let listening = shown.listening.endpoint.to_string();
            let state = if shown.is_sending {
                "conn_mwrite"
            } else {
                "conn_read"
            };
            emit(&text(&format!("{id}:addr"), &shown.peer.to_string()));
            emit(&text(&format!("{id}:listen_addr"), &listening));
            emit(&text(&format!("{id}:state"), state));
            let idle = shown.idle.into();
            emit(&gauge(&format!("{id}:secs_since_last_cmd"), idle));
        }
        let hidden = self.connections.current().saturating_sub(SHOWN_MAX as u64);
        if hidden > 0 {
            emit(&gauge("connections_not_shown", hidden));
        }
    }

    /// The connections from place `from` of the table on. The fields of the first say what they
    /// mean; those of thousands would make megabytes of it. If more connections are left, the last
    /// row is `next`: the place to go on from.
    pub(super) fn connections(&self, from: usize, emit: &mut dyn FnMut(&Row<'_>)) {
        let mut shown = self.connections.shown(from, self.clock.now());
        for (at, (_, connection)) in shown.by_ref().take(SHOWN_MAX).enumerate() {
            for (name, kind, unit, read, help) in FIELDS {
                let help = if at == 0 { help } else { "" };
                emit(&Row {
                    name: format!("{}:{name}", connection.id).into(),
                    kind: *kind,
                    unit: (*unit).into(),
                    value: read(&connection),
                    help: help.into(),
                });
            }
        }
        if let Some((place, _)) = shown.next() {
            emit(&Row {
                help: "where to go on: connections NEXT".into(),
                ..gauge("next", place as u64)
            });
        }
    }
}
