//! Bar 2: large values at each level.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::json;

use super::calls::PROFILES;
use crate::Options;
use crate::connection::{Connection, post};
use crate::report::{Bound, Report, percentile};
use crate::weft::{Weft, invoke};

const OCTETS: &str = "application/octet-stream";
const LENGTH: usize = 1_000_000;
/// Calls of one round.
const CALLS: u32 = 200;

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = Weft::start().await?;
    let view = weft.api.view().with_workers();
    for profile in PROFILES {
        weft.deploy(profile, "fixtures/echo", json!({"profile": profile}))
            .await?;
        let request = post(
            &format!("{}?export=bytes", invoke(profile)),
            OCTETS,
            &vec![7; LENGTH],
        );
        let mut connection = Connection::open(weft.api.port).await?;
        let (mut p50, mut p99, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
        // The first round warms everything and is not counted.
        for round in 0..=options.rounds {
            let (mut times, before) = (Vec::new(), view.cpu_seconds()?);
            for _ in 0..CALLS {
                let begun = Instant::now();
                let answer = connection.send(&request).await?.ok()?;
                times.push(begun.elapsed().as_secs_f64() * 1e3);
                ensure!(answer.body.len() == LENGTH, "{} bytes back", answer.body.len());
            }
            if round > 0 {
                cpu.push((view.cpu_seconds()? - before) * 1e3 / f64::from(CALLS));
                p50.push(percentile(&times, 0.5));
                p99.push(percentile(&times, 0.99));
            }
        }
        let bound = match profile {
            "sandbox" => Bound::None,
            _ => Bound::AtMost(1.5),
        };
        let row = format!("{profile}: 1 MB list<u8> in and out over HTTP, p50");
        report.row(2, &row, "ms", &p50, bound);
        let row = format!("{profile}: 1 MB list<u8> in and out over HTTP, p99");
        report.row(2, &row, "ms", &p99, Bound::None);
        let row = format!("{profile}: CPU of server and workers for it");
        report.row(2, &row, "ms", &cpu, Bound::None);
    }
    Ok(())
}
