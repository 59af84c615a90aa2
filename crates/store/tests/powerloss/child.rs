//! The process that works under the library: this test program itself, told what to do by its surroundings.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use weft_powerloss::{Recorder, START, mark_own};

use crate::workload::{REPLACED, Server, code};
use crate::{faults, verdict};

/// What the process shall do.
const PART: &str = "WEFT_STORE_TEST_PART";
/// Where it keeps its data.
const DATA: &str = "WEFT_STORE_TEST_DATA";

/// A process that is to do `part`, under the library.
pub(crate) fn command(recorder: &Recorder, part: &str, data: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["child::work", "--exact", "--nocapture"])
        .env(PART, part)
        .env(DATA, data);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    recorder.watch(&mut command).unwrap();
    command
}

/// Alone, without a part to do, it does all of them in turn, and what is there at the end is as promised.
#[tokio::test]
async fn work() {
    if let (Some(part), Some(data)) = (env::var_os(PART), env::var_os(DATA)) {
        return run(part.to_str().unwrap_or_default(), Path::new(&data)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    for part in ["live", "replace", "finish"] {
        run(part, &data).await;
    }
    verdict::judge(&data, &crate::ledger::Ledger::default())
        .await
        .unwrap();
}

async fn run(part: &str, data: &Path) {
    mark_own(START).unwrap();
    match part {
        "live" => live(data).await,
        "replace" => replace(data, b"compiled a third time").await,
        "finish" => replace(data, b"compiled a last time").await,
        "serve" => faults::serve(data).await,
        other => panic!("there is no part `{other}`"),
    }
}

async fn live(data: &Path) {
    let server = Server::open(data).await;
    server.live().await.unwrap();
    server.close().await;
}

async fn replace(data: &Path, compiled: &[u8]) {
    let server = Server::open(data).await;
    server.compile(&code(0), REPLACED, compiled).await.unwrap();
    server.close().await;
}
