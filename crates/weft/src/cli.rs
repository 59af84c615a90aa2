//! The command line: one file per command.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::client::Client;
use crate::config::{self, ClientLayer, File};
use crate::output::{self, Output};

mod activate;
mod audit;
mod awaited;
mod backup;
mod blob;
mod build;
mod call;
mod canary;
mod compare;
mod complete;
mod completions;
mod control;
mod definition;
mod delete;
mod deploy;
mod describe;
mod dev;
mod diff;
mod doctor;
mod follow;
mod functions;
mod graph;
mod logs;
mod new;
mod parse;
mod pools;
mod problems;
mod profiles;
mod project;
mod quotas;
mod repin;
mod rerun;
mod restore;
mod rollout;
mod run;
mod runs;
mod secret;
mod serve;
mod show;
mod simulate;
mod token;
mod validate;
mod versions;
mod whoami;

#[cfg(test)]
mod docs;

pub(crate) use parse::parse;

/// Upload WebAssembly components and call them as typed cloud functions.
#[derive(Debug, Parser)]
#[command(name = "weft", version, max_term_width = 100)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Configuration file, instead of ./weft.toml and ~/.config/weft/config.toml.
    #[arg(
        long,
        global = true,
        env = "WEFT_CONFIG",
        value_name = "FILE",
        hide_env_values = true
    )]
    config: Option<PathBuf>,

    #[command(flatten)]
    client: ClientLayer,

    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 success, 1 error, 2 wrong usage, 3 the function answered an error, 4 not found, \
    5 server unreachable, 6 refused by the server, 7 the function was ended, 8 server busy, 9 the run ended without success, \
    10 the run goes on";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(Box<serve::Args>),
    /// Start a function: a Rust project with its interface.
    New(new::Args),
    /// Build the function in a directory.
    Build(build::Args),
    /// Build and deploy at every change, and show what the function writes.
    Dev(dev::Args),
    /// Upload a function, or a new version of it.
    Deploy(deploy::Args),
    /// Call a function.
    Call(call::Args),
    /// List functions.
    Functions(functions::Args),
    /// Show a function: its exports with their types, settings and capabilities.
    Describe(describe::Args),
    /// List the versions of a function, or delete old ones.
    Versions(versions::Args),
    /// Make another version answer calls.
    Activate(activate::Args),
    /// Show how a version takes over from another, and what moved before; promote or cancel it.
    Rollout(rollout::Args),
    /// Show the lines a function wrote.
    Logs(logs::Args),
    /// Store values by address, and read them.
    Blob(blob::Args),
    /// Start a run of a workflow.
    Run(run::Args),
    /// List runs of workflows.
    Runs(runs::Args),
    /// Show a run: what became of each node.
    Show(show::Args),
    /// Lay two runs beside each other: what differs.
    Compare(compare::Args),
    /// Run again: what failed, some nodes, or all of it.
    Rerun(rerun::Args),
    /// Cancel a run.
    Cancel(control::CancelArgs),
    /// Hold a run: nothing new starts until it is resumed.
    Pause(control::OneRun),
    /// Have a paused run go on.
    Resume(control::OneRun),
    /// Bring the event that a node awaits.
    Complete(complete::Args),
    /// Check a workflow's definition; nothing is stored.
    Validate(validate::Args),
    /// Draw a workflow, or a run of one.
    Graph(graph::Args),
    /// Print a workflow's definition as it was saved.
    Definition(definition::Args),
    /// Tell what differs between two versions of a workflow.
    Diff(diff::Args),
    /// Have a workflow call the versions that are active now.
    Repin(repin::Args),
    /// Show pools: what their instances do, and why there are as many.
    Pools(pools::Args),
    /// List pool profiles, show one, add, change or delete one.
    Profiles(profiles::Args),
    /// Replay traffic against a pool profile: instances, queue and latency over time.
    Simulate(simulate::Args),
    /// Delete a function with all its versions, one of its versions, or the record of a run.
    Delete(delete::Args),
    /// Projects and their members: list, create, delete, change.
    Project(project::Args),
    /// Quotas of the project: show what it may have and has, and set them.
    Quotas(quotas::Args),
    /// Tokens: make one, list and revoke them.
    Token(token::Args),
    /// Secrets of the project: set, list and delete them.
    Secret(secret::Args),
    /// Show what was changed: by whom, when and from where.
    Audit(audit::Args),
    /// Tell who one is by one's token, and what that may do.
    Whoami,
    /// Back a server up, while it runs or stopped: all that it keeps, in one archive.
    Backup(backup::Args),
    /// Make a data directory of a backup.
    Restore(restore::Args),
    /// Examine this machine and the server.
    Doctor(doctor::Args),
    /// Print completions for a shell.
    Completions(completions::Args),
}

