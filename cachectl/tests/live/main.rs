//! The program beside a running cached.

mod cluster;
mod daemon;
mod items;
mod operating;
mod standard_error;
