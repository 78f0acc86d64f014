//! The program beside a running cached.

mod cluster;
mod completions;
mod confirmation;
mod daemon;
mod documented;
mod dumps;
mod items;
mod logs;
mod operating;
mod sizing;
mod standard_error;
mod statuses;
mod tmux;
mod top;
mod watching;
