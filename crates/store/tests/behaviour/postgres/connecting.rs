//! Finding a database, and losing it.

use std::time::Duration;

use weft_function_engine::port::RegistryError;
use weft_store::{DatabaseError, OpenError, Options, PostgresOptions, Store};
use weft_workflow_engine::port::journal::{JournalError, Urgency};

use super::fencing::end_session;
use super::{Shared, execute};
use crate::Backend;
use crate::journal::{append, commit};
use crate::runs::Run;
use crate::samples::version;

async fn refused(postgres: &PostgresOptions) -> OpenError {
    let directory = tempfile::tempdir().unwrap();
    Store::open_with_postgres(directory.path(), postgres, Options::default())
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_lost_connection_ends_all_writing_until_reopened() {
    let backend = Shared::fresh().await;
    let journal = backend.journal();
    journal.recover().await.unwrap();
    let mut run = Run::started(1);
    commit(&*journal, &mut run).await;
    let acknowledged = run.frames();

    end_session(&backend.postgres, "journal").await;
    run = run.node(0, 100);
    let position = append(&*journal, &mut run, Urgency::Prompt);
    let told = journal.commit(position).await.unwrap_err().to_string();
    assert!(told.contains("has stopped taking writes, because"), "{told}");
    assert!(told.contains("the connection to the database was lost"), "{told}");
    let again = journal.append(run.entry(), Urgency::Prompt);
    assert!(matches!(again, Err(JournalError::Broken(_))), "{again:?}");
    let other = backend.registry().add_version(version("f", b"code")).await;
    assert!(matches!(other, Err(RegistryError::Store(_))), "{other:?}");
    drop(journal);

    let backend = backend.crash().await;
    let found = backend.journal().recover().await.unwrap().runs;
    assert_eq!(found, [(run.id, acknowledged)]);
    commit(&*backend.journal(), &mut Run::started(2)).await;
    let added = backend.registry().add_version(version("f", b"code")).await;
    added.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_without_its_password() {
    let nowhere = tempfile::tempdir().unwrap();
    let place = nowhere.path().display().to_string().replace('/', "%2F");
    let postgres = PostgresOptions {
        answer_within: Duration::from_secs(5),
        ..PostgresOptions::new(format!("postgres://anna:secret@{place}/runs"))
    };
    let refusal = refused(&postgres).await;
    assert!(
        matches!(refusal, OpenError::Database(DatabaseError::Failed { .. })),
        "{refusal}"
    );
    let told = refusal.to_string();
    assert!(told.contains("`runs`") && !told.contains("secret"), "{told}");
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused() {
    let backend = Shared::fresh().await;
    let postgres = backend.postgres.clone();
    backend.store.close().await;
    let later = "INSERT INTO journal_schema VALUES (99, 'later', now(), true, '', 0)";
    execute(&postgres, later).await;
    let refusal = refused(&postgres).await;
    let OpenError::Database(DatabaseError::Newer {
        found: 99, known: 1, ..
    }) = refusal
    else {
        panic!("{refusal}");
    };
}

#[tokio::test]
async fn a_changed_schema_is_refused() {
    let backend = Shared::fresh().await;
    let postgres = backend.postgres.clone();
    backend.store.close().await;
    execute(&postgres, "UPDATE records_schema SET checksum = '\\x00'").await;
    let told = refused(&postgres).await.to_string();
    assert!(told.contains("does not have a schema of this program"), "{told}");
}
