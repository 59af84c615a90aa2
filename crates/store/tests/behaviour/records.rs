//! Behaviours of records.

use std::collections::BTreeMap;

use bytes::BytesMut;
use weft_types::{RunId, RunStatus, VersionNumber};
use weft_workflow::record::RunRecord;
use weft_workflow_engine::port::journal::Urgency;
use weft_workflow_engine::port::records::{Records, RunFilter};

use crate::Backend;
use crate::journal::{append, commit};
use crate::runs::{Like, Run, id, time};
use crate::samples::{function, project};

/// Appends what happened in runs, and waits until the records have it.
pub(crate) async fn settle(backend: &impl Backend, runs: &mut [Run]) {
    let journal = backend.journal();
    let mut last = journal.committed();
    for run in runs {
        last = append(&*journal, run, Urgency::Lazy);
    }
    backend.records().settled(last).await;
}

async fn found(backend: &impl Backend, run: RunId) -> Option<RunRecord> {
    backend.records().run(&project("default"), run).await.unwrap()
}

async fn page(records: &dyn Records, filter: &RunFilter, before: Option<RunId>, limit: usize) -> Vec<RunId> {
    let page = records
        .list(&project("default"), filter, before, limit)
        .await
        .unwrap();
    page.iter().map(|record| record.run).collect()
}

/// The run that is listed first.
pub(crate) async fn newest(backend: &impl Backend) -> Option<RunId> {
    page(&*backend.records(), &RunFilter::default(), None, 1)
        .await
        .first()
        .copied()
}

pub(crate) async fn records_are_folded_from_events(backend: impl Backend) {
    let mut runs = [
        Run::started(1),
        Run::started(2).node(0, 10).ended(RunStatus::Failed),
    ];
    settle(&backend, &mut runs).await;
    for run in &runs {
        assert_eq!(found(&backend, run.id).await, Some(run.record()));
    }
    assert_eq!(found(&backend, id(3)).await, None);
    assert_eq!(backend.records().run(&project("other"), id(1)).await, Ok(None));
}

pub(crate) async fn records_follow_their_run(backend: impl Backend) {
    let mut run = Run::started(1);
    for node in 0..3 {
        settle(&backend, std::slice::from_mut(&mut run)).await;
        assert_eq!(found(&backend, run.id).await, Some(run.record()));
        run = run.node(node, 100);
    }
    run = run.ended(RunStatus::Succeeded);
    settle(&backend, std::slice::from_mut(&mut run)).await;
    assert_eq!(found(&backend, run.id).await, Some(run.record()));
}

pub(crate) async fn records_catch_up_after_a_crash(mut backend: impl Backend) {
    let mut run = Run::started(0);
    for number in 1..6 {
        let journal = backend.journal();
        journal.recover().await.unwrap();
        run = run.node(number as u32, 100);
        let mut other = Run::started(number).ended(RunStatus::Succeeded);
        commit(&*journal, &mut run).await;
        commit(&*journal, &mut other).await;
        drop(journal);
        backend = backend.crash().await;
    }
    let mut last = [Run::started(6)];
    settle(&backend, &mut last).await;
    assert_eq!(found(&backend, run.id).await, Some(run.record()));
    assert_eq!(history(&backend, run.id).await, run.frames());
    let all = page(&*backend.records(), &RunFilter::default(), None, 100).await;
    assert_eq!(all, (0..=6).rev().map(id).collect::<Vec<_>>());
}

pub(crate) async fn nothing_that_was_told_is_missed_after_a_crash(mut backend: impl Backend) {
    for number in 1..20 {
        let journal = backend.journal();
        journal.recover().await.unwrap();
        let mut run = Run::started(number).node(0, 100).ended(RunStatus::Succeeded);
        commit(&*journal, &mut run).await;
        drop(journal);
        backend = backend.crash().await;
        // Whoever asks at once waits for what the journal has from before.
        let committed = backend.journal().committed();
        assert!(backend.records().settled(committed).await);
        assert_eq!(found(&backend, run.id).await, Some(run.record()));
    }
}

