use std::path::PathBuf;

use anyhow::Result;
use clap::Args as ClapArgs;
use serde::Serialize;

use super::Session;
use crate::config::{File, Serve, ServeLayers};
use crate::failure::{Exit, Failure};
use crate::output::Table;

mod compiler;
mod data;
mod host;
mod levels;
mod server;

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
This machine and the data directory are examined as a server would find them that this command started here. A server that runs \
already may have another directory, and other rights: the lines that begin with `server` are what the one at --server says of itself.")]
pub(crate) struct Args {
    /// Data directory to examine, instead of the configured one; the one that `weft serve --data` was given is not known here.
    #[arg(long, value_name = "DIR", env = "WEFT_DATA", hide_env_values = true)]
    data: Option<PathBuf>,
}

/// What was found about one thing.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    /// The figure found, or why it is not as it should be.
    detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// As it should be.
    Works,
    /// Usable, though slower or less safe.
    Degraded,
    /// Not there.
    Unavailable,
}

impl Check {
    fn new(name: &'static str, state: State, detail: impl Into<String>) -> Self {
        Self {
            name,
            state,
            detail: detail.into(),
        }
    }
}

impl State {
    fn text(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Degraded => "degraded",
            Self::Unavailable => "unavailable",
        }
    }
}

pub(crate) async fn run(args: Args, session: Session, file: File) -> Result<()> {
    let mut serve: Serve = ServeLayers::default().over(file).serve.resolve()?;
    if let Some(data) = args.data {
        serve.data = data;
    }
    let mut checks = host::checks();
    checks.push(compiler::check().await);
    checks.extend(levels::checks(&serve).await);
    checks.push(data::check(&serve.data_directory()?));
    checks.extend(server::checks(&session).await?);
    session.output.result(&checks, table(&checks))?;
    match checks.iter().any(Check::prevents_serving) {
        true => Err(Failure::new(Exit::Error, "a server cannot run here").into()),
        false => Ok(()),
    }
}

impl Check {
    fn prevents_serving(&self) -> bool {
        self.state == State::Unavailable && matches!(self.name, data::NAME | host::KERNEL)
    }
}

fn table(checks: &[Check]) -> Table {
    let mut table = Table::new(["what", "state", "detail"]);
    for check in checks {
        table.row([check.name.into(), check.state.text().into(), check.detail.clone()]);
    }
    table
}
