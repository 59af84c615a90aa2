use std::path::PathBuf;

use anyhow::Result;
use clap::Args as ClapArgs;
use tokio::task::JoinHandle;
use weft_types::FunctionName;

use self::watch::Changes;
use super::deploy::{self, Overrides, Subject};
use super::{Session, logs};
use crate::client::Client;
use crate::failure::Failure;

mod watch;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// Directory of the project.
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,
    /// Name of the function, instead of the package's.
    #[arg(long, value_parser = deploy::name)]
    name: Option<FunctionName>,
    #[command(flatten)]
    overrides: Overrides,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    if !args.directory.join("Cargo.toml").is_file() {
        return Err(Failure::usage(format!(
            "{} is not the directory of a project",
            args.directory.display()
        ))
        .hint("`weft new NAME` starts one")
        .into());
    }
    let client = session.client()?;
    tokio::select! {
        outcome = rounds(&args, &client, &session) => outcome,
        // Heard whatever is under way; Cargo is interrupted by the same key.
        end = tokio::signal::ctrl_c() => Ok(end?),
    }
}

/// Builds and deploys, then again at every change.
async fn rounds(args: &Args, client: &Client, session: &Session) -> Result<()> {
    // Watched before the first build, so that no change is missed.
    let mut changes = Changes::of(&args.directory)?;
    let mut tail: Option<JoinHandle<()>> = None;
    loop {
        match round(args, client, session).await {
            // The stream ends with the server, which may be there again.
            Ok(function) if tail.as_ref().is_none_or(JoinHandle::is_finished) => {
                tail = Some(tokio::spawn(show(client.clone(), function, session.output)));
            }
            Ok(_) => {}
            Err(error) => session.output.failure(&error),
        }
        session.output.note("waiting for changes; Ctrl-C ends");
        let changed = changes.next().await?;
        session.output.note(format!("{} changed", changed.display()));
    }
}

/// Builds and deploys once. Cargo runs on a thread of its own, so that lines of the running version still appear.
async fn round(args: &Args, client: &Client, session: &Session) -> Result<FunctionName> {
    let (directory, name, output) = (args.directory.clone(), args.name.clone(), session.output);
    let subject: Subject =
        tokio::task::spawn_blocking(move || deploy::subject(&directory, name, output)).await??;
    let deployment = deploy::upload(client, &subject, &args.overrides, true, output).await?;
    output.result(&deployment, deploy::report(&deployment))?;
    Ok(subject.name)
}

/// Shows the lines the function writes from now on, until the server goes away.
async fn show(client: Client, function: FunctionName, output: crate::output::Output) {
    if let Err(error) = logs::follow_from_now(&client, &function, output).await {
        output.failure(&error);
    }
}
