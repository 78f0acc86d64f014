//! Instruments that slow a server down, and so count in runs of their own:
//! system calls and instructions.

mod attached;
mod callgrind;
mod perf;
mod strace;

pub use callgrind::instructions as callgrind_instructions;
pub use perf::{available as has_hardware_counters, instructions as hardware_instructions};
pub use strace::system_calls;
