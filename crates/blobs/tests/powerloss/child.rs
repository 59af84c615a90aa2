//! The process that works under the library: this test program itself, told what to do by its surroundings.

use std::env;
use std::path::Path;
use std::process::Command;

use weft_powerloss::{Recorder, START, mark_own};

use crate::workload::Server;
use crate::{faults, verdict};

/// What the process shall do.
const PART: &str = "WEFT_BLOBS_TEST_PART";
/// Where it keeps its blobs.
const DATA: &str = "WEFT_BLOBS_TEST_DATA";

/// A process that is to do `part`, under the library.
pub(crate) fn command(recorder: &Recorder, part: &str, data: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["child::work", "--exact", "--nocapture"])
        .env(PART, part)
        .env(DATA, data);
    recorder.watch(&mut command).unwrap();
    command
}

/// Alone, without a part to do, it lives and goes on, and what is there at the end is as promised.
#[tokio::test]
async fn work() {
    if let (Some(part), Some(data)) = (env::var_os(PART), env::var_os(DATA)) {
        return run(part.to_str().unwrap_or_default(), Path::new(&data)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("blobs");
    for part in ["live", "ask"] {
        run(part, &data).await;
    }
    let nothing_promised = crate::ledger::Ledger::default();
    verdict::judge(&data, &nothing_promised).await.unwrap();
}

async fn run(part: &str, data: &Path) {
    mark_own(START).unwrap();
    match part {
        "live" => live(data).await,
        "ask" => ask(data).await,
        "fill" => faults::fill(data).await,
        "break-names" => faults::break_names(data).await,
        "break-data" => faults::break_data(data).await,
        other => panic!("there is no part `{other}`"),
    }
}

async fn live(data: &Path) {
    let server = Server::open(data).await;
    server.live().await;
    server.close().await;
}

async fn ask(data: &Path) {
    let server = Server::open(data).await;
    server.ask().await;
    server.close().await;
}
