use std::io::{self, Write};

use anyhow::Result;
use clap::{Args as ClapArgs, CommandFactory};
use clap_complete::Shell;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The shell: bash, zsh, fish, …
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    // Into memory first: the generator panics where its writer fails, as a closed pipe does.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "weft", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(())
}
