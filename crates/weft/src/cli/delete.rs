use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use serde_json::json;
use weft_types::FunctionName;

use super::{Session, deploy};

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The function, which goes with all its versions.
    #[arg(value_name = "FUNCTION", value_parser = deploy::name)]
    function: FunctionName,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    client
        .send(client.request(Method::DELETE, &[args.function.as_str()]))
        .await?;
    let text = format!("{} is deleted", args.function);
    session
        .output
        .result(&json!({"deleted": args.function.as_str()}), text)?;
    Ok(())
}
