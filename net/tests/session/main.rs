//! Sessions driven without a socket: what goes in, cut anywhere, and what
//! comes out.

mod ahead;
mod client;
mod exchanges;
mod limits;
mod map;
mod outcome;
mod pauses;
mod seeds;
mod splits;
mod time;
