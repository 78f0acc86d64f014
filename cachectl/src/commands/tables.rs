//! What people read of answers that are about many of a kind: a line each.

use std::collections::BTreeMap;

use net::admin::{Row, Value};

use crate::figure::Figure;
use crate::report::{Lookup, Report, Thing};
use crate::text::{self, Side};

/// A field, and its heading.
type Column = (&'static str, &'static str);

const CONNECTIONS: &[Column] = &[
    ("client", "client"),
    ("address", "came in at"),
    ("tls", "tls"),
    ("state", "state"),
    ("age", "age"),
    ("idle", "idle"),
    ("received", "received"),
    ("sent", "sent"),
];

const TTL: &[Column] = &[
    ("ttl_max", "ttl to"),
    ("segments", "segments"),
    ("segments_open", "open"),
    ("item_bytes", "items"),
    ("dead_bytes", "dead"),
    ("expired_bytes", "expired"),
    ("age_oldest", "oldest"),
    ("age_youngest", "youngest"),
    ("expires_in", "next expires"),
];

const LATENCY: &[Column] = &[
    ("requests", "requests"),
    ("mean_ns", "mean"),
    ("p50_ns", "p50"),
    ("p90_ns", "p90"),
    ("p99_ns", "p99"),
    ("p999_ns", "p99.9"),
    ("max_ns", "max"),
];

/// Of the requests that were timed alone.
const LATENCY_OWN: &[Column] = &[
    ("own_requests", "requests"),
    ("own_p50_ns", "p50"),
    ("own_p99_ns", "p99"),
    ("own_max_ns", "max"),
];

const HOT_KEYS: &[Column] = &[
    ("share", "share"),
    ("requests", "requests"),
    ("bytes", "bytes"),
    ("key", "key"),
];

/// By their ids, which are in the order in which they came.
pub(super) fn connections(report: &Report) -> String {
    things("id", report, CONNECTIONS, by_name)
}

/// The segments by the TTLs of their items, the shortest first.
pub(super) fn ttl(report: &Report) -> String {
    // Without one they last for ever.
    let longest = |group: &Thing<'_>| group.number("ttl_max").unwrap_or(u64::MAX);
    things("group", report, TTL, longest)
}

/// How long requests take, from their poll until they are sent, and the execution of some.
pub(super) fn latency(report: &Report) -> String {
    let all = things("request", report, LATENCY, as_told);
    let own = things("timed alone", report, LATENCY_OWN, as_told);
    format!("{all}\n{own}")
}

/// How many requests took how long, by powers of two: those of each kind, of all, and the share that
/// took at most so long.
pub(super) fn distribution(report: &Report) -> String {
    let kinds: Vec<_> = report.things().collect();
    let mut counts: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (index, kind) in kinds.iter().enumerate() {
        for (ns, row) in kind.fields() {
            if let (Ok(ns), Value::Number(count)) = (ns.parse::<u64>(), &row.value) {
                let group = counts.entry(ns.next_power_of_two()).or_default();
                group.resize(kinds.len(), 0);
                group[index] += count;
            }
        }
    }
    let all: u64 = counts.values().flatten().sum();
    let mut seen = 0;
    let lines = counts.iter().map(|(ns, counts)| {
        let sum: u64 = counts.iter().sum();
        seen += sum;
        let mut cells = vec![Figure::Span(*ns as f64 / 1e9).to_string()];
        cells.extend(counts.iter().chain([&sum]).map(u64::to_string));
        cells.push(Figure::Share(seen as f64 / all as f64).to_string());
        cells
    });
    let lines: Vec<_> = lines.collect();
    let names = kinds.iter().map(Thing::name);
    let head = ["up to"].into_iter().chain(names).chain(["all", "so far"]);
    let head: Vec<_> = head.map(|heading| (heading, Side::Right)).collect();
    text::columns(&head, &lines)
}

/// Below what they were counted from.
pub(super) fn hot_keys(report: &Report) -> String {
    let number = |name| report.number(name).unwrap_or_default();
    let window = Figure::Span(number("window") as f64);
    let (samples, sample) = (number("samples"), number("sample"));
    let keys = things("rank", report, HOT_KEYS, by_name);
    format!("{samples} requests counted, one in {sample}, in the last {window}\n\n{keys}")
}

/// Every setting: its value, where that is from, and what may change it.
pub(super) fn settings(report: &Report) -> String {
    let head = ["setting", "value", "source", "change"].map(|heading| (heading, Side::Left));
    let lines = report.things().map(|setting| {
        let value = report.row(setting.name()).map(cell).unwrap_or_default();
        let field = |name| setting.row(name).map(cell).unwrap_or_default();
        vec![
            setting.name().to_owned(),
            value,
            field("source"),
            field("reload"),
        ]
    });
    text::columns(&head, &lines.collect::<Vec<_>>())
}

/// The settings that a reload has changed or would have, and how many others there are.
pub(super) fn reload(report: &Report) -> String {
    let head = ["setting", "becomes", "from", "to"].map(|heading| (heading, Side::Left));
    let lines = report.things().map(|setting| {
        let fate = report.row(setting.name()).map(cell).unwrap_or_default();
        let field = |name| setting.row(name).map(cell).unwrap_or_default();
        vec![setting.name().to_owned(), fate, field("from"), field("to")]
    });
    let lines: Vec<_> = lines.collect();
    let settings = report.rows().iter().filter(|row| !row.name.contains(':'));
    let unchanged = settings.count() - lines.len();
    let unchanged = format!("unchanged: {unchanged}\n");
    if lines.is_empty() {
        return unchanged;
    }
    let table = text::columns(&head, &lines);
    format!("{table}\n{unchanged}")
}

