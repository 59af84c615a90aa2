use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use weft_api::wire::{Start, Started};

use super::call::arguments::{self, Body};
use super::{Session, follow};
use crate::failure::Failure;
use crate::reference::Reference;
use crate::units::Span;

/// The media type of a start with more than arguments.
const START: &str = "application/vnd.weft.start+json";

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft run document text='# Hello'              start a run and print its id
  weft run order -f --file order.json          start it, watch it, print its result
  weft run order -f --stub note=none --file order.json   the same, without executing `note`
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
    /// `NODE=JSON`: an output in place of executing this node, to try the workflow out; may be repeated.
    #[arg(long = "stub", value_name = "NODE=JSON", value_parser = arguments::pair)]
    stubs: Vec<(String, Value)>,
    /// `NAME=JSON`: another value of a global parameter; may be repeated.
    #[arg(long = "global", value_name = "NAME=JSON", value_parser = arguments::pair)]
    globals: Vec<(String, Value)>,
    /// `NAME=VALUE`; may be repeated.
    #[arg(long = "label", value_name = "NAME=VALUE")]
    labels: Vec<String>,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let body = arguments::read(&args.arguments, args.file.as_deref(), false);
    let body = body.map_err(|error| file_meant(error, &args))?;
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
    let body = with_more(body, &args)?;
    let request = match body {
        Sent::Start(start) => request
            .header(CONTENT_TYPE, START)
            .body(serde_json::to_vec(&start)?),
        Sent::Plain(body) => plain(request, body),
    };
    let started: Result<Started> = client.json(request).await;
    let started = started.map_err(|error| arguments::explained(error, &args.arguments))?;
    if !args.follow {
        session.output.result(&started, &started.run)?;
        return Ok(());
    }
    session.output.note(format_args!("run {}", started.run));
    follow::follow(&client, &started.run, session.output).await
}

/// A word that is no argument, with what helps where it is the name of a file: other commands take it behind `-f`.
fn file_meant(error: anyhow::Error, args: &Args) -> anyhow::Error {
    let file = args
        .arguments
        .iter()
        .find(|word| std::path::Path::new(word).is_file());
    match (error.downcast::<Failure>(), file) {
        (Ok(failure), Some(file)) => failure
            .hint(format!(
                "--file {file} reads the arguments from that file; -f is --follow here"
            ))
            .into(),
        (Ok(failure), None) => failure.into(),
        (Err(error), _) => error,
    }
}

/// What is sent.
enum Sent {
    Plain(Body),
    Start(Start),
}

/// The arguments, with the stubs and global parameters where there are any.
fn with_more(body: Body, args: &Args) -> Result<Sent> {
    if args.stubs.is_empty() && args.globals.is_empty() {
        return Ok(Sent::Plain(body));
    }
    let Body::Json(text) = body else {
        return Err(Failure::usage("--stub and --global need arguments as JSON").into());
    };
    let arguments = serde_json::from_slice(&text).context("the arguments are not JSON")?;
    Ok(Sent::Start(Start {
        arguments: Some(arguments),
        globals: args.globals.iter().cloned().collect(),
        stubs: args.stubs.iter().cloned().collect(),
    }))
}

fn plain(request: RequestBuilder, body: Body) -> RequestBuilder {
    match body {
        Body::Json(text) => request.header(CONTENT_TYPE, "application/json").body(text),
        Body::Bytes(bytes) => request
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(bytes),
    }
}
