use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use serde_json::json;

use super::Session;
use crate::reference::Reference;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// `NAME[@VERSION]`; the active version where not given.
    #[arg(value_name = "WORKFLOW")]
    reference: Reference,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let path = [args.reference.function.as_str(), "definition"];
    let request = client.request(Method::GET, &path);
    let request = request.query(&args.reference.version.map(|version| [("version", version)]));
    let text = client.text(request).await?;
    let value = json!({"definition": text});
    session.output.result(&value, text.trim_end())?;
    Ok(())
}
