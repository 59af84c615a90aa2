//! What the disk itself needs.

use std::io::Write as _;
use std::time::Instant;

use anyhow::Result;

use crate::report::median;

/// The median time of an `fdatasync` behind an append of 4 KiB, in milliseconds.
pub(super) fn sync_millis() -> Result<f64> {
    let mut file = tempfile::tempfile_in("target")?;
    let mut elapsed = Vec::new();
    for _ in 0..500 {
        file.write_all(&[7; 4096])?;
        let started = Instant::now();
        file.sync_data()?;
        elapsed.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(&elapsed))
}