/// A line a thing, under `heading` what it is called; fields that none has are left out. They
/// are ordered by `rank`.
fn things(
    heading: &'static str,
    report: &Report,
    columns: &[Column],
    rank: fn(&Thing<'_>) -> u64,
) -> String {
    let mut things: Vec<_> = report.things().collect();
    things.sort_by_key(rank);
    let mut head = vec![(heading, Side::Left)];
    let mut fields = Vec::new();
    for (field, heading) in columns {
        if let Some(row) = things.iter().find_map(|thing| thing.row(field)) {
            let side = match row.value {
                Value::Text(_) => Side::Left,
                _ => Side::Right,
            };
            head.push((heading, side));
            fields.push(*field);
        }
    }
    let lines = things.iter().map(|thing| {
        let cells = fields
            .iter()
            .map(|field| thing.row(field).map_or("-".to_owned(), cell));
        [thing.name().to_owned()].into_iter().chain(cells).collect()
    });
    text::columns(&head, &lines.collect::<Vec<_>>())
}

/// The number that it is called by.
fn by_name(thing: &Thing<'_>) -> u64 {
    thing.name().parse().unwrap_or(u64::MAX)
}

fn as_told(_: &Thing<'_>) -> u64 {
    0
}

/// A value as people read it. Numbers of no unit with a fraction are shares.
fn cell(row: &Row<'_>) -> String {
    let number = match row.value {
        Value::Number(number) => number as f64,
        Value::Real(real) => real,
        Value::Text(ref text) => return text.to_string(),
    };
    match (&*row.unit, &row.value) {
        ("bytes", _) => Figure::Bytes(number).to_string(),
        ("seconds", _) => Figure::Span(number).to_string(),
        ("nanoseconds", _) => Figure::Span(number / 1e9).to_string(),
        (_, Value::Real(_)) => Figure::Share(number).to_string(),
        (_, value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(line: &str) -> Report {
        let read = Report::parse(line.as_bytes()).expect("a document");
        read.expect("rows")
    }

    #[test]
    fn a_connection_would_stand_under_another_id_or_out_of_order() {
        let report = report(
            r#"{"rows":[{"name":"10:client","value":"tcp:b"},{"name":"10:sent","unit":"bytes","value":2048},
            {"name":"9:client","value":"unix"},{"name":"9:age","unit":"seconds","value":7500}]}"#,
        );
        assert_eq!(
            connections(&report),
            "id  client    age  sent\n9   unix    2h05m     -\n10  tcp:b       -  2KiB\n"
        );
    }

    #[test]
    fn groups_of_ttls_would_stand_out_of_order() {
        let report = report(
            r#"{"rows":[{"name":"0:segments","value":1},{"name":"56+:ttl_max","unit":"seconds","value":63},
            {"name":"hour:ttl_max","unit":"seconds","value":3600},{"name":"60:ttl_max","unit":"seconds","value":61}]}"#,
        );
        assert_eq!(
            ttl(&report),
            "group  ttl to  segments\n60      1m01s         -\n56+     1m03s         -\nhour    1h00m         -\n0           -         1\n"
        );
    }

    #[test]
    fn a_hot_key_would_be_told_without_what_it_was_counted_from() {
        let report = report(
            r#"{"rows":[{"name":"window","unit":"seconds","value":60},{"name":"sample","value":100},
            {"name":"samples","value":12},{"name":"1:key","value":"a%20b"},{"name":"1:share","value":0.5},
            {"name":"1:requests","value":600}]}"#,
        );
        assert_eq!(
            hot_keys(&report),
            "12 requests counted, one in 100, in the last 1m00s\n\n\
             rank  share  requests  key\n1     50.0%       600  a%20b\n"
        );
    }

    #[test]
    fn a_request_would_be_counted_as_a_faster_one() {
        let report = report(
            r#"{"rows":[{"name":"get:1000","value":5},{"name":"get:1024","value":1},
            {"name":"get:1025","value":2},{"name":"store:5000","value":2}]}"#,
        );
        assert_eq!(
            distribution(&report),
            " up to  get  store  all  so far\n1.02us    6      0    6   60.0%\n\
             2.05us    2      0    2   80.0%\n8.19us    0      2    2  100.0%\n"
        );
    }

    #[test]
    fn a_setting_that_waits_for_a_restart_would_be_passed_over() {
        let changed = report(
            r#"{"rows":[{"name":"a.b","value":"applied"},{"name":"a.b:from","value":"1"},
            {"name":"a.b:to","value":"2"},{"name":"c","value":"restart"},{"name":"c:from","value":""},
            {"name":"c:to","value":"x"},{"name":"d","value":"unchanged"}]}"#,
        );
        assert_eq!(
            reload(&changed),
            "setting  becomes  from  to\na.b      applied  1     2\nc        restart        x\n\n\
             unchanged: 1\n"
        );
        let same = report(r#"{"rows":[{"name":"d","value":"unchanged"}]}"#);
        assert_eq!(reload(&same), "unchanged: 1\n");
        let told = report(
            r#"{"rows":[{"name":"d","value":"5"},{"name":"d:source","value":"--d"},
            {"name":"d:reload","value":"live"}]}"#,
        );
        assert_eq!(
            settings(&told),
            "setting  value  source  change\nd        5      --d     live\n"
        );
    }
}
