//! The meta commands.

pub(super) mod arithmetic;
pub(super) mod beside;
pub(super) mod debug;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod keys;
pub(super) mod marks;
pub(super) mod newer;
pub(super) mod quiet;
pub(super) mod refused;
pub(super) mod set;
