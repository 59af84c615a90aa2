//! Pages as PostgreSQL wants them asked for. It chooses the index by itself, among those that are in order.

use sqlx::{Postgres, QueryBuilder};

use super::super::list::{Dialect, Driver};

impl Dialect for Postgres {
    const THEN: &'static str = "JOIN";

    fn index(driver: Driver<'_>) -> &'static str {
        match driver {
            Driver::Label(..) => "run_label AS i JOIN run AS r ON r.id = i.id",
            Driver::Parent(_) | Driver::Submitter(_) | Driver::Workflow(_) | Driver::Status => "run AS i",
        }
    }

    fn push_number(query: &mut QueryBuilder<Self>, number: i64) {
        query.push_bind(number);
    }

    fn push_name(query: &mut QueryBuilder<Self>, name: &str) {
        query.push_bind(name);
    }

    fn push_text(query: &mut QueryBuilder<Self>, text: &str) {
        query.push_bind(text.as_bytes());
    }

    fn push_run(query: &mut QueryBuilder<Self>, run: Vec<u8>) {
        query.push_bind(run);
    }
}

#[cfg(test)]
mod tests;
