//! memcached's protocols: pure functions from and to bytes.

pub(crate) mod ahead;
pub(crate) mod base64;
mod classic;
pub(crate) mod dump;
pub(crate) mod form;
mod key;
pub(crate) mod line;
mod meta;
pub(crate) mod number;
mod operating;
