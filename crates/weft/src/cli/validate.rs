use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::Validated;

use super::{Session, problems};

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// A workflow's definition, YAML or JSON.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Checks a definition against the functions of the project; nothing is stored.
pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let text =
        std::fs::read(&args.file).with_context(|| format!("{} cannot be read", args.file.display()))?;
    let client = session.client()?;
    let request = client
        .in_project(Method::POST, &["validate"])
        .header(reqwest::header::CONTENT_TYPE, "application/yaml")
        .body(text);
    let valid: Result<Validated> = client.json(request).await;
    let name = args.file.to_string_lossy();
    let valid = valid.map_err(|error| problems::listed(error, &name))?;
    problems::warn(&valid.warnings, &name, session.output);
    let effects = if valid.effect_free {
        "effect-free"
    } else {
        "has effects"
    };
    let text = format!("valid: {} ({effects})", valid.signature);
    session.output.result(&valid, text)?;
    Ok(())
}
