//! memcached's protocols: pure functions from and to bytes.

pub(crate) mod ahead;
pub(crate) mod classic;
mod number;
