//! Bar 4: byte lists of 1 MB and 64 MB in and out.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::Options;
use crate::connection::{Connection, post};
use crate::report::{Bound, Report};
use crate::weft::{Weft, invoke};

const OCTETS: &str = "application/octet-stream";

pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let weft = Weft::start().await?;
    let limits =
        json!({"limits": {"input-bytes": 80 << 20, "output-bytes": 80 << 20, "memory-bytes": 256 << 20}});
    weft.deploy("bytes", "fixtures/echo", limits).await?;
    let path = format!("{}?export=bytes", invoke("bytes"));
    // Before anything large: what a server keeps of one body for the next counts as well.
    let idle = weft.api.bytes("status", "VmRSS")?;

    let request = post(&path, OCTETS, &vec![7; 1_000_000]);
    let mut connection = Connection::open(weft.api.port).await?;
    let mut micros = Vec::new();
    for _ in 0..options.rounds {
        let calls = 200;
        let before = weft.api.view().cpu_seconds()?;
        for _ in 0..calls {
            let answer = connection.send(&request).await?.ok()?;
            ensure!(
                answer.body.len() == 1_000_000,
                "got {} bytes back",
                answer.body.len()
            );
        }
        micros.push((weft.api.view().cpu_seconds()? - before) * 1e3 / f64::from(calls));
    }
    report.row(
        4,
        "server CPU time of 1 MB list<u8> in and out",
        "ms",
        &micros,
        Bound::AtMost(1.0),
    );

    let body = 64 << 20;
    let request = post(&path, OCTETS, &vec![7; body]);
    let mut shares = Vec::new();
    for _ in 0..options.rounds {
        weft.api.reset_peak()?;
        let answer = connection.send(&request).await?.ok()?;
        ensure!(answer.body.len() == body, "got {} bytes back", answer.body.len());
        shares.push((weft.api.bytes("status", "VmHWM")? - idle) / body as f64);
    }
    report.row(
        4,
        "peak memory of 64 MB list<u8> in and out : body",
        "×",
        &shares,
        Bound::AtMost(3.0),
    );
    Ok(())
}
