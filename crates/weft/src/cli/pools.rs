use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Result;
use clap::{Args as ClapArgs, ValueEnum};
use reqwest::Method;
use weft_api::wire::{Page, Pool, PoolDrained, PoolSummary};

use super::Session;
use crate::client::Client;

mod text;

/// Pools asked for at once.
const PAGE: usize = 500;
/// The time between two looks of `--watch`.
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// Show this one: its instances, what was decided of their number, and how many were lost.
    #[arg(value_name = "POOL", conflicts_with_all = ["function", "level", "profile", "all_projects"])]
    pool: Option<String>,
    /// Only pools of this function.
    #[arg(long, value_name = "FUNCTION")]
    function: Option<String>,
    /// Only pools of this isolation level.
    #[arg(long, value_enum)]
    level: Option<Level>,
    /// Only pools of this profile.
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Pools of all projects.
    #[arg(long)]
    all_projects: bool,
    /// Have a new pool take the place of this one, which ends with its last call; no call fails.
    #[arg(long, requires = "pool", conflicts_with = "watch")]
    drain: bool,
    /// Look again every second, until interrupted.
    #[arg(short, long)]
    watch: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Sandbox,
    Process,
    Container,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    if let (true, Some(pool)) = (args.drain, &args.pool) {
        let request = client.of_server(Method::POST, &["pools", pool, "drain"]);
        let drained: PoolDrained = client.json(request).await?;
        session.output.result(&drained, text::drained(&drained))?;
        return Ok(());
    }
    loop {
        // Asked first: what was there is seen until there is something new.
        let shown = Shown::ask(&client, &args).await?;
        if args.watch && !session.output.is_json() && std::io::stdout().is_terminal() {
            // To the upper left, and nothing left of what was there.
            session.output.bytes(b"\x1b[H\x1b[2J")?;
        }
        match &shown {
            Shown::One(pool) => session.output.result(pool, text::detail(pool))?,
            Shown::All(pools) => session.output.result(pools, text::table(pools))?,
        }
        if !args.watch {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

enum Shown {
    One(Box<Pool>),
    All(Vec<PoolSummary>),
}

impl Shown {
    async fn ask(client: &Client, args: &Args) -> Result<Self> {
        match &args.pool {
            Some(pool) => {
                let request = client.of_server(Method::GET, &["pools", pool]);
                Ok(Self::One(Box::new(client.json(request).await?)))
            }
            None => Ok(Self::All(list(client, args).await?)),
        }
    }
}

async fn list(client: &Client, args: &Args) -> Result<Vec<PoolSummary>> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page: Page<PoolSummary> = client.json(page(client, args, after.as_deref())).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

fn page(client: &Client, args: &Args, after: Option<&str>) -> reqwest::RequestBuilder {
    let mut query = vec![("limit", PAGE.to_string())];
    if !args.all_projects {
        query.push(("project", client.project().to_owned()));
    }
    query.extend(args.function.clone().map(|function| ("function", function)));
    query.extend(args.profile.clone().map(|profile| ("profile", profile)));
    query.extend(args.level.map(|level| ("level", level.text().to_owned())));
    query.extend(after.map(|after| ("after", after.to_owned())));
    client.of_server(Method::GET, &["pools"]).query(&query)
}

impl Level {
    fn text(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Process => "process",
            Self::Container => "container",
        }
    }
}
