//! Behaviours of retention.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use weft_store::Options;
use weft_types::{RunId, RunStatus};
use weft_workflow_engine::port::records::RunFilter;

use crate::Backend;
use crate::journal::commit;
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

/// How runs ended that it nested, or that functions started on its behalf, is asked again after a crash.
pub(crate) async fn what_an_open_run_may_ask_for_stays_with_it(backend: impl Backend) {
    let options = Options {
        retention_bytes: Some(512 << 10),
        retention_runs: Some(5),
        ..at_once()
    };
    let backend = backend.reopen_with(options).await;
    let helper = |number| {
        let run = Run::on_behalf(number, 0);
        run.node(0, 30_000).ended(RunStatus::Succeeded)
    };
    let found = async |run: RunId| {
        let found = backend.records().run(&project("default"), run).await;
        found.unwrap().is_some()
    };
    let helpers_left = async || {
        let mut left = 0;
        for number in 100..140 {
            left += u32::from(found(helper(number).id).await);
        }
        left
    };
    let left = async |numbers: RangeInclusive<u64>| {
        let mut left = Vec::new();
        for number in numbers {
            if found(id(number)).await {
                left.push(number);
            }
        }
        left
    };
    let mut open = Run::started(0);
    commit(&*backend.journal(), &mut open).await;
    run_all(&backend, (100..140).map(helper)).await;
    run_all(&backend, (1..=20).map(short)).await;
    eventually("removing", async || left(0..=20).await == [0, 16, 17, 18, 19, 20]).await;
    // Further looks, which find what is needed alone to be above the bytes and the number.
    run_all(&backend, (21..=30).map(short)).await;
    eventually("the next look", async || {
        left(0..=30).await == [0, 26, 27, 28, 29, 30]
    })
    .await;
    assert_eq!(helpers_left().await, 40);

    commit(&*backend.journal(), &mut open.ended(RunStatus::Succeeded)).await;
    eventually("removing what was needed", async || {
        helpers_left().await as usize + left(0..=30).await.len() <= 5
    })
    .await;
}
