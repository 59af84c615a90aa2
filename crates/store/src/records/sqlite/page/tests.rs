//! Every page is read from the index that is meant for it.

use std::path::Path;

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqlitePool;
use sqlx::{Row, migrate::Migrator};
use uuid::Uuid;
use weft_types::RunId;
use weft_workflow_engine::port::records::RunFilter;

use super::super::super::list::Page;
use super::super::super::list::samples::{driven, filters};
use super::super::read::{CANDIDATES, OPEN_BYTES};
use crate::sqlite::{Database, Synced};

static SCHEMA: Migrator = sqlx::migrate!("../../migrations/sqlite/records");

async fn steps(readers: &SqlitePool, filter: &RunFilter, before: Option<RunId>) -> Vec<String> {
    let page = Page {
        project: &"default".parse().unwrap(),
        filter,
        before,
        limit: 50,
    };
    let query = page.query::<sqlx::Sqlite>();
    let explain = format!("EXPLAIN QUERY PLAN {}", query.sql().as_str());
    let rows = sqlx::query(AssertSqlSafe(explain))
        .fetch_all(readers)
        .await
        .unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}

/// Readers of records that are empty.
async fn opened(directory: &Path) -> SqlitePool {
    let path = directory.join("records.db");
    let database = Database::open(path, &SCHEMA, Synced::AtCheckpoints).await;
    database.unwrap().readers(1)
}

#[tokio::test]
async fn no_page_looks_at_all_runs() {
    let directory = tempfile::tempdir().unwrap();
    let readers = opened(directory.path()).await;
    for filter in filters() {
        for before in [None, Some(RunId(Uuid::max()))] {
            for step in steps(&readers, &filter, before).await {
                let scans = step.starts_with("SCAN") && !step.contains("page") && !step.contains("part");
                assert!(!scans && !step.starts_with("SCAN run"), "{filter:?}: {step}");
            }
        }
    }
}

#[tokio::test]
async fn retention_enters_the_index_at_open_runs() {
    let directory = tempfile::tempdir().unwrap();
    let readers = opened(directory.path()).await;
    for (statement, expected) in [
        (
            CANDIDATES,
            "SEARCH kin USING COVERING INDEX run_by_status (project=? AND nested=? AND status=? AND run>? AND run<?)",
        ),
        (
            OPEN_BYTES,
            "SEARCH run USING COVERING INDEX sqlite_autoindex_run_1 (run>? AND run<?)",
        ),
    ] {
        let explain = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")));
        let rows = explain.bind(0).bind(500).fetch_all(&readers).await.unwrap();
        let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        assert!(steps.iter().any(|step| step == expected), "{steps:#?}");
        assert!(
            !steps.iter().any(|step| step.starts_with("SCAN run")),
            "{steps:#?}"
        );
    }
}

#[tokio::test]
async fn each_filter_has_its_index() {
    let directory = tempfile::tempdir().unwrap();
    let readers = opened(directory.path()).await;
    for (filter, index) in driven() {
        let equal = match index {
            "run_by_status" => "project=? AND nested=? AND status=?",
            "run_by_workflow" => "project=? AND workflow=? AND nested=? AND status=?",
            "run_by_submitter" => "project=? AND submitter=? AND nested=?",
            "run_label_by_name" => "project=? AND name=? AND nested=?",
            "run_label_by_value" => "project=? AND name=? AND value=? AND nested=?",
            _ => "parent=?",
        };
        let expected = format!("{index} ({equal})");
        let steps = steps(&readers, &filter, None).await;
        assert!(steps.iter().any(|step| step.contains(&expected)), "{steps:#?}");
        assert!(
            !steps.iter().any(|step| step.contains("TEMP B-TREE FOR LAST")),
            "{steps:#?}"
        );
    }
}
