//! A database that goes away and comes back, or loses a connection.

use weft_store::{Options, PostgresOptions};
use weft_types::RunStatus;
use weft_workflow_engine::port::journal::{Hold, JournalError, Urgency};
use weft_workflow_engine::port::records::RecordsError;

use super::fencing::end_session;
use super::relay::{Lost, Relay};
use super::{Shared, execute, fresh};
use crate::journal::{append, commit};
use crate::runs::Run;
use crate::samples::project;
use crate::trimming::eventually;
use crate::{Backend, small};

/// A store that reaches its database through a relay, and the database as it is.
async fn relayed(options: Options) -> (Shared, Relay, PostgresOptions) {
    let direct = fresh();
    let relay = Relay::start(&direct.url).await;
    let through = PostgresOptions {
        url: relay.url.clone(),
        ..direct.clone()
    };
    let backend = Shared::open(tempfile::tempdir().unwrap(), through, options).await;
    backend.journal().recover().await.unwrap();
    (backend, relay, direct)
}

/// Has the database go away, and waits until that is known.
async fn away(backend: &Shared, relay: &Relay) {
    relay.set_there(false);
    let journal = backend.journal();
    eventually("it is known to be away", async || {
        journal.held() == Some(Hold::DatabaseAway)
    })
    .await;
}

async fn back(backend: &Shared, relay: &Relay) {
    relay.set_there(true);
    let journal = backend.journal();
    eventually("it is known to be back", async || journal.held().is_none()).await;
}

#[tokio::test]
async fn what_became_of_a_commit_that_was_cut_off_is_found_out() {
    for lost in [Lost::Request, Lost::Answer] {
        let (backend, relay, _) = relayed(small()).await;
        let journal = backend.journal();
        let mut run = Run::started(1);
        commit(&*journal, &mut run).await;
        run = run.node(0, 100);
        relay.lose(lost);
        let position = append(&*journal, &mut run, Urgency::Prompt);
        // The database is there: nobody has to be told.
        journal.commit(position).await.unwrap();
        assert!(relay.has_lost(), "{lost:?}");
        run = run.node(1, 100);
        commit(&*journal, &mut run).await;
        drop(journal);

        let backend = backend.crash().await;
        let found = backend.journal().recover().await.unwrap().runs;
        assert_eq!(found, [(run.id, run.frames())], "{lost:?}");
    }
}

#[tokio::test]
async fn while_the_database_is_away_nothing_is_taken_and_nothing_is_lost() {
    let (backend, relay, _) = relayed(small()).await;
    let (journal, records, default) = (backend.journal(), backend.records(), project("default"));
    let mut run = Run::started(1);
    let position = commit(&*journal, &mut run).await;
    assert!(records.settled(position).await);

    relay.set_there(false);
    run = run.node(0, 100);
    let position = append(&*journal, &mut run, Urgency::Prompt);
    let held = Err(JournalError::Held(Hold::DatabaseAway));
    assert_eq!(journal.commit(position).await, held);
    assert_eq!(journal.held(), Some(Hold::DatabaseAway));
    assert_eq!(journal.commit(position).await, held);
    let refused = journal.append(Run::started(2).entry(), Urgency::Prompt);
    assert_eq!(refused.map(drop), held);
    assert!(!records.settled(position).await);
    assert_eq!(records.run(&default, run.id).await, Err(RecordsError::Away));
    let delete = records.delete(&default, run.id).await;
    assert_eq!(delete, Err(RecordsError::Away));

    back(&backend, &relay).await;
    journal.commit(position).await.unwrap();
    run = run.ended(RunStatus::Succeeded);
    let position = commit(&*journal, &mut run).await;
    assert!(records.settled(position).await);
    assert_eq!(records.run(&default, run.id).await, Ok(Some(run.record())));
}

