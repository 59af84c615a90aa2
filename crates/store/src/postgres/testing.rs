//! A database for tests.

use super::PostgresOptions;

/// A schema that no other test has, and that is not there yet.
pub(crate) fn fresh() -> PostgresOptions {
    const URL: &str = "WEFT_TEST_POSTGRES";
    let Ok(url) = std::env::var(URL) else {
        panic!(
            "this test needs PostgreSQL: `cargo xtask postgres cargo test -p weft-store` runs it beside a server of its own \
             (`cargo xtask test` does so by itself); or {URL}=postgres://… names a database to be used"
        );
    };
    PostgresOptions {
        schema: format!("test_{}", uuid::Uuid::now_v7().simple()),
        ..PostgresOptions::new(url)
    }
}