/// What a command needs besides its own arguments.
pub(crate) struct Session {
    /// Where it writes to.
    pub(crate) output: Output,
    /// Which server and project it is about.
    pub(crate) config: config::Client,
}

impl Session {
    /// A client of the configured server.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        Client::new(&self.config)
    }
}

/// Runs the command and answers what the process exits with.
pub(crate) fn run(cli: Cli) -> ExitCode {
    // Until the file is read, what the command line says.
    let mut output = Output::new(cli.client.output.unwrap_or_default());
    match execute(cli, &mut output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::reader_left(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output.failure(&error);
            ExitCode::from(output::exit_code(&error) as u8)
        }
    }
}

fn execute(cli: Cli, output: &mut Output) -> anyhow::Result<()> {
    let file = File::find(cli.config.as_deref())?;
    let config = cli.client.over(file.client.clone()).resolve()?;
    *output = Output::new(config.output);
    let session = Session {
        output: *output,
        config,
    };
    match cli.command {
        Command::Serve(args) => serve::run(*args, file, session.output),
        Command::New(args) => new::run(&args, &session),
        Command::Build(args) => build::run(&args, &session),
        Command::Simulate(args) => simulate::run(&args, &session),
        Command::Completions(args) => completions::run(&args),
        Command::Restore(args) => restore::run(&args, &session),
        Command::Backup(args) => wait(backup::run(args, session, file)),
        Command::Dev(args) => wait(dev::run(args, session)),
        Command::Deploy(args) => wait(deploy::run(args, session)),
        Command::Call(args) => wait(call::run(args, session)),
        Command::Functions(args) => wait(functions::run(args, session)),
        Command::Describe(args) => wait(describe::run(args, session)),
        Command::Versions(args) => wait(versions::run(args, session)),
        Command::Activate(args) => wait(activate::run(args, session)),
        Command::Rollout(args) => wait(rollout::run(args, session)),
        Command::Logs(args) => wait(logs::run(args, session)),
        Command::Run(args) => wait(run::run(args, session)),
        Command::Runs(args) => wait(runs::run(args, session)),
        Command::Show(args) => wait(show::run(args, session)),
        Command::Compare(args) => wait(compare::run(args, session)),
        Command::Rerun(args) => wait(rerun::run(args, session)),
        Command::Cancel(args) => wait(control::cancel(args, session)),
        Command::Pause(args) => wait(control::pause(args, session)),
        Command::Resume(args) => wait(control::resume(args, session)),
        Command::Complete(args) => wait(complete::run(args, session)),
        Command::Validate(args) => wait(validate::run(args, session)),
        Command::Graph(args) => wait(graph::run(args, session)),
        Command::Blob(args) => wait(blob::run(args, session)),
        Command::Definition(args) => wait(definition::run(args, session)),
        Command::Diff(args) => wait(diff::run(args, session)),
        Command::Repin(args) => wait(repin::run(args, session)),
        Command::Pools(args) => wait(pools::run(args, session)),
        Command::Profiles(args) => wait(profiles::run(args, session)),
        Command::Delete(args) => wait(delete::run(args, session)),
        Command::Project(args) => wait(project::run(args, session)),
        Command::Quotas(args) => wait(quotas::run(args, session)),
        Command::Token(args) => wait(token::run(args, session, file)),
        Command::Secret(args) => wait(secret::run(args, session)),
        Command::Audit(args) => wait(audit::run(args, session)),
        Command::Whoami => wait(whoami::run(session)),
        Command::Doctor(args) => wait(doctor::run(args, session, file)),
    }
}

fn wait(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(command);
    // Who interrupts a build does not wait for it.
    runtime.shutdown_background();
    outcome
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
