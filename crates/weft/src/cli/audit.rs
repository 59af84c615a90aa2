use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::{Change, Page};

use super::Session;
use crate::output::Table;

/// Changes asked for at once.
const PAGE: usize = 1000;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// Those of all projects and of the platform, instead of the project's.
    #[arg(long)]
    all: bool,
    /// Show so many at most, the latest.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let (mut changes, mut after) = (Vec::new(), None);
    while changes.len() < args.limit {
        let request = match args.all {
            true => client.of_server(Method::GET, &["audit"]),
            false => client.in_project(Method::GET, &["audit"]),
        };
        let limit = (args.limit - changes.len()).min(PAGE);
        let request = request
            .query(&[("limit", limit)])
            .query(&after.map(|after: String| [("after", after)]));
        let page: Page<Change> = client.json(request).await?;
        changes.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    session.output.result(&changes, table(&changes))?;
    Ok(())
}

fn table(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "nothing was changed".to_owned();
    }
    let mut table = Table::new(["when", "who", "token", "from", "what", "answered"]);
    for change in changes {
        let (method, _) = change.action.split_once(' ').unwrap_or_default();
        table.row([
            change.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            change.who.clone(),
            change.token.clone().unwrap_or_else(|| "-".to_owned()),
            change.source.clone(),
            format!("{method} {}", change.target),
            change.status.to_string(),
        ]);
    }
    table.to_string()
}
