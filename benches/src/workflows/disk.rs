//! What the disk itself needs.

use std::io::Write as _;
use std::time::Instant;

use anyhow::Result;

use crate::report::percentile;

/// Enough for a percentile of 99.
const SYNCS: usize = 2000;

/// Milliseconds of an `fdatasync` behind an append of 4 KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sync {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Sync {
    pub(crate) fn measure() -> Result<Self> {
        let mut file = tempfile::tempfile_in("target")?;
        let mut elapsed = Vec::with_capacity(SYNCS);
        for _ in 0..SYNCS {
            file.write_all(&[7; 4096])?;
            let started = Instant::now();
            file.sync_data()?;
            elapsed.push(started.elapsed().as_secs_f64() * 1e3);
        }
        Ok(Self {
            p50: percentile(&elapsed, 0.5),
            p99: percentile(&elapsed, 0.99),
        })
    }
}
