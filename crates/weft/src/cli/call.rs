use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use weft_api::wire::Started;

use self::arguments::Body;
use super::{Session, follow};
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::reference::Reference;
use crate::units::Span;

pub(crate) mod arguments;

const BYTES: &str = "application/octet-stream";

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft call markdown text='# Hello'
  weft call jq '{\"program\": \".a\", \"input\": \"{\\\"a\\\": 1}\"}'
  weft call pricing#quote@3 -f order.json
  weft call image-resize#thumbnail --raw -f cat.png -o small.png
  echo 'a b' | weft call wordcount --raw -")]
pub(crate) struct Args {
    /// `NAME[#EXPORT][@VERSION]`; the active version, and the only export, where not given.
    #[arg(value_name = "FUNCTION")]
    reference: Reference,
    /// The export, where it is not part of FUNCTION.
    #[arg(long)]
    export: Option<String>,
    /// Arguments: JSON (an object by parameter name, or an array), key=value pairs, or `-` to read standard input.
    ///
    /// The value of a pair is JSON where it is valid JSON, else text.
    #[arg(value_name = "ARGUMENTS")]
    arguments: Vec<String>,
    /// Read the arguments from a file; `-` is standard input.
    #[arg(short, long, value_name = "FILE", conflicts_with = "arguments")]
    file: Option<PathBuf>,
    /// Send the bytes as they are to the one parameter of type `list<u8>`, and ask for bytes.
    #[arg(long)]
    raw: bool,
    /// Write the result to a file, as bytes where it is a `list<u8>`.
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
    /// Give up after this time. The run of a workflow goes on.
    #[arg(long, value_name = "DURATION")]
    timeout: Option<Span>,
    /// Seed of a recorded call, 64 hexadecimal digits: with its time, an effect-free function answers the same.
    #[arg(long, value_name = "HEX", requires = "time")]
    seed: Option<String>,
    /// Time of a recorded call, such as 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME", requires = "seed")]
    time: Option<String>,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let body = arguments::read(&args.arguments, args.file.as_deref(), args.raw)?;
    let sent = client
        .send(request(&client, &args, body))
        .await
        .map_err(|error| as_a_call(error, args.timeout));
    let response = sent.map_err(|error| arguments::explained(error, &args.arguments))?;
    if response.status() == StatusCode::ACCEPTED {
        return Err(still_running(&args, response).await?.into());
    }
    let is_json = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let result = read(response).await?;
    match &args.out {
        Some(path) => {
            std::fs::write(path, &result).with_context(|| format!("{} cannot be written", path.display()))
        }
        None if is_json => print_json(&session, &result),
        None if result.is_empty() => Ok(()),
        None => Ok(session.output.bytes(&result)?),
    }
}

/// Who calls need not know whether it is a workflow: a run that was ended exits as a function that was.
fn as_a_call(error: anyhow::Error, timeout: Option<Span>) -> anyhow::Error {
    match error.downcast::<Failure>() {
        Ok(failure) => match timeout.filter(|_| ran_out_of_time(&failure)) {
            Some(timeout) => in_time_given(failure, timeout).into(),
            None => failed(failure).into(),
        },
        Err(error) => error,
    }
}

fn failed(failure: Failure) -> Failure {
    match failure.exit() {
        Exit::RunFailed => failure.exiting(Exit::FunctionFailed),
        _ => failure,
    }
}

fn ran_out_of_time(failure: &Failure) -> bool {
    let problem = failure.as_details().and_then(|problem| problem.get("type"));
    problem.and_then(Value::as_str) == Some("/problems/call-timeout")
}

/// Who said how long it may take need not look for that in the settings.
fn in_time_given(failure: Failure, timeout: Span) -> Failure {
    failure.hint(format!(
        "--timeout {timeout} ended it, unless `limits.timeout-ms` in the function's settings is less"
    ))
}

/// A workflow that was waited for as long as was said: the run goes on.
async fn still_running(args: &Args, response: Response) -> Result<Failure> {
    let text = read(response).await?;
    let started: Started = serde_json::from_slice(&text).context("the answer names no run")?;
    let run = started.run;
    let waited = args
        .timeout
        .map_or_else(String::new, |timeout| format!(" after {timeout}"));
    Ok(follow::goes_on(
        &run,
        format!("run {run} has not ended{waited} and goes on"),
    ))
}

fn request(client: &Client, args: &Args, body: Body) -> RequestBuilder {
    let mut request = client.request(Method::POST, &[args.reference.function.as_str(), "invoke"]);
    if let Some(export) = args.reference.export.as_ref().or(args.export.as_ref()) {
        request = request.query(&[("export", export)]);
    }
    if let Some(version) = args.reference.version {
        request = request.query(&[("version", version)]);
    }
    if let Some(Span(timeout)) = args.timeout {
        request = request.query(&[("timeout", format!("{}ms", timeout.as_millis()))]);
    }
    for (header, value) in [("weft-seed", &args.seed), ("weft-time", &args.time)] {
        if let Some(value) = value {
            request = request.header(header, value);
        }
    }
    let bytes_wanted = args.raw || args.out.is_some();
    let request = match bytes_wanted {
        true => request.header(ACCEPT, format!("{BYTES}, application/json;q=0.5")),
        false => request,
    };
    match body {
        Body::Json(text) => request.header(CONTENT_TYPE, "application/json").body(text),
        Body::Bytes(bytes) => request.header(CONTENT_TYPE, BYTES).body(bytes),
    }
}

async fn read(response: Response) -> Result<Vec<u8>> {
    Ok(response.bytes().await.context("the answer broke off")?.into())
}

/// Prints JSON as it came: its members keep the order of the function's type.
fn print_json(session: &Session, bytes: &[u8]) -> Result<()> {
    Ok(session.output.line(String::from_utf8_lossy(bytes))?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::described;

    #[test]
    fn a_timeout_of_ones_own_is_named() {
        let problem = |slug: &str| json!({"type": format!("/problems/{slug}"), "title": "t", "status": 504});
        let span = || Some("500ms".parse().unwrap());
        for (slug, timeout, hint) in [
            ("call-timeout", span(), "--timeout 500ms ended it"),
            ("call-timeout", None, "`limits.timeout-ms`"),
            ("cpu-limit", span(), "`limits.cpu-time-ms`"),
        ] {
            let error = as_a_call(described(problem(slug)).into(), timeout);
            let failure: Failure = error.downcast().unwrap();
            assert!(failure.as_hint().unwrap().starts_with(hint), "{failure:?}");
        }
    }
}