pub(crate) async fn records_of_open_runs_go_on_after_reopening(backend: impl Backend) {
    let mut run = Run::started(1).node(0, 10);
    settle(&backend, std::slice::from_mut(&mut run)).await;
    let backend = backend.reopen().await;
    assert_eq!(found(&backend, run.id).await, Some(run.record()));
    run = run.node(1, 10).ended(RunStatus::Succeeded);
    settle(&backend, std::slice::from_mut(&mut run)).await;
    assert_eq!(found(&backend, run.id).await, Some(run.record()));
    assert_eq!(history(&backend, run.id).await, run.frames());
}

async fn history(backend: &impl Backend, run: RunId) -> BytesMut {
    let (mut all, mut after) = (BytesMut::new(), None);
    loop {
        let pieces = backend.records().history(run, after, 300).await.unwrap();
        let Some((last, _)) = pieces.last() else {
            return all;
        };
        after = Some(*last);
        pieces
            .iter()
            .for_each(|(_, frames)| all.extend_from_slice(frames));
    }
}

pub(crate) async fn history_is_read_in_pieces(backend: impl Backend) {
    let mut run = Run::started(1);
    for node in 0..20 {
        settle(&backend, std::slice::from_mut(&mut run)).await;
        run = run.node(node, 100);
    }
    settle(&backend, std::slice::from_mut(&mut run)).await;
    assert_eq!(history(&backend, run.id).await, run.frames());
    let records = backend.records();
    let first = records.history(run.id, None, 1).await.unwrap();
    assert_eq!(first.len(), 1, "at least one, whatever is asked for");
    let all = records.history(run.id, None, usize::MAX).await.unwrap();
    assert!(all.is_sorted_by(|left, right| left.0 < right.0), "{all:?}");
    assert_eq!(records.history(run.id, Some(u64::MAX), 1).await.unwrap(), []);
    assert_eq!(records.history(id(9), None, 1).await.unwrap(), []);
}

pub(crate) async fn lists_are_paged_newest_first(backend: impl Backend) {
    let mut runs: Vec<_> = (0..25).map(Run::started).collect();
    settle(&backend, &mut runs).await;
    let records = backend.records();
    let (mut all, mut before) = (Vec::<RunId>::new(), None);
    loop {
        let next = page(&*records, &RunFilter::default(), before, 10).await;
        all.extend(&next);
        before = next.last().copied();
        if next.len() < 10 {
            break;
        }
    }
    assert_eq!(all, (0..25).rev().map(id).collect::<Vec<_>>());
    assert_eq!(page(&*records, &RunFilter::default(), None, 0).await, []);
    let other = records
        .list(&project("other"), &RunFilter::default(), None, 10)
        .await;
    assert_eq!(other, Ok(Vec::new()));
}

pub(crate) async fn nested_runs_are_listed_on_request(backend: impl Backend) {
    let nested = |number, parent| {
        let parent = Some(id(parent));
        Run::like(
            number,
            Like {
                parent,
                ..Like::default()
            },
        )
    };
    let mut runs = [
        Run::started(0),
        nested(1, 0),
        nested(2, 0),
        Run::started(3),
        nested(4, 3),
    ];
    settle(&backend, &mut runs).await;
    let records = backend.records();
    let filter = RunFilter::default();
    assert_eq!(page(&*records, &filter, None, 10).await, [id(3), id(0)]);
    let filter = RunFilter {
        nested: true,
        ..RunFilter::default()
    };
    assert_eq!(page(&*records, &filter, None, 3).await, [id(4), id(3), id(2)]);
    let filter = RunFilter {
        parent: Some(id(0)),
        ..RunFilter::default()
    };
    assert_eq!(page(&*records, &filter, None, 10).await, [id(2), id(1)]);
}

