use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use serde::Serialize;
use weft_api::wire::{Page, VersionSummary};
use weft_types::FunctionName;

use super::{Session, build, deploy, describe};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Table;

/// Versions asked for at once.
const PAGE: usize = 500;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The function.
    #[arg(value_name = "FUNCTION", value_parser = deploy::name)]
    function: FunctionName,
    /// Delete all but the newest so many, at least 1, and those that something needs.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    prune: Option<u32>,
}

/// What pruning did.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Pruned {
    deleted: Vec<u32>,
    /// Older ones that are needed.
    kept: Vec<Kept>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Kept {
    version: u32,
    because: String,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let versions = list(&client, &args.function).await?;
    match args.prune {
        Some(keep) => {
            let kept = usize::try_from(keep).unwrap_or(usize::MAX);
            let pruned = prune(&client, &args.function, versions.iter().skip(kept)).await?;
            session.output.result(&pruned, told(&args.function, &pruned))
        }
        None => session.output.result(&versions, table(&versions)),
    }?;
    Ok(())
}

/// Every version, newest first.
async fn list(client: &Client, function: &FunctionName) -> Result<Vec<VersionSummary>> {
    let mut versions = Vec::new();
    let mut after = None;
    loop {
        let request = client
            .request(Method::GET, &[function.as_str(), "versions"])
            .query(&[("limit", PAGE)]);
        let request = request.query(&after.map(|after: String| [("after", after)]));
        let page: Page<VersionSummary> = client.json(request).await?;
        versions.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(versions);
        }
    }
}

/// Deletes versions, but for those that are needed.
async fn prune(
    client: &Client,
    function: &FunctionName,
    older: impl Iterator<Item = &VersionSummary>,
) -> Result<Pruned> {
    let mut pruned = Pruned::default();
    for VersionSummary { version, .. } in older {
        let path = [function.as_str(), "versions", &version.to_string()];
        match client.send(client.request(Method::DELETE, &path)).await {
            Ok(_) => pruned.deleted.push(*version),
            Err(error) => match is_needed(&error) {
                true => pruned.kept.push(Kept {
                    version: *version,
                    because: error.to_string(),
                }),
                false => return Err(error),
            },
        }
    }
    Ok(pruned)
}

fn is_needed(error: &anyhow::Error) -> bool {
    let failure = error.downcast_ref::<Failure>();
    let details = failure.and_then(Failure::as_details);
    details.is_some_and(|details| details["type"] == "/problems/version-in-use")
}

fn told(function: &FunctionName, pruned: &Pruned) -> String {
    let mut lines = match &*pruned.deleted {
        [] => vec!["nothing to delete".to_owned()],
        deleted => deleted
            .iter()
            .map(|version| format!("{function}@{version} is deleted"))
            .collect(),
    };
    lines.extend(pruned.kept.iter().map(|kept| kept.because.clone()));
    lines.join("\n")
}

fn table(versions: &[VersionSummary]) -> Table {
    let mut table = Table::new(["version", "", "flavor", "size", "created", "by", "description"]);
    for version in versions {
        table.row([
            version.version.to_string(),
            if version.active {
                "active".into()
            } else {
                String::new()
            },
            describe::flavor(version.flavor).to_owned(),
            build::human(version.size),
            version.created_at.strftime("%Y-%m-%d %H:%M").to_string(),
            version.creator.clone(),
            version.description.clone(),
        ]);
    }
    table
}
