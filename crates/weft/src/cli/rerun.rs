use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::{Rerun, Started};

use super::{Session, follow};

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft rerun RUN                         what failed; results of the rest are reused
  weft rerun RUN --from charge           `charge` and all that need it
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
    /// Other arguments than it had, as JSON.
    #[arg(long, value_name = "JSON")]
    arguments: Option<String>,
    /// Watch it until it ends, and print its result.
    #[arg(short, long)]
    follow: bool,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let arguments = args.arguments.as_deref().map(serde_json::from_str).transpose();
    let body = Rerun {
        what: args.whole.then(|| "whole".to_owned()),
        from: args.from,
        only: args.only,
        arguments: arguments.context("--arguments is not JSON")?,
    };
    let request = client
        .in_project(Method::POST, &["runs", &args.run, "rerun"])
        .json(&body);
    let started: Started = client.json(request).await?;
    if args.follow {
        session.output.note(format_args!("run {}", started.run));
        return follow::follow(&client, &started.run, session.output).await;
    }
    session.output.result(&started, &started.run)?;
    Ok(())
}
