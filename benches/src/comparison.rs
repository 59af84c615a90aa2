//! Weft beside its peers and the limits of the machine, each at the same work in the same run.
//!
//! `cargo xtask bench peers` measures it all and writes the table and the picture of `docs/performance.md`. It fails where a peer is
//! ahead of Weft at any work.

use anyhow::Result;

use crate::Options;
use crate::page::{self, Section};

mod durable;
mod http;
mod picture;
mod starting;
mod table;
mod work;

use work::Work;

/// Measures all work and answers whether Weft is ahead in all of it.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut all = http::measure(options).await?;
        all.extend(durable::measure(options).await?);
        all.extend(starting::measure(options).await?);
        let text = table::markdown(&all, options);
        page::print(&text);
        page::write(&Section {
            name: "peers",
            text: &text,
            picture: &picture::svg(&all),
        })?;
        Ok(all.iter().all(Work::is_ahead))
    })
}
