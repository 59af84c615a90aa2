use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::Function;
use weft_types::FunctionName;

use super::{Session, deploy};

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The function.
    #[arg(value_name = "FUNCTION", value_parser = deploy::name)]
    function: FunctionName,
    /// The version that shall answer calls.
    #[arg(id = "number", value_name = "VERSION", value_parser = clap::value_parser!(u32).range(1..))]
    version: u32,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let path = [
        args.function.as_str(),
        "versions",
        &args.version.to_string(),
        "activate",
    ];
    let function: Function = client.json(client.request(Method::POST, &path)).await?;
    let text = format!("version {} of {} answers calls now", args.version, args.function);
    session.output.result(&function, text)?;
    Ok(())
}
