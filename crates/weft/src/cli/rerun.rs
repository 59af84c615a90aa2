use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::{Rerun, Started};

use super::call::arguments::{explained, pair};
use super::{Session, follow};

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft rerun RUN                         what failed; results of the rest are reused
  weft rerun RUN --from charge           `charge` and all that need it
  weft rerun RUN --arg text='# Other'    with this argument in place of the one it had
  weft rerun RUN --whole --arguments '{\"text\": \"# Other\"}'")]
pub(crate) struct Args {
    /// The run's id, which has ended.
    #[arg(value_name = "RUN")]
    run: String,
    /// All of it.
    #[arg(long, conflicts_with_all = ["from", "only"])]
    whole: bool,
    /// This node and all that need it; may be repeated.
    #[arg(long, value_name = "NODE", conflicts_with = "only")]
    from: Vec<String>,
    /// Only this node; may be repeated.
    #[arg(long, value_name = "NODE")]
    only: Vec<String>,
    /// Other arguments than it had, as JSON: all of them.
    #[arg(long, value_name = "JSON", conflicts_with = "changed")]
    arguments: Option<String>,
    /// `NAME=VALUE`: one argument in place of that which it had; may be repeated. The value is JSON where it is valid JSON, else text.
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    changed: Vec<String>,
    /// Watch it until it ends, and print its result.
    #[arg(short, long)]
    follow: bool,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let arguments = args.arguments.as_deref().map(serde_json::from_str).transpose();
    let change = args.changed.iter().map(|word| pair(word));
    let body = Rerun {
        what: args.whole.then(|| "whole".to_owned()),
        from: args.from,
        only: args.only,
        arguments: arguments.context("--arguments is not JSON")?,
        change: change.collect::<Result<_, _>>()?,
    };
    let request = client
        .in_project(Method::POST, &["runs", &args.run, "rerun"])
        .json(&body);
    let started: Result<Started> = client.json(request).await;
    let started = started.map_err(|error| explained(error, &args.changed))?;
    if args.follow {
        session.output.note(format_args!("run {}", started.run));
        return follow::follow(&client, &started.run, session.output).await;
    }
    session.output.result(&started, &started.run)?;
    Ok(())
}
