//! Which database, and how long it may take.

use std::fmt;
use std::time::Duration;

use crate::database::DatabaseError;

/// Where runs are kept in PostgreSQL, version 13 or later.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:5432/database?sslmode=verify-full`, with the parameters that libpq has. Without
    /// `sslmode` the connection is encrypted where the server can, and its certificate is not looked at. `verify-full` takes
    /// certificates that the web's authorities have signed, and those signed by the ones in the file `sslrootcert`.
    pub url: String,
    /// The schema that holds the tables, by default `weft`; made where it is missing. One server has it at a time.
    pub schema: String,
    /// How long opening waits for another server to let go of the schema. The default of 15 s is longer than PostgreSQL takes to
    /// notice that a machine has gone.
    pub patience: Duration,
    /// How long PostgreSQL may take to answer before a connection is given up, by default 60 s.
    pub answer_within: Duration,
}

/// The longest name that PostgreSQL does not cut, less what is added to it in the names of sessions.
const MAX_SCHEMA: usize = 50;

impl PostgresOptions {
    /// The database at `url`, and otherwise the defaults.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: "weft".to_owned(),
            patience: Duration::from_secs(15),
            answer_within: Duration::from_secs(60),
        }
    }

    /// Looks whether they may mean something.
    pub(super) fn check(&self) -> Result<(), DatabaseError> {
        let unclear = |what: String| Err(DatabaseError::Unclear { what });
        let (scheme, _) = self.url.split_once(':').unwrap_or_default();
        if !matches!(scheme, "postgres" | "postgresql") {
            return unclear("its URL begins with `postgres://`".to_owned());
        }
        let letter = |at: usize, c: u8| c.is_ascii_lowercase() || c == b'_' || (at > 0 && c.is_ascii_digit());
        let valid = self.schema.bytes().enumerate().all(|(at, c)| letter(at, c));
        if !valid || !(1..=MAX_SCHEMA).contains(&self.schema.len()) || self.schema.starts_with("pg_") {
            return unclear(format!(
                "`{}` cannot name its schema: up to {MAX_SCHEMA} lower-case letters, digits and underscores can, not \
                 beginning with a digit or `pg_`",
                self.schema
            ));
        }
        Ok(())
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("schema", &self.schema)
            .field("patience", &self.patience)
            .field("answer_within", &self.answer_within)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::Server;

    fn told(url: &str, schema: &str) -> Result<String, String> {
        let options = PostgresOptions {
            schema: schema.to_owned(),
            ..PostgresOptions::new(url)
        };
        let server = Server::new(&options).map_err(|error| error.to_string())?;
        Ok(server.shown().to_owned())
    }

    #[test]
    fn databases_are_named_without_their_password() {
        for (url, expected) in [
            (
                "postgres://anna:secret@db.example:6000/runs?sslmode=verify-full",
                "schema `weft` of the PostgreSQL database `runs` at db.example:6000",
            ),
            (
                "postgresql://anna@[::1]/runs",
                "schema `weft` of the PostgreSQL database `runs` at [::1]:5432",
            ),
            (
                "postgres:///runs?host=/run/postgresql",
                "schema `weft` of the PostgreSQL database `runs` at /run/postgresql",
            ),
        ] {
            assert_eq!(told(url, "weft").as_deref(), Ok(expected));
        }
        let options = PostgresOptions::new("postgres://anna:secret@db.example/runs");
        assert!(!format!("{options:?}").contains("secret"));
    }

    #[test]
    fn what_names_no_database_is_refused() {
        for (url, schema) in [
            ("", "weft"),
            ("mysql://db.example/runs", "weft"),
            ("/var/lib/weft", "weft"),
            ("postgres://db.example:port/runs", "weft"),
            ("postgres://db.example/runs?sslmode=perhaps", "weft"),
            ("postgres://db.example/runs", ""),
            ("postgres://db.example/runs", "pg_weft"),
            ("postgres://db.example/runs", "1st"),
            ("postgres://db.example/runs", "Weft"),
            ("postgres://db.example/runs", "weft; DROP TABLE run"),
            ("postgres://db.example/runs", &"x".repeat(MAX_SCHEMA + 1)),
        ] {
            let refusal = told(url, schema).unwrap_err();
            assert!(
                refusal.starts_with("the PostgreSQL database is not told rightly: "),
                "{url} {schema}: {refusal}"
            );
        }
    }
}
