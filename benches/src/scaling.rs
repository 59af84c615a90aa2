//! How figures change with connections, nodes, functions and open runs.
//!
//! `cargo xtask bench scaling` measures the curves and writes them to `docs/performance.md`, as tables and as a picture.

use anyhow::Result;

use crate::Options;
use crate::page::{self, Section};

mod connections;
mod curve;
mod functions;
mod nodes;
mod open_runs;
mod picture;

/// Measures all curves.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut all = connections::measure(options).await?;
        all.push(nodes::measure(options).await?);
        all.extend(functions::measure(options).await?);
        all.extend(open_runs::measure(options).await?);
        let text = curve::markdown(&all, options);
        page::print(&text);
        page::write(&Section {
            name: "scaling",
            text: &text,
            picture: &picture::svg(&all),
        })?;
        Ok(true)
    })
}
