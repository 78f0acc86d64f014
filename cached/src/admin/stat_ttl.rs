//! The rows of `stats ttl`, for each group of segments that share a range of TTLs.

use storage::TtlGroup;

/// A row's name behind the group's, its unit, how its value is read (`None`: the group has no such row), its meaning.
type StatTtl = (
    &'static str,
    &'static str,
    fn(&TtlGroup) -> Option<u64>,
    &'static str,
);

/// Every row, in the order it is shown.
#[rustfmt::skip]
pub(super) const STAT_TTL: &[StatTtl] = &[
    ("ttl_max", "seconds", |g| g.ttl_max.map(u64::from), "longest TTL"),
    ("segments", "", |g| Some(g.holding.segments), "segments that hold items"),
    ("segments_open", "", |g| Some(g.open), "of these, being written"),
    ("item_bytes", "bytes", |g| Some(g.holding.item_bytes), "items"),
    ("dead_bytes", "bytes", |g| Some(g.holding.dead_bytes), "of these, deleted or replaced"),
    ("expired_bytes", "bytes", |g| Some(g.holding.expired_bytes), "of these, expired, as far as known"),
    ("age_oldest", "seconds", |g| Some(g.age_oldest.into()), "since the oldest segment was opened"),
    ("age_youngest", "seconds", |g| Some(g.age_youngest.into()), "since the youngest was"),
    ("expires_in", "seconds", |g| g.expires_in.map(u64::from), "until a segment has expired as a whole"),
];
