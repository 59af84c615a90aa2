//! Calls within one process, with nothing around them: what the runtime's own measurement tells.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::weft::beside;

/// Calls per second of one thread and of two, of the guest and the way to call it with which a line begins.
pub(crate) fn calls(begins: &str) -> Result<[f64; 2]> {
    let output = Command::new(beside("measure")?).arg("calls").output()?;
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().find(|line| line.starts_with(begins));
    let line = line.with_context(|| format!("no figures of {begins} in: {text}"))?;
    let rates: Vec<f64> = line
        .split_whitespace()
        .filter_map(|word| word.strip_suffix("/s")?.parse().ok())
        .collect();
    match rates.as_slice() {
        &[one, two] => Ok([one, two]),
        _ => bail!("odd figures: {line}"),
    }
}
