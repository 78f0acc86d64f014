//! The whole session, with the map and the client of its tests.
#![no_main]

#[path = "../../tests/session/client.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod client;
#[path = "../../tests/session/map.rs"]
mod map;
#[path = "../../tests/session/outcome.rs"]
mod outcome;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| outcome::is_the_same_however_it_is_cut(bytes));
