//! What the commands do.

mod ask;

use crate::arguments::Arguments;
use crate::failure::Failure;

/// Does what the command line says.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    ask::run(arguments)
}
