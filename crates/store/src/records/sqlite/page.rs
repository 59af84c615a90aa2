//! Pages as SQLite wants them asked for. It is told which index to read, so that another one is an error, not a slow page.

use sqlx::{QueryBuilder, Sqlite};

use super::super::list::{Dialect, Driver};

impl Dialect for Sqlite {
    const THEN: &'static str = "CROSS JOIN";

    fn index(driver: Driver<'_>) -> &'static str {
        match driver {
            Driver::Parent(_) => "run AS i INDEXED BY run_by_parent",
            Driver::Label(_, Some(_)) => {
                "run_label AS i INDEXED BY run_label_by_value CROSS JOIN run AS r ON r.id = i.id"
            }
            Driver::Label(_, None) => {
                "run_label AS i INDEXED BY run_label_by_name CROSS JOIN run AS r ON r.id = i.id"
            }
            Driver::Submitter(_) => "run AS i INDEXED BY run_by_submitter",
            Driver::Workflow(_) => "run AS i INDEXED BY run_by_workflow",
            Driver::Status => "run AS i INDEXED BY run_by_status",
        }
    }

    fn push_number(query: &mut QueryBuilder<Self>, number: i64) {
        query.push_bind(number);
    }

    fn push_name(query: &mut QueryBuilder<Self>, name: &str) {
        query.push_bind(name.to_owned());
    }

    fn push_text(query: &mut QueryBuilder<Self>, text: &str) {
        query.push_bind(text.to_owned());
    }

    fn push_run(query: &mut QueryBuilder<Self>, run: Vec<u8>) {
        query.push_bind(run);
    }
}

#[cfg(test)]
mod tests;
