//! Runs beside up to 100,000 others that are open and wait for an event.

use anyhow::Result;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::curve::Curve;
use crate::Options;
use crate::connection::{Connection, post};
use crate::report::note;
use crate::weft::{Weft, function, invoke};
use crate::workflows::{ARGUMENTS, CONNECTIONS, deploy_chains};
use crate::wrk::{Request, load};

const AT: [u32; 6] = [1, 10, 100, 1_000, 10_000, 100_000];
/// Connections over which they are started.
const STARTERS: u32 = 32;

/// A run that stays open.
const WAITING: &str = "workflow: waiting
input: { n: u32 }
nodes:
  event: { wait: \"u32\" }
output: $event
";

pub(super) async fn measure(options: &Options) -> Result<Vec<Curve>> {
    note("runs beside 1 to 100,000 open ones");
    let mut weft = Weft::start().await?;
    deploy_chains(&weft).await?;
    weft.save("waiting", WAITING.to_owned()).await?;
    let (mut runs, mut ready, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    let mut open = 0;
    for at in AT {
        start(weft.api.port, at - open).await?;
        open = at;
        let mut of = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..options.rounds {
            let (restarted, millis) = weft.restart().await?;
            weft = restarted;
            let request = Request::post(&invoke("five"), ARGUMENTS);
            let rate = load(&weft.api.view(), &request, CONNECTIONS, options.seconds)?.rate;
            let figures = [rate, millis, weft.api.anonymous()? / 1e6];
            for (all, figure) in of.iter_mut().zip(figures) {
                all.push(figure);
            }
        }
        let [of_runs, of_ready, of_memory] = of;
        runs.push((at, [of_runs]));
        ready.push((at, [of_ready]));
        memory.push((at, [of_memory]));
    }
    let over = "open runs";
    Ok(vec![
        Curve::new(
            "durable runs of 5 nodes per second beside them",
            over,
            ["the server"],
            &runs,
        ),
        Curve::new("ms from a restart to ready", over, ["the server"], &ready),
        Curve::new("MB of anonymous memory", over, ["the server"], &memory),
    ])
}

/// Starts so many runs that wait.
async fn start(port: u16, count: u32) -> Result<()> {
    let path = format!("{}/runs", function("waiting"));
    let request = post(&path, "application/json", ARGUMENTS.as_bytes());
    let starters = (0..STARTERS).map(|starter| {
        let request = &request;
        async move {
            let mut connection = Connection::open(port).await?;
            let share = count / STARTERS + u32::from(starter < count % STARTERS);
            for _ in 0..share {
                connection.send(request).await?.ok()?;
            }
            anyhow::Ok(())
        }
    });
    futures_util::stream::iter(starters)
        .buffer_unordered(STARTERS as usize)
        .try_collect::<()>()
        .await
}
