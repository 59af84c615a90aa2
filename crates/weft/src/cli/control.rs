//! What is asked of an open run.

use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use serde_json::json;
use weft_api::wire::Cancel;

use super::Session;

/// One run.
#[derive(Debug, ClapArgs)]
pub(crate) struct OneRun {
    /// The run's id.
    #[arg(value_name = "RUN")]
    run: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CancelArgs {
    /// The run's id.
    #[arg(value_name = "RUN")]
    run: String,
    /// Why, for its record.
    #[arg(long, default_value = "", value_name = "TEXT")]
    reason: String,
}

pub(crate) async fn cancel(args: CancelArgs, session: Session) -> Result<()> {
    let body = Cancel { reason: args.reason };
    let client = session.client()?;
    let request = client
        .in_project(Method::POST, &["runs", &args.run, "cancel"])
        .json(&body);
    client.send(request).await?;
    told(&session, &args.run, "is cancelled")
}

pub(crate) async fn pause(args: OneRun, session: Session) -> Result<()> {
    ask(&session, &args.run, "pause").await?;
    told(&session, &args.run, "is paused")
}

pub(crate) async fn resume(args: OneRun, session: Session) -> Result<()> {
    ask(&session, &args.run, "resume").await?;
    told(&session, &args.run, "goes on")
}

async fn ask(session: &Session, run: &str, what: &str) -> Result<()> {
    let client = session.client()?;
    client
        .send(client.in_project(Method::POST, &["runs", run, what]))
        .await?;
    Ok(())
}

/// Tells what became of the run.
pub(super) fn told(session: &Session, run: &str, what: &str) -> Result<()> {
    session
        .output
        .result(&json!({ "run": run }), format_args!("run {run} {what}"))?;
    Ok(())
}
