use std::path::PathBuf;

use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use weft_api::wire::Started;

use super::call::arguments::{self, Body};
use super::{Session, show};
use crate::reference::Reference;
use crate::units::Span;

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft run order id=A-1 lines='[]'             start a run and print its id
  weft run order -f --file order.json          start it, watch it, print its result
  weft run order --key A-1 --file order.json   the same run, however often this is repeated")]
pub(crate) struct Args {
    /// `NAME[@VERSION]`; the active version where not given.
    #[arg(value_name = "WORKFLOW")]
    reference: Reference,
    /// Arguments: JSON (an object by parameter name, or an array), key=value pairs, or `-` to read standard input.
    #[arg(value_name = "ARGUMENTS")]
    arguments: Vec<String>,
    /// Read the arguments from a file; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "arguments")]
    file: Option<PathBuf>,
    /// Watch it until it ends, and print its result.
    #[arg(short, long)]
    follow: bool,
    /// Idempotency key: a repetition with the same key and arguments is the same run.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// `highest`, `high`, `medium`, `low` or `lowest`.
    #[arg(long, value_name = "PRIORITY")]
    priority: Option<String>,
    /// How long the run may take.
    #[arg(long, value_name = "DURATION")]
    timeout: Option<Span>,
    /// Where the run is posted to once it has ended; the server must allow the host.
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// `NAME=VALUE`; may be repeated.
    #[arg(long = "label", value_name = "NAME=VALUE")]
    labels: Vec<String>,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let body = arguments::read(&args.arguments, args.file.as_deref(), false)?;
    let mut request = client.request(Method::POST, &[args.reference.function.as_str(), "runs"]);
    if let Some(version) = args.reference.version {
        request = request.query(&[("version", version)]);
    }
    if let Some(Span(timeout)) = args.timeout {
        request = request.query(&[("timeout", format!("{}ms", timeout.as_millis()))]);
    }
    request = request.query(&args.priority.as_ref().map(|priority| [("priority", priority)]));
    request = request.query(&args.webhook.as_ref().map(|webhook| [("webhook", webhook)]));
    for label in &args.labels {
        request = request.query(&[("label", label.replacen('=', ":", 1))]);
    }
    if let Some(key) = &args.key {
        request = request.header("idempotency-key", key);
    }
    let request = match body {
        Body::Json(text) => request.header(CONTENT_TYPE, "application/json").body(text),
        Body::Bytes(bytes) => request
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(bytes),
    };
    let started: Started = client.json(request).await?;
    if !args.follow {
        session.output.result(&started, &started.run)?;
        return Ok(());
    }
    session.output.note(format_args!("run {}", started.run));
    show::follow(&client, &started.run, session.output).await
}
