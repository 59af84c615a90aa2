//! Finding a database.

use std::time::Duration;

use weft_store::{DatabaseError, OpenError, Options, PostgresOptions, Store};

use super::{Shared, execute};
use crate::Backend;

async fn refused(postgres: &PostgresOptions) -> OpenError {
    let directory = tempfile::tempdir().unwrap();
    Store::open_with_postgres(directory.path(), postgres, Options::default())
        .await
        .unwrap_err()
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
        found: 99, known: 2, ..
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
