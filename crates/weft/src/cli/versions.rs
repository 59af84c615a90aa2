use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::{Page, VersionSummary};
use weft_types::FunctionName;

use super::{Session, build, deploy, describe};
use crate::output::Table;

/// Versions asked for at once.
const PAGE: usize = 500;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The function.
    #[arg(value_name = "FUNCTION", value_parser = deploy::name)]
    function: FunctionName,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let mut versions = Vec::new();
    let mut after = None;
    loop {
        let request = client
            .request(Method::GET, &[args.function.as_str(), "versions"])
            .query(&[("limit", PAGE)]);
        let request = request.query(&after.map(|after: String| [("after", after)]));
        let page: Page<VersionSummary> = client.json(request).await?;
        versions.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    session.output.result(&versions, table(&versions))?;
    Ok(())
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
