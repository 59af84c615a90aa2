//! Every page is read from the index that is meant for it.

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqlitePool;
use sqlx::{Row, migrate::Migrator};
use uuid::Uuid;
use weft_types::{RunId, RunStatus, VersionNumber};

use super::*;
use crate::sqlite::{Database, Synced};

static SCHEMA: Migrator = sqlx::migrate!("../../migrations/sqlite/records");

async fn steps(readers: &SqlitePool, filter: &RunFilter, before: Option<RunId>) -> Vec<String> {
    let query = page(&"default".parse().unwrap(), filter, before, 50);
    let explain = format!("EXPLAIN QUERY PLAN {}", query.sql().as_str());
    let rows = sqlx::query(AssertSqlSafe(explain))
        .fetch_all(readers)
        .await
        .unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}

/// Every combination of what can be asked for.
fn filters() -> Vec<RunFilter> {
    let time = Some("2026-01-02T03:04:05Z".parse().unwrap());
    let mut all = Vec::new();
    for bits in 0..1 << 8 {
        let asked = |bit: u32| bits & (1 << bit) != 0;
        all.push(RunFilter {
            workflow: asked(0).then(|| "order".parse().unwrap()),
            version: asked(1).then_some(VersionNumber(1)),
            status: if asked(2) {
                vec![RunStatus::Failed, RunStatus::Failed]
            } else {
                Vec::new()
            },
            since: time.filter(|_| asked(3)),
            until: time.filter(|_| asked(4)),
            label: asked(5).then(|| ("stage".to_owned(), asked(0).then(|| "test".to_owned()))),
            submitter: asked(6).then(|| "anna".to_owned()),
            parent: asked(7).then_some(RunId(Uuid::nil())),
            nested: asked(1),
        });
    }
    all
}

#[tokio::test]
async fn no_page_looks_at_all_runs() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("records.db");
    let database = Database::open(path, &SCHEMA, Synced::AtCheckpoints)
        .await
        .unwrap();
    let readers = database.readers(1);
    for filter in filters() {
        for before in [None, Some(RunId(Uuid::max()))] {
            for step in steps(&readers, &filter, before).await {
                let scans = step.starts_with("SCAN") && !step.contains("page") && !step.contains("subquery");
                assert!(!scans && !step.starts_with("SCAN run"), "{filter:?}: {step}");
            }
        }
    }
}

#[tokio::test]
async fn each_filter_has_its_index() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("records.db");
    let database = Database::open(path, &SCHEMA, Synced::AtCheckpoints)
        .await
        .unwrap();
    let readers = database.readers(1);
    let none = RunFilter::default();
    for (filter, expected) in [
        (
            none.clone(),
            "run_by_status (project=? AND nested=? AND status=?)",
        ),
        (
            RunFilter {
                workflow: Some("order".parse().unwrap()),
                ..none.clone()
            },
            "run_by_workflow (project=? AND workflow=? AND nested=? AND status=?)",
        ),
        (
            RunFilter {
                submitter: Some("anna".to_owned()),
                ..none.clone()
            },
            "run_by_submitter (project=? AND submitter=? AND nested=?)",
        ),
        (
            RunFilter {
                label: Some(("stage".to_owned(), None)),
                ..none.clone()
            },
            "run_label_by_name (project=? AND name=? AND nested=?)",
        ),
        (
            RunFilter {
                label: Some(("stage".to_owned(), Some("test".to_owned()))),
                ..none.clone()
            },
            "run_label_by_value (project=? AND name=? AND value=? AND nested=?)",
        ),
        (
            RunFilter {
                parent: Some(RunId(Uuid::nil())),
                ..none
            },
            "run_by_parent (parent=?)",
        ),
    ] {
        let steps = steps(&readers, &filter, None).await;
        assert!(steps.iter().any(|step| step.contains(expected)), "{steps:#?}");
        assert!(
            !steps.iter().any(|step| step.contains("TEMP B-TREE FOR LAST")),
            "{steps:#?}"
        );
    }
}
