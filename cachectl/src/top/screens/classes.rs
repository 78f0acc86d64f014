//! The groups of segments whose items have about the same TTL, as `stats ttl` tells of them.

use std::borrow::Cow;

use super::Scene;
use crate::figure::Figure;
use crate::report::{Lookup, Thing};
use crate::top::panel::Pair;

/// A group of segments.
pub(super) struct Class<'a> {
    pub(super) name: &'a str,
    /// The longest TTL in it, in seconds; `None`: its items stay, or are of any TTL.
    pub(super) ttl_max: Option<f64>,
    pub(super) segments: f64,
    /// Of these, being written.
    pub(super) open: f64,
    /// Bytes of all items, and of the dead and the expired ones among them.
    pub(super) items: f64,
    pub(super) dead: f64,
    pub(super) expired: f64,
    /// Seconds since the oldest and the youngest segment were opened.
    pub(super) oldest: f64,
    pub(super) youngest: f64,
    /// Seconds until a segment has expired as a whole.
    pub(super) expires_in: Option<f64>,
}

impl<'a> Class<'a> {
    fn of(thing: &Thing<'a>) -> Class<'a> {
        let number = |field| thing.real(field).unwrap_or(0.0);
        Class {
            name: thing.name(),
            ttl_max: thing.real("ttl_max"),
            segments: number("segments"),
            open: number("segments_open"),
            items: number("item_bytes"),
            dead: number("dead_bytes"),
            expired: number("expired_bytes"),
            oldest: number("age_oldest"),
            youngest: number("age_youngest"),
            expires_in: thing.real("expires_in"),
        }
    }

    pub(super) fn live(&self) -> f64 {
        (self.items - self.dead - self.expired).max(0.0)
    }

    /// Its live, dead and expired bytes, of a whole of `most`.
    pub(super) fn parts(&self, most: f64) -> Vec<f64> {
        let bytes = [self.live(), self.dead, self.expired];
        bytes
            .map(|bytes| if most > 0.0 { bytes / most } else { 0.0 })
            .to_vec()
    }

    /// What it is called: the range of TTLs, or the name of what has none.
    pub(super) fn title(&self) -> String {
        let shortest = self.name.parse().ok();
        match (shortest, self.ttl_max) {
            (Some(shortest), Some(longest)) if shortest < longest => {
                format!("{} to {}", Figure::Span(shortest), Figure::Span(longest))
            }
            (Some(_), Some(longest)) => Figure::Span(longest).to_string(),
            (None, Some(longest)) => format!("mixed, to {}", Figure::Span(longest)),
            _ => self.name.to_owned(),
        }
    }
}

/// The classes, those that expire soonest first.
pub(super) fn read<'a>(scene: &Scene<'a>) -> Vec<Class<'a>> {
    let report = scene.reports.report("stats ttl");
    let things = report.iter().flat_map(|report| report.things());
    let mut classes: Vec<_> = things.map(|thing| Class::of(&thing)).collect();
    let longest = |class: &Class<'_>| class.ttl_max.unwrap_or(f64::INFINITY);
    classes.sort_by(|a, b| longest(a).total_cmp(&longest(b)));
    classes
}

/// The bytes of the largest.
pub(super) fn most(classes: &[Class<'_>]) -> f64 {
    classes.iter().map(|class| class.items).fold(0.0, f64::max)
}

/// Why there are none.
pub(super) fn why_empty(scene: &Scene<'_>) -> Cow<'static, str> {
    match scene.reports.refusal("stats ttl") {
        Some(why) => why.to_owned().into(),
        None => "nothing is stored".into(),
    }
}

/// All rows of the class with this name.
pub(super) fn detail(scene: &Scene<'_>, name: &str) -> Vec<Pair> {
    let report = scene.reports.report("stats ttl");
    let class = report.and_then(|report| report.things().find(|it| it.name() == name));
    let rows = class.iter().flat_map(Thing::fields);
    rows.map(|(_, row)| {
        let number = match row.value {
            net::admin::Value::Number(number) => Some(number as f64),
            _ => None,
        };
        let figure = match &*row.unit {
            "bytes" => Figure::Bytes,
            "seconds" => Figure::Span,
            _ => Figure::Count,
        };
        Pair::new(row.help.as_ref(), Figure::of(number, figure))
    })
    .collect()
}
