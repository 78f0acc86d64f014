//! The operator's word before something is done that cannot be undone.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::failure::Failure;

/// Asks `question` on a terminal, unless the command line has said `--yes` already. Where there is
/// none, nobody could answer.
pub(super) fn confirm(question: &str, is_given: bool) -> Result<(), Failure> {
    if is_given {
        return Ok(());
    }
    let (input, mut output) = (io::stdin(), io::stdout());
    if !input.is_terminal() || !output.is_terminal() {
        return Err(Failure::Usage(
            "this is asked about on a terminal first; where there is none it takes --yes"
                .to_owned(),
        ));
    }
    write!(output, "{question} [y/N] ")
        .and_then(|()| output.flush())
        .map_err(Failure::Output)?;
    let mut answer = String::new();
    let read = input.lock().read_line(&mut answer);
    read.map_err(|error| Failure::Usage(format!("standard input: {error}")))?;
    if ["y", "yes"].contains(&&*answer.trim().to_ascii_lowercase()) {
        return Ok(());
    }
    Err(Failure::Usage("nothing is done".to_owned()))
}
