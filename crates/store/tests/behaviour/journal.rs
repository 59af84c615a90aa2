//! Behaviours of journals.

use std::task::{Context, Waker};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use weft_types::{Digest, RunId, RunStatus};
use weft_workflow::frame::Reader;
use weft_workflow_engine::port::journal::{Entry, Journal, Key, Position, Urgency};

use crate::Backend;
use crate::runs::Run;
use crate::samples::{function, project};

/// Appends what happened in a run since the last time.
pub(crate) fn append(journal: &dyn Journal, run: &mut Run, urgency: Urgency) -> Position {
    journal.append(run.entry(), urgency).unwrap()
}

/// And waits until it is committed.
pub(crate) async fn commit(journal: &dyn Journal, run: &mut Run) -> Position {
    let position = append(journal, run, Urgency::Prompt);
    journal.commit(position).await.unwrap();
    position
}

async fn recovered(backend: &impl Backend) -> Vec<(RunId, Bytes)> {
    backend.journal().recover().await.unwrap().runs
}

fn keyed(mut entry: Entry, key: &str, expires_at: Timestamp) -> Entry {
    entry.key = Some(Key {
        project: project("default"),
        workflow: function("order"),
        key: key.to_owned(),
        request: Digest::of(key.as_bytes()),
        run: entry.run,
        expires_at,
    });
    entry
}

fn in_an_hour() -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(1)
}

pub(crate) async fn an_empty_journal_recovers_nothing(backend: impl Backend) {
    let journal = backend.journal();
    let found = journal.recover().await.unwrap();
    assert!(found.runs.is_empty() && found.keys.is_empty());
    assert_eq!(journal.committed(), Position(0));
    journal.commit(Position(0)).await.unwrap();
}

pub(crate) async fn what_is_committed_survives_a_crash(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let (mut first, mut second) = (Run::started(1), Run::started(2));
    commit(&*journal, &mut second).await;
    commit(&*journal, &mut first).await;
    second = second.node(0, 100).node(1, 0);
    commit(&*journal, &mut second).await;
    drop(journal);

    let backend = backend.crash().await;
    let oldest_first = [(second.id, second.frames()), (first.id, first.frames())];
    assert_eq!(recovered(&backend).await, oldest_first);
}

pub(crate) async fn positions_ascend_and_commits_cover_all_before(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let mut run = Run::started(1);
    let mut last = journal.committed();
    for node in 0..10 {
        let position = append(&*journal, &mut run, Urgency::Lazy);
        assert!(position > last);
        last = position;
        run = run.node(node, 10);
    }
    journal.commit(last).await.unwrap();
    assert!(journal.committed() >= last);
    for number in 1..=last.0 {
        journal.commit(Position(number)).await.unwrap();
    }
}

pub(crate) async fn lazy_entries_ride_with_a_prompt_one(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let (mut lazy, mut prompt) = (Run::started(1), Run::started(2));
    let before = append(&*journal, &mut lazy, Urgency::Lazy);
    commit(&*journal, &mut prompt).await;
    assert!(journal.committed() >= before);
    drop(journal);
    assert_eq!(recovered(&backend.crash().await).await.len(), 2);
}

pub(crate) async fn lazy_entries_are_committed_though_nobody_waits(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    // Twice: the writer rests in another way once it had something to do.
    for number in 0..2 {
        let mut run = Run::started(number);
        let position = append(&*journal, &mut run, Urgency::Lazy);
        backend.records().settled(position).await;
        assert!(journal.committed() >= position);
    }
}

pub(crate) async fn closed_runs_are_not_recovered(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let mut at_once = Run::started(1).ended(RunStatus::Succeeded);
    let mut later = Run::started(2);
    let mut open = Run::started(3);
    for run in [&mut at_once, &mut later, &mut open] {
        commit(&*journal, run).await;
    }
    later = later.node(0, 10).ended(RunStatus::Failed);
    commit(&*journal, &mut later).await;
    drop(journal);

    let backend = backend.crash().await;
    assert_eq!(recovered(&backend).await, [(open.id, open.frames())]);
}

pub(crate) async fn runs_go_on_after_every_crash(mut backend: impl Backend) {
    let mut run = Run::started(1);
    for node in 0..5 {
        let journal = backend.journal();
        let found = journal.recover().await.unwrap().runs;
        let expected = if node == 0 {
            Vec::new()
        } else {
            vec![(run.id, run.frames())]
        };
        assert_eq!(found, expected);
        run = run.node(node, 50);
        commit(&*journal, &mut run).await;
        drop(journal);
        backend = backend.crash().await;
    }
}

pub(crate) async fn what_was_lost_is_a_tail(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let mut run = Run::started(1);
    for node in 0..2000 {
        append(&*journal, &mut run, Urgency::Lazy);
        run = run.node(node, 1000);
        // The writer is at work while more comes.
        tokio::task::yield_now().await;
    }
    let committed = journal.committed().0 as usize;
    drop(journal);

    let backend = backend.crash().await;
    let found = recovered(&backend).await;
    let frames = found.first().map_or(Bytes::new(), |(_, frames)| frames.clone());
    assert!(run.frames().starts_with(&frames));
    // The first entry has two.
    let entries = Reader::of(run.id, 0, frames).count().saturating_sub(1);
    assert!(entries >= committed, "{entries} < {committed}");
}

