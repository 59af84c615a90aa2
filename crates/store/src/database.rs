//! Why a database cannot be opened.

use sqlx::migrate::{MigrateError, Migrator};

/// Why a database could not be opened. Each names the database: its file, or its schema and server.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// A newer version of the server wrote it.
    #[error(
        "{database} was written by a newer version: it has schema {found}, this version knows schemas up to {known}; start \
         the version that wrote it, or a newer one"
    )]
    Newer {
        /// The database.
        database: String,
        /// The schema it has.
        found: i64,
        /// The newest schema known here.
        known: i64,
    },
    /// Its schema is none that any version made.
    #[error(
        "{database} does not have a schema of this program: step {step} {what}; restore it from a backup, or start the \
         version that wrote it"
    )]
    Foreign {
        /// The database.
        database: String,
        /// The step of the schema that differs.
        step: i64,
        /// How.
        what: &'static str,
    },
    /// It is not as it was left.
    #[error("{database} is damaged: {what}; restore it from a backup")]
    Damaged {
        /// The database.
        database: String,
        /// What was found.
        what: String,
    },
    /// Another server has it.
    #[error("{database} is in use by {holder}; stop it, or give this server a schema of its own")]
    InUse {
        /// The database.
        database: String,
        /// Who has it, as PostgreSQL knows.
        holder: String,
    },
    /// It is not told rightly which one is meant.
    #[error("the PostgreSQL database is not told rightly: {what}")]
    Unclear {
        /// What is wrong, and what would be right.
        what: String,
    },
    /// The database failed, or could not be reached.
    #[error("{database} could not be opened: {source}")]
    Failed {
        /// The database.
        database: String,
        /// The cause.
        source: sqlx::Error,
    },
}

impl DatabaseError {
    /// What became of `schema` in `database`.
    pub(crate) fn unfit(database: String, schema: &Migrator, error: MigrateError) -> Self {
        let known = schema.iter().map(|step| step.version).max().unwrap_or(0);
        match error {
            MigrateError::VersionMissing(found) if found > known => Self::Newer {
                database,
                found,
                known,
            },
            MigrateError::VersionMissing(step) => Self::Foreign {
                database,
                step,
                what: "is unknown",
            },
            MigrateError::VersionMismatch(step) => Self::Foreign {
                database,
                step,
                what: "was different",
            },
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
                Self::Failed { database, source }
            }
            other => Self::Failed {
                database,
                source: sqlx::Error::Migrate(Box::new(other)),
            },
        }
    }
}
