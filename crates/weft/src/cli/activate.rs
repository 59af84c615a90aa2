use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::Function;
use weft_types::FunctionName;

use super::canary::Canary;
use super::{Session, deploy, rollout};
use crate::client::Client;

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft activate pricing 4                                       all calls at once
  weft activate pricing 4 --canary                              5, 25, 50, then 100 % of them, a minute each
  weft activate pricing 4 --canary --stages 10,100 --stage-time 10m --error-bound 1")]
pub(crate) struct Args {
    /// The function.
    #[arg(value_name = "FUNCTION", value_parser = deploy::name)]
    function: FunctionName,
    /// The version that shall answer calls.
    #[arg(id = "number", value_name = "VERSION", value_parser = clap::value_parser!(u32).range(1..))]
    version: u32,
    #[command(flatten)]
    canary: Canary,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let function = activate(&client, &args.function, args.version, &args.canary).await?;
    let text = outcome(&function, args.version);
    session.output.result(&function, text)?;
    Ok(())
}

/// Has a version answer calls: all at once, or step by step.
pub(crate) async fn activate(
    client: &Client,
    function: &FunctionName,
    version: u32,
    canary: &Canary,
) -> Result<Function> {
    let path = [function.as_str(), "versions", &version.to_string(), "activate"];
    let request = client.request(Method::POST, &path);
    let request = match canary.request() {
        Some(how) => request.json(&how),
        None => request,
    };
    client.json(request).await
}

/// Who answers calls from now on.
pub(crate) fn outcome(function: &Function, version: u32) -> String {
    let name = &function.summary.function;
    match &function.rollout {
        Some(rollout) => format!("{name}: {}", rollout::text::line(rollout)),
        None => format!("version {version} of {name} answers calls now"),
    }
}
