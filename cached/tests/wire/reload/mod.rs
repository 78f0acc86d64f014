//! Reloads of a running daemon, and the settings that they change.

mod load;
mod settings;
