//! What the load tests share: loads, their engine and their reports.

pub mod compare;
pub mod counted;
pub mod cpus;
mod error;
pub mod floor;
pub mod instrument;
pub mod item;
pub mod load;
pub mod mix;
pub mod popularity;
pub mod process;
pub mod replay;
pub mod report;
pub mod scenario;
pub mod server;
mod subject;
pub mod target;
pub mod tls;
pub mod trace;
pub mod weighted;
pub mod wire;

pub use error::Error;
pub use load::run;
pub use process::Process;
pub use report::Report;
pub use scenario::Scenario;
pub use subject::Subject;
pub use target::Target;
