//! Runs in PostgreSQL, each test in a schema of its own.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use weft_store::{Options, PostgresOptions, Store};

use crate::{Accident, Backend, Table, behaviours_of_runs, small, suite};

mod away;
mod bytes;
mod connecting;
mod fencing;
mod relay;

/// Says where the tests find a database in which they may do as they like.
const URL: &str = "WEFT_TEST_POSTGRES";

struct Shared {
    directory: tempfile::TempDir,
    postgres: PostgresOptions,
    store: Store,
}

/// A schema that no other test has, and that is not there yet.
fn fresh() -> PostgresOptions {
    let Ok(url) = std::env::var(URL) else {
        panic!(
            "these tests need PostgreSQL: `cargo xtask postgres cargo test -p weft-store` runs them beside a server of their \
             own (`cargo xtask test` does so by itself); or {URL}=postgres://… names a database to be used"
        );
    };
    PostgresOptions {
        schema: format!("test_{}", uuid::Uuid::now_v7().simple()),
        ..PostgresOptions::new(url)
    }
}

impl Shared {
    async fn open(directory: tempfile::TempDir, postgres: PostgresOptions, options: Options) -> Self {
        let store = Store::open_with_postgres(directory.path(), &postgres, options)
            .await
            .unwrap();
        Self {
            directory,
            postgres,
            store,
        }
    }
}

impl Backend for Shared {
    async fn fresh() -> Self {
        Self::open(tempfile::tempdir().unwrap(), fresh(), small()).await
    }

    async fn reopen_with(self, options: Options) -> Self {
        self.store.close().await;
        Self::open(self.directory, self.postgres, options).await
    }

    async fn crash(self) -> Self {
        drop(self.store);
        Self::open(self.directory, self.postgres, small()).await
    }

    async fn reopen_after(self, accident: Accident) -> Self {
        self.store.close().await;
        match accident {
            Accident::Damaged { table, column } => damage(&self.postgres, table, column).await,
            Accident::JournalLost => {
                execute(&self.postgres, "TRUNCATE journal, open_run, key").await;
                execute(&self.postgres, "UPDATE progress SET epoch = 0, trimmed = 0").await;
            }
        }
        Self::open(self.directory, self.postgres, small()).await
    }

    async fn rows(&self, table: &'static str) -> i64 {
        let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        sqlx::query_scalar(count)
            .fetch_one(&mut connect(&self.postgres).await)
            .await
            .unwrap()
    }

    fn store(&self) -> &Store {
        &self.store
    }
}

async fn connect(postgres: &PostgresOptions) -> PgConnection {
    let options: sqlx::postgres::PgConnectOptions = postgres.url.parse().unwrap();
    let options = options.options([("search_path", &postgres.schema)]);
    PgConnection::connect_with(&options).await.unwrap()
}

/// Executes a statement; answers how many rows it changed.
async fn execute(postgres: &PostgresOptions, statement: &str) -> u64 {
    let mut connection = connect(postgres).await;
    let done = sqlx::query(AssertSqlSafe(statement.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    done.rows_affected()
}

async fn damage(postgres: &PostgresOptions, table: Table, column: &str) {
    let (table, middle) = (table.name(), format!("octet_length({column}) / 2"));
    let damaged = format!("set_byte({column}, {middle}, get_byte({column}, {middle}) # 1)");
    let changed = execute(postgres, &format!("UPDATE {table} SET {column} = {damaged}")).await;
    assert!(changed > 0);
}

behaviours_of_runs!(Shared);
