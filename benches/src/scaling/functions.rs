//! One to ten thousand functions of code of their own, called in turns.

use anyhow::Result;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::curve::Curve;
use crate::Options;
use crate::connection::{Connection, post};
use crate::report::note;
use crate::weft::{Weft, distinct, invoke, read_guest};

const AT: [u32; 6] = [1, 10, 100, 1_000, 4_000, 10_000];
/// Calls of a round, at least; each function is called once before.
const CALLS: usize = 10_000;
/// Uploads at once.
const UPLOADS: usize = 4;
const ADD: &[u8] = br#"{"a":1,"b":2}"#;

pub(super) async fn measure(options: &Options) -> Result<Vec<Curve>> {
    note("1 to 10,000 functions: uploading the last takes minutes");
    let mut weft = Weft::start().await?;
    let code = read_guest("fixtures/arith")?;
    let (mut cpu, mut ready, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    let mut there = 0;
    for at in AT {
        let uploads = (there..at).map(|n| {
            let (weft, code) = (&weft, &code);
            async move { weft.put(&name(n), distinct(code, u64::from(n))).await }
        });
        futures_util::stream::iter(uploads)
            .buffer_unordered(UPLOADS)
            .try_collect::<()>()
            .await?;
        there = at;
        let requests: Vec<Vec<u8>> = (0..at)
            .map(|n| post(&invoke(&name(n)), "application/json", ADD))
            .collect();
        let mut of = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..options.rounds {
            let (restarted, millis) = weft.restart().await?;
            weft = restarted;
            let [cpu, megabytes] = called(&weft, &requests).await?;
            for (figures, figure) in of.iter_mut().zip([cpu, millis, megabytes]) {
                figures.push(figure);
            }
        }
        let [of_cpu, of_ready, of_memory] = of;
        cpu.push((at, [of_cpu]));
        ready.push((at, [of_ready]));
        memory.push((at, [of_memory]));
    }
    let over = "functions";
    Ok(vec![
        Curve::new(
            "CPU in µs of a call, in turns over all",
            over,
            ["the server"],
            &cpu,
        ),
        Curve::new("ms from a restart to ready", over, ["the server"], &ready),
        Curve::new(
            "MB of anonymous memory, all called",
            over,
            ["the server"],
            &memory,
        ),
    ])
}

/// Calls each once, then all in turns: the CPU of such a call, and what memory is needed then.
async fn called(weft: &Weft, requests: &[Vec<u8>]) -> Result<[f64; 2]> {
    let mut connection = Connection::open(weft.api.port).await?;
    for request in requests {
        connection.send(request).await?.ok()?;
    }
    let calls = CALLS.max(requests.len());
    let before = weft.api.view().cpu_seconds()?;
    for request in requests.iter().cycle().take(calls) {
        connection.send(request).await?.ok()?;
    }
    let used = weft.api.view().cpu_seconds()? - before;
    Ok([used * 1e6 / calls as f64, weft.api.anonymous()? / 1e6])
}

fn name(n: u32) -> String {
    format!("f-{n}")
}
