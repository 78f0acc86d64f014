//! What servers under other loads are told.

use serde_json::value::RawValue;

use super::*;
use crate::top::answers::Answers;

const MIB: f64 = 1024.0 * 1024.0;

/// Rows of a full server of 256 MiB under s3fifo, and by how much each grows in 10 seconds.
const FULL: &[(&str, &str, u64, u64)] = &[
    (GENERAL, "get_hits", 1000, 7000),
    (GENERAL, "get_misses", 500, 3000),
    (GENERAL, "store_no_memory", 3, 0),
    (GENERAL, "limit_maxbytes", 256 << 20, 0),
    (CACHED, "buffer_limit", 32 << 20, 0),
    (SEGMENTS, "heap_bytes", 240 << 20, 0),
    (SEGMENTS, "segment_bytes", 1 << 20, 0),
    (SEGMENTS, "segments_free", 6, 0),
    (SEGMENTS, "reserve_segments", 6, 0),
    (SEGMENTS, "evicted_space", 90, 2800),
    (SEGMENTS, "evicted_index", 0, 0),
    (SEGMENTS, "returned_eighth", 5, 100),
    (SEGMENTS, "returned_quarter", 5, 100),
    (SEGMENTS, "returned_half", 5, 200),
    (SEGMENTS, "returned_whole", 5, 300),
    (SEGMENTS, "ghost_memory", 224 << 20, 0),
];

/// What is told of [`FULL`] with other rows in it.
fn estimate_of(others: &[(&str, u64, u64)], eviction: &str) -> Option<Estimate> {
    let mut reports = Reports::default();
    for time in [0, 1] {
        let rows = |request: &str| {
            let mine = FULL.iter().filter(|(of, ..)| *of == request);
            let rows = mine.map(|&(_, name, first, grown)| {
                let other = others.iter().find(|(other, ..)| *other == name);
                let (first, grown) =
                    other.map_or((first, grown), |&(_, first, grown)| (first, grown));
                let value = first + time * grown;
                format!(r#"{{"name":"{name}","value":{value}}}"#)
            });
            let rows: Vec<_> = rows.collect();
            let eviction = format!(r#"{{"name":"eviction","value":"{eviction}"}}"#);
            let document = format!(r#"{{"rows":[{},{eviction}]}}"#, rows.join(","));
            (
                request.to_owned(),
                RawValue::from_string(document).expect("JSON").into(),
            )
        };
        reports.take(Answers {
            time: time * 10_000,
            documents: vec![rows(GENERAL), rows(CACHED), rows(SEGMENTS)],
        });
    }
    estimate(&reports)
}

fn told(others: &[(&str, u64, u64)], eviction: &str) -> Estimate {
    estimate_of(others, eviction).expect("an estimate")
}

#[test]
fn what_came_back_would_count_for_another_size() {
    let sizes = told(&[], "s3fifo").sizes;
    let sizes: Vec<_> = sizes
        .iter()
        .map(|size| (size.memory_bytes / MIB, (size.hit_ratio * 1000.0).round()))
        .collect();
    // A quarter more memory gains 0.02; the logarithm of a half is three times that of a quarter more.
    assert_eq!(
        sizes,
        [
            (128.0, 638.0),
            (192.0, 674.0),
            (224.0, 688.0),
            (288.0, 710.0),
            (320.0, 720.0),
            (384.0, 740.0),
            (512.0, 770.0),
        ]
    );
}

#[test]
fn a_hit_ratio_would_be_told_that_cannot_be() {
    let returned = RETURNED.map(|(row, _)| (row, 0, 9_000));
    let sizes = told(&returned, "s3fifo").sizes;
    assert!(
        sizes
            .iter()
            .all(|size| (0.0..=1.0).contains(&size.hit_ratio))
    );
    assert_eq!(
        told(&[("get_hits", 0, 0), ("get_misses", 0, 0)], "s3fifo").sizes,
        []
    );
}

#[test]
fn a_verdict_would_not_be_that_of_the_load() {
    let nothing_back = RETURNED.map(|(row, _)| (row, 5, 0));
    for (others, eviction, words) in [
        (&[][..], "s3fifo", "with 512MiB at least 7.0 of 100"),
        (&[], "merge", "merge does not remember which"),
        (
            &nothing_back,
            "s3fifo",
            "less may do: lower it step by step",
        ),
        (
            &[
                ("returned_quarter", 0, 0),
                ("returned_half", 0, 0),
                ("returned_whole", 0, 0),
                ("returned_eighth", 0, 40),
            ],
            "s3fifo",
            "The memory is about right",
        ),
        (
            &[("evicted_space", 9, 0)],
            "s3fifo",
            "nothing was evicted meanwhile",
        ),
        (
            &[("evicted_space", 9, 0), ("segments_free", 134, 0)],
            "s3fifo",
            "128MiB would do for now, of 256MiB",
        ),
        (
            &[("evicted_index", 0, 9_000)],
            "s3fifo",
            "for want of index",
        ),
        (&[("store_no_memory", 0, 1)], "none", "Values are refused"),
        (
            &[("get_hits", 5, 0), ("get_misses", 5, 0)],
            "s3fifo",
            "Nothing was looked up",
        ),
    ] {
        let estimate = told(others, eviction);
        assert!(estimate.verdict().contains(words), "{words}: {estimate:?}");
        assert_eq!(estimate.lines().last(), Some(&estimate.verdict()));
        assert_eq!(estimate.curve().is_empty(), estimate.sizes.is_empty());
    }
}

#[test]
fn counters_that_were_reset_would_be_compared() {
    let mut reports = Reports::default();
    assert_eq!(estimate(&reports), None);
    let document = r#"{"rows":[{"name":"get_hits","value":1}]}"#.to_owned();
    let document = RawValue::from_string(document).expect("JSON");
    for time in [0, 10_000] {
        let documents = vec![(GENERAL.to_owned(), document.clone().into())];
        reports.take(Answers { time, documents });
    }
    assert_eq!(estimate(&reports), None, "of an older server");
}

#[test]
fn the_lines_would_not_be_read() {
    let lines = told(&[], "s3fifo").lines();
    assert_eq!(
        lines[..4],
        [
            "memory     256MiB, 97.5% of the heap in use",
            "hit ratio  70.0% of 10.0k lookups in 10s",
            "evicted    2800 items for want of heap, 0 for want of index (s3fifo)",
            "with  128MiB  at most  63.8%",
        ]
    );
    assert_eq!(
        lines[6..8],
        [
            "with  256MiB  now      70.0%",
            "with  288MiB  at least 71.0%"
        ]
    );
}
