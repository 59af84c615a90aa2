//! The `weft` command: the server, and everything one does with it from a terminal.

mod cli;
mod client;
mod config;
mod failure;
mod output;
mod project;
mod reference;
mod serve;
mod telemetry;
mod units;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A compiler process is this same binary: it must not do anything else first.
    weft_runtime::prepare::child_main();
    cli::run(cli::Cli::parse())
}
