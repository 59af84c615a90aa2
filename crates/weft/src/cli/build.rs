use std::path::PathBuf;

use anyhow::Result;
use clap::Args as ClapArgs;
use serde_json::json;

use super::Session;
use crate::project::Project;
use crate::units::Size;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// Directory of the project.
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,
    /// Build without optimisation.
    #[arg(long)]
    debug: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<()> {
    let project = Project::open(&args.directory)?;
    let file = project.build(!args.debug, session.output)?;
    let size = std::fs::metadata(&file)?.len();
    let result = json!({"function": project.name, "file": file, "size": size});
    session.output.result(
        &result,
        format!(
            "{} ({})\ndeploy it with `weft deploy {}`",
            file.display(),
            human(size),
            args.directory.display()
        ),
    )?;
    Ok(())
}

/// A size rounded to a unit people read at a glance.
pub(crate) fn human(bytes: u64) -> String {
    match bytes {
        0..1024 => Size(bytes).to_string(),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
