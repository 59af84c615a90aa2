use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use serde::Serialize;
use weft_api::wire::{Function, Move, Page, Rollout};
use weft_types::FunctionName;

use super::{Session, deploy};

pub(crate) mod text;

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft activate pricing 4 --canary --stages 10,50,100   let version 4 take over step by step
  weft rollout pricing                                  how far it came, and what moved before
  weft rollout pricing --cancel                         back to the version before")]
pub(crate) struct Args {
    /// The function.
    #[arg(value_name = "FUNCTION", value_parser = deploy::name)]
    function: FunctionName,
    /// End the rollout: the new version answers all calls.
    #[arg(long, conflicts_with = "cancel")]
    promote: bool,
    /// End the rollout: the version before answers all calls again.
    #[arg(long)]
    cancel: bool,
}

/// What there is to tell of the moves of a function.
#[derive(Debug, Serialize)]
struct Told {
    rollout: Option<Rollout>,
    moves: Vec<Move>,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let name = args.function.as_str();
    let end = match (args.promote, args.cancel) {
        (true, _) => Some("promote"),
        (_, true) => Some("cancel"),
        (false, false) => None,
    };
    if let Some(end) = end {
        let request = client.request(Method::POST, &[name, "rollout", end]);
        let function: Function = client.json(request).await?;
        let active = function
            .summary
            .active
            .map_or_else(String::new, |active| active.to_string());
        let told = format!("version {active} of {name} answers all calls now");
        session.output.result(&function, told)?;
        return Ok(());
    }
    let function: Function = client.json(client.request(Method::GET, &[name])).await?;
    let moves: Page<Move> = client.json(client.request(Method::GET, &[name, "moves"])).await?;
    let told = Told {
        rollout: function.rollout,
        moves: moves.items,
    };
    let text = text::told(name, told.rollout.as_ref(), &told.moves);
    session.output.result(&told, text)?;
    Ok(())
}
