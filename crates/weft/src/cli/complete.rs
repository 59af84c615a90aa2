//! Bringing the event that a node awaits.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use super::awaited::Awaited;
use super::call::arguments;
use super::{Session, control, show};
use crate::client::Client;
use crate::failure::{Exit, Failure};

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft complete RUN approval by=Grace ok=true       a record, field by field
  weft complete RUN approval '{\"by\": \"Grace\", \"ok\": true}'
  weft complete RUN signal                          an event without a value
  weft complete RUN picture --file value.json
  weft complete RUN pages[3].approval ok=true       a node of a run that is nested in this one

`weft show RUN` tells which nodes await what.")]
pub(crate) struct Args {
    /// The run's id.
    #[arg(value_name = "RUN")]
    run: String,
    /// The node that awaits an event, or the way to one of a nested run.
    #[arg(value_name = "NODE")]
    node: String,
    /// The value that it brings: JSON, key=value pairs for a record, a text, or `-` to read JSON from standard input.
    ///
    /// The value of a pair is JSON where it is valid JSON, else text.
    #[arg(value_name = "VALUE")]
    value: Vec<String>,
    /// Read the value from a file, as JSON; `-` is standard input.
    #[arg(short, long, value_name = "FILE", conflicts_with = "value")]
    file: Option<PathBuf>,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let value = value(&args.value, args.file.as_deref())?;
    let path = ["runs", &args.run, "nodes", &args.node, "complete"];
    let request = client
        .in_project(Method::POST, &path)
        .header(CONTENT_TYPE, "application/json")
        .body(value.clone());
    if let Err(error) = client.send(request).await {
        return Err(explained(&client, &args, &value, error).await);
    }
    control::told(&session, &args.run, &format!("has what `{}` awaited", args.node))
}

/// The value as JSON; empty where none is given.
fn value(words: &[String], file: Option<&Path>) -> Result<Vec<u8>> {
    match words {
        [] if file.is_none() => Ok(Vec::new()),
        [word] if word != "-" && !is_pair(word) => Ok(json_or_text(word)),
        words => match arguments::read(words, file, false)? {
            arguments::Body::Json(bytes) | arguments::Body::Bytes(bytes) => Ok(bytes),
        },
    }
}

/// Whether it is `key=value`, where the key is as keys are: a text may well have a `=` somewhere.
fn is_pair(word: &str) -> bool {
    word.split_once('=').is_some_and(|(key, _)| {
        key.starts_with(|first: char| first.is_ascii_alphabetic())
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

fn json_or_text(word: &str) -> Vec<u8> {
    match serde_json::from_str::<&serde_json::value::RawValue>(word) {
        Ok(_) => word.as_bytes().to_vec(),
        // What looks like JSON was meant to be: the server says what is wrong with it.
        Err(_) if word.trim_start().starts_with(['{', '[', '"']) => word.as_bytes().to_vec(),
        Err(_) => serde_json::Value::String(word.to_owned())
            .to_string()
            .into_bytes(),
    }
}

/// A refusal, with what the node awaits.
async fn explained(client: &Client, args: &Args, value: &[u8], error: anyhow::Error) -> anyhow::Error {
    let failure = match error.downcast::<Failure>() {
        Ok(failure) if failure.exit() == Exit::Refused => failure,
        Ok(failure) => return failure.into(),
        Err(error) => return error,
    };
    // What cannot be found out is not told: the refusal itself is what matters.
    let Ok(run) = show::fetch(client, &args.run).await else {
        return failure.into();
    };
    let awaited = Awaited::of(client, &run).await;
    let Some(awaited) = awaited.iter().find(|awaited| awaited.node == args.node) else {
        return failure.into();
    };
    let failure = match (&awaited.ty, value) {
        (Some(ty), []) => failure.told(format!(
            "`{}` awaits a value of type `{ty}`, and none was given",
            args.node
        )),
        _ => failure,
    };
    failure.hint(awaited.command(&args.run)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_json_pairs_or_a_text() {
        for (words, json) in [
            (&[][..], ""),
            (&["{\"a\": 1}"][..], "{\"a\": 1}"),
            (&["by=Grace", "ok=true"][..], r#"{"by":"Grace","ok":true}"#),
            (&["ok=true"][..], r#"{"ok":true}"#),
            (&["true"][..], "true"),
            (&["7"][..], "7"),
            (&["yes"][..], "\"yes\""),
            (&["1 + 1 = 2"][..], "\"1 + 1 = 2\""),
            (&["{\"a\": "][..], "{\"a\": "),
        ] {
            let words: Vec<_> = words.iter().map(ToString::to_string).collect();
            let value = value(&words, None).unwrap();
            assert_eq!(String::from_utf8(value).unwrap(), json, "{words:?}");
        }
    }

    #[test]
    fn several_words_are_pairs() {
        let words = ["yes".to_owned(), "by=Grace".to_owned()];
        assert!(value(&words, None).is_err());
    }
}