/// Draws from few values, so that filters meet.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) % sides
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.roll(3) == 0).then(|| value(self))
    }

    fn workflow(&mut self) -> weft_types::FunctionName {
        function(["order", "notify", "resize"][self.roll(3) as usize])
    }

    fn status(&mut self) -> RunStatus {
        const ALL: [RunStatus; 6] = [
            RunStatus::Running,
            RunStatus::Paused,
            RunStatus::Succeeded,
            RunStatus::Failed,
            RunStatus::Cancelled,
            RunStatus::TimedOut,
        ];
        ALL[self.roll(6) as usize]
    }

    fn label(&mut self) -> (String, String) {
        (format!("l{}", self.roll(2)), format!("v{}", self.roll(2)))
    }

    fn run(&mut self, number: u64) -> Run {
        let like = Like {
            project: project(if self.roll(10) == 0 { "other" } else { "default" }),
            workflow: self.workflow(),
            version: 1 + self.roll(2) as u32,
            submitter: format!("s{}", self.roll(2)),
            labels: BTreeMap::from_iter((0..self.roll(3)).map(|_| self.label())),
            parent: self.maybe(|dice| id(dice.roll(number.max(1)))),
        };
        let run = Run::like(number, like).node(0, 10);
        match self.status() {
            RunStatus::Waiting | RunStatus::Running => run,
            RunStatus::Paused => run.paused(),
            closed => run.ended(closed),
        }
    }

    fn filter(&mut self, runs: u64) -> RunFilter {
        RunFilter {
            workflow: self.maybe(Self::workflow),
            version: self.maybe(|dice| VersionNumber(1 + dice.roll(2) as u32)),
            status: (0..self.roll(3)).map(|_| self.status()).collect(),
            since: self.maybe(|dice| time(dice.roll(runs))),
            until: self.maybe(|dice| time(dice.roll(runs))),
            label: self.maybe(|dice| {
                let (name, value) = dice.label();
                (name, dice.maybe(|_| value))
            }),
            submitter: self.maybe(|dice| format!("s{}", dice.roll(2))),
            parent: self.maybe(|dice| id(dice.roll(runs / 10))),
            nested: self.roll(2) == 0,
        }
    }
}

/// What a filter means, said once more in plain words.
fn passes(record: &RunRecord, filter: &RunFilter) -> bool {
    let parent = match &record.trigger {
        weft_workflow::event::Trigger::Parent { run, .. } => Some(*run),
        _ => None,
    };
    let label = |(name, value): &(String, Option<String>)| {
        let found = record.labels.get(name);
        found.is_some_and(|found| value.as_ref().is_none_or(|value| value == found))
    };
    record.project == project("default")
        && filter
            .workflow
            .as_ref()
            .is_none_or(|workflow| *workflow == record.workflow)
        && filter.version.is_none_or(|version| version == record.version)
        && (filter.status.is_empty() || filter.status.contains(&record.status))
        && filter.since.is_none_or(|since| record.created_at >= since)
        && filter.until.is_none_or(|until| record.created_at < until)
        && filter.label.as_ref().is_none_or(label)
        && filter
            .submitter
            .as_ref()
            .is_none_or(|submitter| *submitter == record.submitter)
        && match filter.parent {
            Some(_) => filter.parent == parent,
            None => filter.nested || parent.is_none(),
        }
}

