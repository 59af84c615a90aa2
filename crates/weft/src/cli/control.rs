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

#[derive(Debug, ClapArgs)]
pub(crate) struct CompleteArgs {
    /// The run's id.
    #[arg(value_name = "RUN")]
    run: String,
    /// The node that awaits an event.
    #[arg(value_name = "NODE")]
    node: String,
    /// The value that it brings, as JSON.
    #[arg(value_name = "JSON", default_value = "")]
    value: String,
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

pub(crate) async fn complete(args: CompleteArgs, session: Session) -> Result<()> {
    let client = session.client()?;
    let path = ["runs", &args.run, "nodes", &args.node, "complete"];
    let request = client
        .in_project(Method::POST, &path)
        .header(reqwest::header::CONTENT_TYPE, "application/json")
        .body(args.value);
    client.send(request).await?;
    told(&session, &args.run, &format!("has what `{}` awaited", args.node))
}

async fn ask(session: &Session, run: &str, what: &str) -> Result<()> {
    let client = session.client()?;
    client
        .send(client.in_project(Method::POST, &["runs", run, what]))
        .await?;
    Ok(())
}

fn told(session: &Session, run: &str, what: &str) -> Result<()> {
    session
        .output
        .result(&json!({ "run": run }), format_args!("run {run} {what}"))?;
    Ok(())
}
