//! The `weft` command: the server, and everything one does with it from a terminal.

mod archive;
mod cli;
mod client;
mod config;
mod failure;
mod grants;
mod output;
mod project;
mod reference;
mod serve;
mod telemetry;
mod units;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A compiler process is this same binary: it must not do anything else first.
    weft_runtime::prepare::child_main();
    match cli::parse() {
        Ok(cli) => cli::run(cli),
        Err(code) => code,
    }
}