pub(crate) async fn filters_mean_what_they_say(backend: impl Backend) {
    const RUNS: u64 = 300;
    let mut dice = Dice(1);
    let mut runs: Vec<_> = (0..RUNS).map(|number| dice.run(number)).collect();
    settle(&backend, &mut runs).await;
    let records = backend.records();
    let newest_first: Vec<_> = runs.iter().rev().map(Run::record).collect();
    let mut nonempty = 0;
    for _ in 0..400 {
        let filter = dice.filter(RUNS);
        let before = dice.maybe(|dice| id(dice.roll(RUNS)));
        let limit = 1 + dice.roll(40) as usize;
        let expected: Vec<_> = newest_first
            .iter()
            .filter(|record| before.is_none_or(|before| record.run < before) && passes(record, &filter))
            .take(limit)
            .cloned()
            .collect();
        nonempty += usize::from(!expected.is_empty());
        let found = records
            .list(&project("default"), &filter, before, limit)
            .await
            .unwrap();
        assert_eq!(found, expected, "{filter:?} before {before:?}, {limit} at most");
    }
    assert!(nonempty > 100, "only {nonempty} filters let anything pass");
}

pub(crate) async fn express_runs_are_kept(backend: impl Backend) {
    let run = Run::started(1).ended(RunStatus::Succeeded);
    let express = run.express();
    let records = backend.records();
    records.keep(express.clone());
    // Nothing is journalled, and yet it is waited for.
    assert!(records.settled(backend.journal().committed()).await);
    assert_eq!(found(&backend, run.id).await.as_ref(), Some(&*express.record));
    settle(&backend, &mut [Run::started(2)]).await;
    assert_eq!(history(&backend, run.id).await, run.frames());
    assert_eq!(
        page(&*records, &RunFilter::default(), None, 9).await,
        [id(2), id(1)]
    );
}

pub(crate) async fn only_closed_runs_are_deleted(backend: impl Backend) {
    let mut runs = [
        Run::started(1),
        Run::started(2).ended(RunStatus::Failed),
        Run::started(3).paused(),
    ];
    settle(&backend, &mut runs).await;
    let records = backend.records();
    let default = project("default");
    for (run, deleted) in [(1, false), (3, false), (9, false), (2, true), (2, false)] {
        assert_eq!(records.delete(&default, id(run)).await, Ok(deleted), "run {run}");
    }
    assert_eq!(found(&backend, id(2)).await, None);
    assert_eq!(records.history(id(2), None, 1000).await, Ok(Vec::new()));
    assert_eq!(
        page(&*records, &RunFilter::default(), None, 9).await,
        [id(3), id(1)]
    );
    drop(records);

    let backend = backend.crash().await;
    assert_eq!(found(&backend, id(2)).await, None, "not even after a crash");
}

pub(crate) async fn a_run_is_deleted_in_its_project(backend: impl Backend) {
    let mut runs = [Run::started(1).ended(RunStatus::Failed)];
    settle(&backend, &mut runs).await;
    assert_eq!(
        backend.records().delete(&project("other"), id(1)).await,
        Ok(false)
    );
    assert!(found(&backend, id(1)).await.is_some());
}

pub(crate) async fn any_text_is_kept_and_found(backend: impl Backend) {
    // Zeros, what only looks like an escape, and the longest there are.
    let texts = [
        "a\0b".to_owned(),
        "größer\\x00".to_owned(),
        "%_'\"$1".to_owned(),
        "\u{10ffff}".repeat(64),
        String::new(),
    ];
    let runs = texts.iter().enumerate().map(|(number, text)| {
        let like = Like {
            submitter: text.clone(),
            labels: BTreeMap::from([("l".to_owned(), text.clone()), (text.clone(), "v".to_owned())]),
            ..Like::default()
        };
        Run::like(number as u64, like)
    });
    settle(&backend, &mut runs.collect::<Vec<_>>()).await;
    for (number, text) in texts.iter().enumerate() {
        let label = |name: &str, value: Option<&str>| RunFilter {
            label: Some((name.to_owned(), value.map(str::to_owned))),
            ..RunFilter::default()
        };
        let submitter = RunFilter {
            submitter: Some(text.clone()),
            ..RunFilter::default()
        };
        for filter in [submitter, label("l", Some(text)), label(text, None)] {
            let found = page(&*backend.records(), &filter, None, 9).await;
            assert_eq!(found, [id(number as u64)], "{filter:?}");
        }
    }
}
