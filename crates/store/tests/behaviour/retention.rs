//! Behaviours of retention.

use jiff::{SignedDuration, Timestamp};
use weft_store::Options;
use weft_types::RunStatus;
use weft_workflow_engine::port::records::RunFilter;

use crate::Backend;
use crate::runs::{Run, id, time};
use crate::samples::project;
use crate::trimming::{at_once, eventually, run_all, short};

pub(crate) async fn listed(backend: &impl Backend) -> Vec<u64> {
    let filter = RunFilter::default();
    let records = backend.records();
    let page = records
        .list(&project("default"), &filter, None, 1000)
        .await
        .unwrap();
    let number = |run| (0..1000).find(|&number| id(number) == run).unwrap();
    page.iter().map(|record| number(record.run)).collect()
}

pub(crate) async fn too_many_closed_runs_make_room_oldest_first(backend: impl Backend) {
    let options = Options {
        retention_runs: Some(5),
        ..at_once()
    };
    let backend = backend.reopen_with(options).await;
    let runs = (0..40).map(|number| match number {
        3 => Run::started(number),
        4 => Run::started(number).paused(),
        _ => short(number),
    });
    run_all(&backend, runs).await;
    let kept = [39, 38, 37, 36, 35, 4, 3];
    eventually("removing", async || listed(&backend).await == kept).await;
    let history = backend.records().history(id(30), None, 100).await.unwrap();
    assert!(history.is_empty());
}

pub(crate) async fn what_ended_too_long_ago_is_removed(backend: impl Backend) {
    // The runs say when they ended: in between two of them.
    let age = Timestamp::now().duration_since(time(10)) - SignedDuration::from_millis(500);
    let options = Options {
        retention_age: Some(age.unsigned_abs()),
        ..at_once()
    };
    let backend = backend.reopen_with(options).await;
    let runs = (0..20).map(|number| {
        if number == 3 {
            Run::started(number)
        } else {
            short(number)
        }
    });
    run_all(&backend, runs).await;
    let kept: Vec<_> = (10..20).rev().chain([3]).collect();
    // A slow test may see one more become old.
    eventually("removing", async || {
        let found = listed(&backend).await;
        found.len() <= kept.len() && found.last() == Some(&3)
    })
    .await;
}

pub(crate) async fn records_keep_to_their_bytes(backend: impl Backend) {
    let options = Options {
        retention_bytes: Some(512 << 10),
        ..at_once()
    };
    let backend = backend.reopen_with(options).await;
    let large = |number| Run::started(number).node(0, 30_000).ended(RunStatus::Succeeded);
    run_all(&backend, (0..60).map(large)).await;
    eventually("removing", async || listed(&backend).await.len() < 20).await;
}

pub(crate) async fn what_open_runs_take_removes_no_closed_ones(backend: impl Backend) {
    let options = Options {
        retention_bytes: Some(512 << 10),
        retention_runs: Some(5),
        ..at_once()
    };
    let backend = backend.reopen_with(options).await;
    let open = (0..40).map(|number| Run::started(number).node(0, 30_000));
    run_all(&backend, open.chain((40..60).map(short))).await;
    let kept: Vec<_> = (55..60).rev().chain((0..40).rev()).collect();
    eventually("removing what is too many", async || {
        listed(&backend).await.len() <= kept.len()
    })
    .await;
    // Further looks, which find the open runs alone to be above the bytes.
    run_all(&backend, (60..70).map(short)).await;
    let kept: Vec<_> = (65..70).rev().chain((0..40).rev()).collect();
    eventually("the next look", async || listed(&backend).await == kept).await;
}
