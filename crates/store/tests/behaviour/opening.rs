//! Opening a directory: only one server at a time, and none older than its data. And sweeping, which is for start-up.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;

use bytes::Bytes;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use weft_function_engine::port::{Artifacts, Registry, RegistryError};
use weft_store::{DatabaseError, OpenError, Options, Store, Swept};
use weft_types::Digest;
use weft_workflow_engine::port::journal::Journal;
use weft_workflow_engine::port::records::Records;

use crate::journal::commit;
use crate::runs::Run;
use crate::samples::version;

#[tokio::test]
async fn two_servers_never_share_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).await.unwrap();
    let refusal = Store::open(directory.path(), Options::default())
        .await
        .unwrap_err();
    let told = refusal.to_string();
    assert!(
        told.contains(&format!("in use by process {}", std::process::id())),
        "{told}"
    );

    store.close().await;
    Store::open(directory.path(), Options::default()).await.unwrap();
}

#[tokio::test]
async fn nobody_else_may_look_into_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("made/by/us");
    Store::open(&data, Options::default())
        .await
        .unwrap()
        .close()
        .await;
    for made in [&data, &data.join("artifacts"), &directory.path().join("made")] {
        let mode = std::fs::metadata(made).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", made.display());
    }
}

#[tokio::test]
async fn data_of_a_newer_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    Store::open(directory.path(), Options::default())
        .await
        .unwrap()
        .close()
        .await;
    let path = directory.path().join("weft.db");
    alter(
        &path,
        "INSERT INTO _sqlx_migrations VALUES (99, 'later', 'now', 1, x'00', 0)",
    )
    .await;

    let refusal = Store::open(directory.path(), Options::default())
        .await
        .unwrap_err();
    let OpenError::Database(DatabaseError::Newer {
        found: 99, known: 8, ..
    }) = refusal
    else {
        panic!("{refusal}");
    };
}

#[tokio::test]
async fn a_changed_schema_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    Store::open(directory.path(), Options::default())
        .await
        .unwrap()
        .close()
        .await;
    alter(
        &directory.path().join("kv.db"),
        "UPDATE _sqlx_migrations SET checksum = x'00'",
    )
    .await;

    let refusal = Store::open(directory.path(), Options::default())
        .await
        .unwrap_err();
    assert!(
        refusal
            .to_string()
            .contains("kv.db` does not have a schema of this program"),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("weft.db"), [7; 8192]).unwrap();
    let refusal = Store::open(directory.path(), Options::default())
        .await
        .unwrap_err();
    assert!(
        matches!(refusal, OpenError::Database(DatabaseError::Failed { .. })),
        "{refusal}"
    );
    assert!(refusal.to_string().contains("weft.db"), "{refusal}");
}

#[tokio::test]
async fn a_damaged_file_is_refused_where_that_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).await.unwrap();
    let journal = store.journal();
    journal.recover().await.unwrap();
    let position = commit(&*journal, &mut Run::started(1)).await;
    store.records().settled(position).await;
    store.close().await;
    let path = directory.path().join("records.db");
    let mut bytes = std::fs::read(&path).unwrap();
    // The cells of the pages behind the first: the schema stays readable.
    for page in bytes.chunks_mut(4096).skip(1) {
        page[..64].fill(0x55);
    }
    std::fs::write(&path, bytes).unwrap();
    let options = Options {
        check_integrity: true,
        ..Options::default()
    };
    let refusal = Store::open(directory.path(), options).await.unwrap_err();
    assert!(refusal.to_string().contains("records.db"), "{refusal}");
    assert!(
        matches!(
            refusal,
            OpenError::Database(DatabaseError::Damaged { .. } | DatabaseError::Failed { .. })
        ),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).await.unwrap();
    let registry = store.registry();
    store.close().await;
    let refusal = registry.add_version(version("f", b"a")).await.unwrap_err();
    assert!(
        matches!(&refusal, RegistryError::Store(told) if told == "the store is closed"),
        "{refusal}"
    );
}

#[tokio::test]
async fn sweeping_removes_only_what_nobody_refers_to() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).await.unwrap();
    for code in [b"used", b"gone", b"back"] {
        keep(&*store.artifacts(), code).await;
    }
    store.close().await;

    let store = Store::open(directory.path(), Options::default()).await.unwrap();
    let artifacts = store.artifacts();
    // Uploaded once more, and not in the registry yet.
    keep(&*artifacts, b"back").await;
    keep(&*artifacts, b"new").await;
    let swept = artifacts
        .sweep(HashSet::from([Digest::of(b"used")]))
        .await
        .unwrap();
    assert_eq!(swept, Swept { code: 1, compiled: 1 });

    for (code, there) in [
        (b"used".as_slice(), true),
        (b"gone", false),
        (b"back", true),
        (b"new", true),
    ] {
        assert_eq!(artifacts.code(Digest::of(code)).is_some(), there);
        assert_eq!(artifacts.compiled(Digest::of(code), "v1").is_some(), there);
    }
    assert_eq!(
        artifacts.sweep(HashSet::new()).await.unwrap(),
        Swept::default(),
        "only what was there at start"
    );
}

async fn keep(artifacts: &dyn Artifacts, code: &'static [u8]) {
    let mut receiving = artifacts.receive(100).await.unwrap();
    receiving.write(Bytes::from_static(code)).await.unwrap();
    let stored = receiving.finish().await.unwrap();
    artifacts.keep(&stored).await.unwrap();
    let compiled = artifacts.scratch().unwrap();
    std::fs::write(&compiled, code).unwrap();
    artifacts
        .keep_compiled(stored.digest, "v1", &compiled)
        .await
        .unwrap();
}

async fn alter(path: &std::path::Path, statement: &'static str) {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
