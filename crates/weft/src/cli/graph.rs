use anyhow::{Context, Result};
use clap::{Args as ClapArgs, ValueEnum};
use reqwest::Method;

use super::Session;
use crate::reference::Reference;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// `NAME[@VERSION]`; the active version where not given.
    #[arg(value_name = "WORKFLOW")]
    reference: Reference,
    /// How it is drawn.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// Text for Mermaid.
    #[default]
    Mermaid,
    /// A picture.
    Svg,
    /// Nodes and edges as data.
    Json,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let format = match args.format {
        Format::Mermaid => "mermaid",
        Format::Svg => "svg",
        Format::Json => "json",
    };
    let mut request = client
        .request(Method::GET, &[args.reference.function.as_str(), "graph"])
        .query(&[("format", format)]);
    if let Some(version) = args.reference.version {
        request = request.query(&[("version", version)]);
    }
    let response = client.send(request).await?;
    let text = response.text().await.context("the answer broke off")?;
    session.output.line(text.trim_end())?;
    Ok(())
}
