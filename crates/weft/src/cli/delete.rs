use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use serde_json::json;
use weft_types::FunctionName;

use super::{Session, deploy};

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The function, which goes with all its versions.
    #[arg(value_name = "FUNCTION", value_parser = deploy::name, required_unless_present = "run")]
    function: Option<FunctionName>,
    /// The record of this run, which has ended, instead.
    #[arg(long, value_name = "RUN", conflicts_with = "function")]
    run: Option<String>,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let name = args.function.as_ref().map(FunctionName::as_str);
    // One of both is there, and only one.
    let (path, name, text) = match (&args.run, name) {
        (Some(run), _) => (
            ["runs", run.as_str()],
            run.as_str(),
            format!("run {run} is deleted"),
        ),
        (None, name) => {
            let name = name.unwrap_or_default();
            (["functions", name], name, format!("{name} is deleted"))
        }
    };
    client.send(client.in_project(Method::DELETE, &path)).await?;
    session.output.result(&json!({ "deleted": name }), text)?;
    Ok(())
}