pub(crate) async fn a_long_open_run_survives_among_many_closed_ones(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let mut long = Run::started(0);
    let mut position = commit(&*journal, &mut long).await;
    for number in 1..600 {
        let mut short = Run::started(number).node(0, 2000).ended(RunStatus::Succeeded);
        append(&*journal, &mut short, Urgency::Lazy);
        if number % 20 == 0 {
            long = long.node(number as u32, 100);
            position = commit(&*journal, &mut long).await;
            backend.records().settled(position).await;
        }
    }
    backend.records().settled(position).await;
    drop(journal);

    let mut backend = backend.crash().await;
    assert_eq!(recovered(&backend).await, [(long.id, long.frames())]);
    long = long.ended(RunStatus::Succeeded);
    let journal = backend.journal();
    commit(&*journal, &mut long).await;
    drop(journal);
    backend = backend.reopen().await;
    assert_eq!(recovered(&backend).await, []);
}

pub(crate) async fn many_appenders_are_served_at_once(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let appenders: Vec<_> = (0..200)
        .map(|number| {
            let journal = journal.clone();
            tokio::spawn(async move {
                let mut run = Run::started(number);
                for node in 0..5 {
                    commit(&*journal, &mut run).await;
                    run = run.node(node, 100);
                }
                commit(&*journal, &mut run).await;
                (run.id, run.frames())
            })
        })
        .collect();
    let mut expected = Vec::new();
    for appender in appenders {
        expected.push(appender.await.unwrap());
    }
    drop(journal);

    let backend = backend.crash().await;
    let mut found = recovered(&backend).await;
    found.sort_by_key(|(run, _)| *run);
    assert_eq!(found, expected);
}

pub(crate) async fn a_waiter_that_goes_away_leaves_nothing(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let mut run = Run::started(1);
    let position = append(&*journal, &mut run, Urgency::Lazy);
    {
        let mut waiting = std::pin::pin!(journal.commit(position));
        let mut context = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
    }
    run = run.node(0, 10);
    let later = append(&*journal, &mut run, Urgency::Lazy);
    journal.commit(later).await.unwrap();
    drop(journal);
    assert_eq!(recovered(&backend.crash().await).await, [(run.id, run.frames())]);
}

pub(crate) async fn keys_are_durable_with_their_entry(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let mut run = Run::started(1);
    let entry = keyed(run.entry(), "größer", in_an_hour());
    let key = entry.key.clone();
    let position = journal.append(entry, Urgency::Prompt).unwrap();
    journal.commit(position).await.unwrap();
    // The key outlives the run.
    run = run.ended(RunStatus::Succeeded);
    commit(&*journal, &mut run).await;
    drop(journal);

    let backend = backend.crash().await;
    let found = backend.journal().recover().await.unwrap();
    assert_eq!(found.keys, Vec::from_iter(key));
    assert!(found.runs.is_empty());
}

pub(crate) async fn keys_outlive_what_they_came_with(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let mut run = Run::started(0).ended(RunStatus::Succeeded);
    let entry = keyed(run.entry(), "k", in_an_hour());
    let key = entry.key.clone();
    journal.append(entry, Urgency::Lazy).unwrap();
    pass(&backend, 1..400).await;
    drop(journal);

    let backend = backend.crash().await;
    assert_eq!(
        backend.journal().recover().await.unwrap().keys,
        Vec::from_iter(key)
    );
}

pub(crate) async fn expired_keys_are_forgotten(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let (mut expired, mut fresh) = (Run::started(1), Run::started(2));
    let past = Timestamp::now() - SignedDuration::from_secs(1);
    for entry in [
        keyed(expired.entry(), "old", past),
        keyed(fresh.entry(), "new", in_an_hour()),
    ] {
        let position = journal.append(entry, Urgency::Prompt).unwrap();
        journal.commit(position).await.unwrap();
    }
    pass(&backend, 3..400).await;
    drop(journal);

    let backend = backend.crash().await;
    let keys = backend.journal().recover().await.unwrap().keys;
    let found: Vec<_> = keys.iter().map(|key| key.key.as_str()).collect();
    assert_eq!(found, ["new"]);
}

pub(crate) async fn a_later_key_takes_the_place_of_an_earlier_one(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let (mut earlier, mut later) = (Run::started(1), Run::started(2));
    for entry in [earlier.entry(), later.entry()] {
        let position = journal
            .append(keyed(entry, "k", in_an_hour()), Urgency::Prompt)
            .unwrap();
        journal.commit(position).await.unwrap();
    }
    drop(journal);
    let backend = backend.crash().await;
    let keys = backend.journal().recover().await.unwrap().keys;
    assert_eq!(keys.iter().map(|key| key.run).collect::<Vec<_>>(), [later.id]);
}

pub(crate) async fn large_entries_pass(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let mut run = Run::started(1).node(0, 5 << 20);
    commit(&*journal, &mut run).await;
    run = run.node(1, 10);
    commit(&*journal, &mut run).await;
    drop(journal);
    assert_eq!(recovered(&backend.crash().await).await, [(run.id, run.frames())]);
}

/// Lets so many short runs pass that what came before them may be trimmed.
pub(crate) async fn pass(backend: &impl Backend, numbers: std::ops::Range<u64>) {
    let journal = backend.journal();
    for number in numbers {
        let mut run = Run::started(number).node(0, 2000).ended(RunStatus::Succeeded);
        let position = append(&*journal, &mut run, Urgency::Lazy);
        if number % 20 == 0 {
            backend.records().settled(position).await;
        }
    }
}
