//! What a shell reads to complete the words of a command line.

use clap::CommandFactory;
use clap_complete::{Generator, shells};

use crate::arguments::{Arguments, Shell};
use crate::failure::Failure;
use crate::output;

pub(super) fn run(shell: Shell) -> Result<(), Failure> {
    output::print(match shell {
        Shell::Bash => script(shells::Bash),
        Shell::Zsh => script(shells::Zsh),
        Shell::Fish => script(shells::Fish),
    })
}

fn script(shell: impl Generator) -> Vec<u8> {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(shell, &mut command, "cachectl", &mut script);
    script
}
