//! What the records count themselves to take, which retention goes by.

use weft_store::Options;
use weft_types::RunStatus;

use super::{Shared, connect};
use crate::Backend;
use crate::retention::listed;
use crate::runs::{Run, id};
use crate::samples::project;
use crate::trimming::{at_once, eventually, run_all, short};

/// What is counted, and what there is: histories, and a KiB for each run.
async fn counted(backend: &Shared) -> (i64, i64) {
    const COUNTED: &str = "SELECT bytes,
        ((SELECT coalesce(sum(octet_length(frames)), 0) FROM history) + (SELECT 1024 * count(*) FROM run))::bigint
        FROM applied";
    let mut connection = connect(&backend.postgres).await;
    sqlx::query_as(COUNTED).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn bytes_are_counted_as_they_come_and_go() {
    let backend = Shared::fresh().await;
    assert_eq!(counted(&backend).await, (0, 0));
    let mut long = Run::started(0);
    for node in 0..5 {
        run_all(&backend, std::iter::once(long.clone())).await;
        long.entry();
        long = long.node(node, 5000);
    }
    run_all(&backend, (1..50).map(short)).await;
    let (bytes, there) = counted(&backend).await;
    assert_eq!(bytes, there);
    assert!(bytes > 50 * 2000, "{bytes}");

    let deleted = backend.records().delete(&project("default"), id(7)).await;
    assert_eq!(deleted, Ok(true));
    let (fewer, there) = counted(&backend).await;
    assert_eq!(fewer, there);
    assert!(fewer < bytes);

    let options = Options {
        retention_runs: Some(3),
        ..at_once()
    };
    let backend = backend.reopen_with(options).await;
    run_all(
        &backend,
        std::iter::once(Run::started(90).ended(RunStatus::Failed)),
    )
    .await;
    eventually("removing", async || listed(&backend).await.len() == 4).await;
    let (few, there) = counted(&backend).await;
    assert_eq!(few, there);
    assert!(few < fewer / 2);
}
