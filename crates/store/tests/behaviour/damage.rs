//! Behaviours of what is not as it was written.

use weft_types::RunStatus;
use weft_workflow_engine::port::journal::{JournalError, Urgency};
use weft_workflow_engine::port::records::{RecordsError, RunFilter};

use crate::journal::commit;
use crate::runs::{Run, id};
use crate::samples::project;
use crate::{Accident, Backend, Table};

/// An open and a closed run.
async fn fill(backend: &impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    for mut run in [Run::started(1), Run::started(2).ended(RunStatus::Succeeded)] {
        let position = commit(&*journal, &mut run).await;
        backend.records().settled(position).await;
    }
}

pub(crate) async fn a_damaged_journal_says_which_row(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    // So little that nothing is trimmed.
    commit(&*journal, &mut Run::started(1)).await;
    drop(journal);
    let accident = Accident::Damaged {
        table: Table::Journal,
        column: "data",
    };
    let backend = backend.reopen_after(accident).await;
    let refusal = backend.journal().recover().await.unwrap_err();
    let JournalError::Damaged(told) = &refusal else {
        panic!("{refusal:?}");
    };
    assert_eq!(
        told,
        "row 1 of table `journal` cannot be read: its bytes do not match their checksum"
    );
}

pub(crate) async fn a_run_without_its_beginning_keeps_no_other_from_being_recovered(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let mut headless = Run::started(1);
    headless.entry();
    let (mut headless, mut whole) = (headless.node(0, 10), Run::started(2));
    let tail = headless.entry();
    journal.append(tail.clone(), Urgency::Lazy).unwrap();
    commit(&*journal, &mut whole).await;
    let recovered = journal.recover().await.unwrap();
    assert_eq!(
        recovered.runs,
        [(id(1), tail.frames), (id(2), whole.frames())],
        "whoever reads the frames of the first sees what is missing"
    );
}

pub(crate) async fn damaged_records_are_told_from_missing_ones(backend: impl Backend) {
    fill(&backend).await;
    let mut backend = backend;
    for (table, column) in [(Table::Run, "record"), (Table::History, "frames")] {
        backend = backend.reopen_after(Accident::Damaged { table, column }).await;
    }
    let (records, default) = (backend.records(), project("default"));
    let damaged = |error: RecordsError| matches!(error, RecordsError::Damaged(_));
    assert!(damaged(records.run(&default, id(2)).await.unwrap_err()));
    assert!(damaged(records.history(id(2), None, 1000).await.unwrap_err()));
    let list = records.list(&default, &RunFilter::default(), None, 9).await;
    assert!(damaged(list.unwrap_err()));
    assert_eq!(records.run(&default, id(3)).await, Ok(None));
}

pub(crate) async fn a_damaged_record_ends_the_projection_of_no_other_run(backend: impl Backend) {
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let mut damaged = Run::started(1);
    let position = commit(&*journal, &mut damaged).await;
    backend.records().settled(position).await;
    let accident = Accident::Damaged {
        table: Table::Run,
        column: "record",
    };
    let backend = backend.reopen_after(accident).await;
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let mut damaged = damaged.node(0, 10);
    commit(&*journal, &mut damaged).await;
    let mut other = Run::started(2);
    let position = commit(&*journal, &mut other).await;

    let records = backend.records();
    records.settled(position).await;
    let found = records.run(&project("default"), id(2)).await;
    assert_eq!(found, Ok(Some(other.record())));
    assert_eq!(backend.store().records().gauges().skipped, 1);
}
