//! Definitions of workflows among what is deployed.

use std::path::Path;

use anyhow::{Context, Result};
use weft_types::FunctionName;
use weft_workflow::definition::{Bounds, read};

/// Whether a file holds a definition, by its name.
pub(crate) fn is_one(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("yaml" | "yml" | "json"))
}

/// What the workflow calls itself; none where the definition does not say, which the server tells with all that is wrong.
pub(crate) fn name(path: &Path) -> Result<Option<FunctionName>> {
    let text = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let read = read(&text, &Bounds::default());
    Ok(read.definition.and_then(|it| it.name).map(|name| name.value))
}
