use anyhow::Result;
use clap::{Args as ClapArgs, Subcommand};
use reqwest::Method;
use weft_api::wire::{NewQuotas, Quota, Quotas};

use super::{Session, build};
use crate::output::Table;
use crate::units::Size;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Set them, as the platform: all at once. What is not named is the server's default; 0 is no limit.
    Set(Set),
}

#[derive(Debug, ClapArgs)]
struct Set {
    /// Functions and workflows.
    #[arg(long, value_name = "COUNT")]
    functions: Option<u64>,
    /// Versions of all of them.
    #[arg(long, value_name = "COUNT")]
    versions: Option<u64>,
    /// Code, blobs and key-values, such as 10GiB.
    #[arg(long, value_name = "SIZE")]
    storage: Option<Size>,
    /// Runs that have not ended.
    #[arg(long, value_name = "COUNT")]
    open_runs: Option<u64>,
    /// Calls that execute or wait for an instance.
    #[arg(long, value_name = "COUNT")]
    concurrent_calls: Option<u64>,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let request = match args.what {
        None => client.in_project(Method::GET, &["quotas"]),
        Some(What::Set(set)) => client
            .in_project(Method::PUT, &["quotas"])
            .json(&NewQuotas::from(set)),
    };
    let quotas: Quotas = client.json(request).await?;
    session.output.result(&quotas, table(&quotas))?;
    Ok(())
}

impl From<Set> for NewQuotas {
    fn from(set: Set) -> Self {
        Self {
            functions: set.functions,
            versions: set.versions,
            storage_bytes: set.storage.map(|size| size.0),
            open_runs: set.open_runs,
            concurrent_calls: set.concurrent_calls,
        }
    }
}

fn table(quotas: &Quotas) -> Table {
    let mut table = Table::new(["quota", "used", "limit", ""]);
    let count: fn(u64) -> String = |count| count.to_string();
    for (name, quota, shown) in [
        ("functions", &quotas.functions, count),
        ("versions", &quotas.versions, count),
        ("storage", &quotas.storage_bytes, build::human),
        ("open runs", &quotas.open_runs, count),
        ("concurrent calls", &quotas.concurrent_calls, count),
    ] {
        table.row(row(name, quota, shown));
    }
    table
}

fn row(name: &str, quota: &Quota, shown: fn(u64) -> String) -> [String; 4] {
    [
        name.to_owned(),
        shown(quota.used),
        quota.limit.map_or_else(|| "none".to_owned(), shown),
        if quota.default { "default" } else { "" }.to_owned(),
    ]
}
