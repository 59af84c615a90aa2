use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::Repinned;
use weft_types::FunctionName;

use super::{Session, deploy, problems};

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The workflow.
    #[arg(value_name = "WORKFLOW", value_parser = deploy::name)]
    workflow: FunctionName,
    /// Only tell what would change.
    #[arg(long)]
    dry_run: bool,
    /// Store the version without making it answer calls.
    #[arg(long)]
    no_activate: bool,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let request = client
        .request(Method::POST, &[args.workflow.as_str(), "repin"])
        .query(&[("dry-run", args.dry_run), ("activate", !args.no_activate)]);
    let repinned: Result<Repinned> = client.json(request).await;
    let repinned = repinned.map_err(|error| problems::listed(error, args.workflow.as_str()))?;
    problems::warn(&repinned.warnings, args.workflow.as_str(), session.output);
    let mut lines: Vec<_> = repinned
        .changes
        .iter()
        .map(|change| format!("{}: version {} -> {}", change.function, change.from, change.to))
        .collect();
    lines.push(match repinned.version {
        Some(version) => format!("saved as version {version} of {}", args.workflow),
        None if repinned.changes.is_empty() => "everything it calls is up to date".to_owned(),
        None => "nothing was saved".to_owned(),
    });
    session.output.result(&repinned, lines.join("\n"))?;
    Ok(())
}
