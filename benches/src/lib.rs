//! What the load tests share.

pub mod item;
