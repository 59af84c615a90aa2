//! Every page is read from the index that is meant for it, once there are enough runs for it to matter.

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Connection};
use uuid::Uuid;
use weft_types::RunId;
use weft_workflow_engine::port::records::RunFilter;

use super::super::super::list::Page;
use super::super::super::list::samples::{driven, filters};
use super::super::read::{CANDIDATES, OPEN_BYTES};
use crate::postgres::testing::fresh;
use crate::postgres::{Role, Server};

static SCHEMA: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/postgres/records");

/// Many runs, as they are in the middle of a server's life.
const RUNS: &str = "
    INSERT INTO run
    SELECT n, decode(lpad(to_hex(n * 1000), 32, '0'), 'hex'), 'default',
           CASE n % 8 WHEN 0 THEN 'order' ELSE 'flow-' || n % 8 END, 1 + n % 2,
           CASE n % 50 WHEN 0 THEN 4 ELSE 3 END, CASE n % 5 WHEN 0 THEN 1 ELSE 0 END,
           CASE n % 5 WHEN 0 THEN decode(lpad(to_hex(n / 100), 32, '0'), 'hex') END,
           convert_to(CASE n % 16 WHEN 0 THEN 'anna' ELSE 'user-' || n % 16 END, 'UTF8'), n, n, '\\x00'
    FROM generate_series(1, 20000) AS n";
const LABELS: &str = "
    INSERT INTO run_label
    SELECT id, 'stage', convert_to(CASE id % 10 WHEN 0 THEN 'test' ELSE 'live-' || id % 10 END, 'UTF8'), project, nested, run
    FROM run WHERE id % 3 = 0";

async fn filled() -> PgPool {
    let server = Server::new(&fresh()).unwrap();
    let mut connection = server.connect(Role::Claim).await.unwrap();
    server.prepare(&mut connection).await.unwrap();
    server.migrate(&mut connection, "records", &SCHEMA).await.unwrap();
    for statement in [RUNS, LABELS, "ANALYZE run", "ANALYZE run_label"] {
        execute(&mut connection, statement).await;
    }
    connection.close().await.unwrap();
    server.readers(1, false)
}

async fn execute(connection: &mut PgConnection, statement: &'static str) {
    sqlx::query(statement).execute(connection).await.unwrap();
}

/// What PostgreSQL is going to do, line by line.
async fn steps(readers: &PgPool, filter: &RunFilter, before: Option<RunId>) -> Vec<String> {
    let page = Page {
        project: &"default".parse().unwrap(),
        filter,
        before,
        limit: 50,
    };
    let mut query = page.query::<sqlx::Postgres>();
    let mut explain = sqlx::QueryBuilder::with_arguments(
        format!("EXPLAIN {}", query.sql().as_str()),
        sqlx::Execute::take_arguments(&mut query.build())
            .unwrap()
            .unwrap(),
    );
    explain.build_query_scalar().fetch_all(readers).await.unwrap()
}

#[tokio::test]
async fn no_page_looks_at_all_runs() {
    let readers = filled().await;
    for filter in filters() {
        for before in [None, Some(RunId(Uuid::max()))] {
            let steps = steps(&readers, &filter, before).await;
            assert!(
                !steps.iter().any(|step| step.contains("Seq Scan")),
                "{filter:?}: {steps:#?}"
            );
        }
    }
}

#[tokio::test]
async fn retention_enters_the_index_at_open_runs() {
    let readers = filled().await;
    let candidates = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN {CANDIDATES}")));
    let candidates = candidates.bind(0_i64).bind(500_i64);
    let steps: Vec<String> = candidates.fetch_all(&readers).await.unwrap();
    assert!(
        steps
            .iter()
            .any(|step| step.contains("using run_by_status on run kin")),
        "{steps:#?}"
    );
    let bytes = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN {OPEN_BYTES}"))).bind(24_i32);
    let steps: Vec<String> = bytes.fetch_all(&readers).await.unwrap();
    assert!(
        steps.iter().any(|step| step.contains("using run_run_key on run")),
        "{steps:#?}"
    );
}

#[tokio::test]
async fn each_filter_has_its_index() {
    let readers = filled().await;
    for (filter, index) in driven() {
        let steps = steps(&readers, &filter, None).await;
        let backward = format!("Index Scan Backward using {index} ");
        let used = |step: &String| {
            step.contains(&backward) || step.contains(&backward.replace("Index Scan", "Index Only Scan"))
        };
        assert!(steps.iter().any(used), "{index}: {steps:#?}");
    }
}