#[tokio::test]
async fn a_connection_that_is_lost_is_made_anew() {
    let backend = Shared::fresh().await;
    let (journal, records, default) = (backend.journal(), backend.records(), project("default"));
    journal.recover().await.unwrap();
    let mut run = Run::started(1);
    let position = commit(&*journal, &mut run).await;
    assert!(records.settled(position).await);
    for role in ["journal", "records", "claim"] {
        end_session(&backend.postgres, role).await;
    }
    run = run.node(0, 100).ended(RunStatus::Succeeded);
    let position = commit(&*journal, &mut run).await;
    let express = Run::started(7).ended(RunStatus::Succeeded);
    records.keep(express.express());
    assert!(records.settled(position).await);
    assert_eq!(records.run(&default, run.id).await, Ok(Some(run.record())));
    let found = records.run(&default, express.id).await.unwrap().unwrap();
    assert_eq!(found, *express.express().record);
}

#[tokio::test]
async fn who_was_superseded_while_the_database_was_away_writes_nothing() {
    let (stale, relay, direct) = relayed(small()).await;
    let mut run = Run::started(1);
    commit(&*stale.journal(), &mut run).await;
    away(&stale, &relay).await;
    let later = Shared::open(tempfile::tempdir().unwrap(), direct, small()).await;
    let found = later.journal().recover().await.unwrap().runs;
    assert_eq!(found, [(run.id, run.frames())]);
    relay.set_there(true);
    let journal = stale.journal();
    eventually("it is known to be superseded", async || {
        matches!(
            journal.append(Run::started(2).entry(), Urgency::Prompt),
            Err(JournalError::Broken(why)) if why.contains("opened by another server")
        )
    })
    .await;
    commit(&*later.journal(), &mut Run::started(3)).await;
}

#[tokio::test]
async fn a_database_that_comes_back_without_what_it_acknowledged_is_not_written() {
    let (backend, relay, direct) = relayed(untrimmed()).await;
    let journal = backend.journal();
    commit(&*journal, &mut Run::started(1)).await;
    away(&backend, &relay).await;
    let last = "DELETE FROM journal WHERE lsn = (SELECT max(lsn) FROM journal)";
    assert_eq!(execute(&direct, last).await, 1);
    relay.set_there(true);
    eventually("that is noticed", async || {
        matches!(
            journal.append(Run::started(2).entry(), Urgency::Prompt),
            Err(JournalError::Broken(why)) if why.contains("had acknowledged it up to row 1")
        )
    })
    .await;
}

#[tokio::test]
async fn records_that_a_crash_took_are_made_again_from_the_journal() {
    let (backend, relay, direct) = relayed(untrimmed()).await;
    let (journal, records, default) = (backend.journal(), backend.records(), project("default"));
    let mut kept = Run::started(1);
    let position = commit(&*journal, &mut kept).await;
    assert!(records.settled(position).await);
    let mut taken = Run::started(2);
    commit(&*journal, &mut taken).await;
    taken = taken.ended(RunStatus::Succeeded);
    let position = commit(&*journal, &mut taken).await;
    assert!(records.settled(position).await);

    away(&backend, &relay).await;
    // As if the transactions behind the first one had never been.
    for statement in [
        "DELETE FROM run WHERE id = 2",
        "DELETE FROM history WHERE piece >= 2::bigint << 24",
        "UPDATE applied SET lsn = 1",
    ] {
        assert!(execute(&direct, statement).await > 0, "{statement}");
    }
    back(&backend, &relay).await;
    assert!(records.settled(position).await);
    assert_eq!(records.run(&default, taken.id).await, Ok(Some(taken.record())));
    kept = kept.ended(RunStatus::Succeeded);
    let position = commit(&*journal, &mut kept).await;
    assert!(records.settled(position).await);
    assert_eq!(records.run(&default, kept.id).await, Ok(Some(kept.record())));
    let history = records.history(taken.id, None, usize::MAX).await.unwrap();
    let frames: Vec<u8> = history.into_iter().flat_map(|(_, frames)| frames).collect();
    assert_eq!(frames, taken.frames(), "each event once");
}

/// Trims nothing during a test.
fn untrimmed() -> Options {
    Options {
        checkpoint_bytes: u64::MAX,
        ..small()
    }
}
