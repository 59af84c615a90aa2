use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::{Page, RunSummary};

use super::Session;
use super::show::because;
use crate::client::Client;
use crate::output::Table;
use crate::reference::Reference;
use crate::units::Moment;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// `NAME[@VERSION]`: only runs of this workflow, of this version where one is given.
    #[arg(value_name = "WORKFLOW")]
    workflow: Option<Reference>,
    /// Only runs in these states, separated by commas: `waiting`, `running`, `paused`, `succeeded`, `failed`, `cancelled`,
    /// `timed-out`.
    #[arg(long, value_name = "STATE")]
    status: Option<String>,
    /// Only runs with this label: `NAME` or `NAME=VALUE`.
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// Only runs of which a node awaits what somebody must bring (`weft complete`), nested ones too.
    #[arg(long)]
    awaiting: bool,
    /// Only runs that were started at or after this time (RFC 3339), or as long ago at most: `2h`.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    /// Only runs that were started before this time, or longer ago.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// Only runs that this caller started.
    #[arg(long, value_name = "WHO")]
    submitter: Option<String>,
    /// Only runs nested in this one.
    #[arg(long, value_name = "RUN")]
    parent: Option<String>,
    /// Nested runs too.
    #[arg(long)]
    nested: bool,
    /// Most runs shown, the newest first.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let workflow = args
        .workflow
        .as_ref()
        .map(|workflow| workflow.function.to_string());
    let version = args.workflow.and_then(|workflow| workflow.version);
    let label = args.label.map(|label| label.replacen('=', ":", 1));
    let filters = [
        ("workflow", workflow.clone()),
        ("status", args.status),
        ("label", label),
        ("version", version.map(|version| version.to_string())),
        ("awaiting", args.awaiting.then(|| "true".to_owned())),
        ("since", args.since.map(|since| since.to_string())),
        ("until", args.until.map(|until| until.to_string())),
        ("submitter", args.submitter),
        ("parent", args.parent),
        ("nested", args.nested.then(|| "true".to_owned())),
    ];
    let query: Vec<_> = filters
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    let (mut runs, mut next) = (Vec::<RunSummary>::new(), None);
    loop {
        let left = args.limit as usize - runs.len();
        let request = client.in_project(Method::GET, &["runs"]).query(&query);
        let request = request.query(&[("limit", left.to_string())]);
        let after: Option<String> = next.take();
        let page: Page<RunSummary> = client
            .json(request.query(&after.map(|after| [("after", after)])))
            .await?;
        runs.extend(page.items.into_iter().take(left));
        next = page.next;
        // A page of those that await something may hold fewer than there are.
        if next.is_none() || runs.len() >= args.limit as usize {
            break;
        }
    }
    if runs.is_empty() {
        return none(&client, workflow.as_deref(), &session).await;
    }
    session.output.result(&runs, table(&runs))?;
    if next.is_some() {
        session
            .output
            .note("there are older runs: --limit shows more, filters fewer");
    }
    Ok(())
}

/// Says that there are no such runs, or that there is no such workflow.
async fn none(client: &Client, workflow: Option<&str>, session: &Session) -> Result<()> {
    if let Some(workflow) = workflow {
        client.send(client.request(Method::GET, &[workflow])).await?;
    }
    let runs: [RunSummary; 0] = [];
    match session.output.is_json() {
        true => session.output.result(&runs, "")?,
        false => session.output.note("no such runs are kept"),
    }
    Ok(())
}

fn table(runs: &[RunSummary]) -> Table {
    let mut table = Table::new([
        "run", "workflow", "status", "nodes", "created", "took", "by", "error",
    ]);
    for run in runs {
        let ended = run.counts.succeeded + run.counts.skipped + run.counts.failed + run.counts.cancelled;
        let took = run.finished_at.map(|end| end.duration_since(run.created_at));
        table.row([
            run.run.clone(),
            format!("{}@{}", run.workflow, run.version),
            run.status.clone(),
            format!("{ended}/{}", run.nodes),
            run.created_at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            took.map_or_else(String::new, |took| format!("{:.3}s", took.as_secs_f64())),
            run.submitter.clone(),
            run.error.as_ref().map_or_else(String::new, because),
        ]);
    }
    table
}
