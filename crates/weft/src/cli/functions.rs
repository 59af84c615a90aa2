use anyhow::Result;
use clap::{Args as ClapArgs, ValueEnum};
use reqwest::Method;
use weft_api::wire::{FunctionSummary, Page};

use super::{Session, deploy};
use crate::client::Client;
use crate::output::Table;

/// Functions asked for at once.
const PAGE: usize = 500;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// Only those with this label; several must all fit.
    #[arg(long, value_name = "KEY=VALUE", value_parser = deploy::pair)]
    label: Vec<(String, String)>,
    /// Only those of this kind.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Only those created by this user.
    #[arg(long, value_name = "USER")]
    creator: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Component,
    Workflow,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let functions = list(&client, &args).await?;
    session.output.result(&functions, text(&functions))?;
    Ok(())
}

async fn list(client: &Client, args: &Args) -> Result<Vec<FunctionSummary>> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = page(client, args, after.as_deref()).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

async fn page(client: &Client, args: &Args, after: Option<&str>) -> Result<Page<FunctionSummary>> {
    let mut query = vec![("limit", PAGE.to_string())];
    query.extend(
        args.label
            .iter()
            .map(|(key, value)| ("label", format!("{key}:{value}"))),
    );
    query.extend(args.creator.iter().map(|creator| ("creator", creator.clone())));
    query.extend(after.map(|after| ("after", after.to_owned())));
    query.extend(args.kind.map(|kind| ("kind", kind.text().to_owned())));
    client.json(client.request(Method::GET, &[]).query(&query)).await
}

impl Kind {
    fn text(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Workflow => "workflow",
        }
    }
}

fn text(functions: &[FunctionSummary]) -> String {
    if functions.is_empty() {
        return "no functions; `weft deploy` uploads one".to_owned();
    }
    let mut table = Table::new(["function", "active", "latest", "flavor", "updated", "description"]);
    for function in functions {
        table.row([
            function.function.clone(),
            function
                .active
                .map_or_else(|| "-".into(), |version| version.to_string()),
            function.latest.to_string(),
            super::describe::flavor(function.flavor).to_owned(),
            function.updated_at.strftime("%Y-%m-%d %H:%M").to_string(),
            function.description.clone(),
        ]);
    }
    table.to_string()
}
