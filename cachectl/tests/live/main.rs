//! The program beside a running cached.

mod daemon;
mod operating;
mod standard_error;
