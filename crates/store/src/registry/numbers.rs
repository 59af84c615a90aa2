//! Version numbers, of which none is given twice under a name: not while the function is there, nor to one that has its name later.

use sqlx::sqlite::{SqliteConnection, SqliteExecutor};
use weft_types::{FunctionName, ProjectName};

use crate::error::Error;

/// Deleted functions of a project that are known by their names. Of those deleted before only the largest number is, which holds for
/// every name.
pub(super) const DELETED_NAMES: i64 = 1_000;

/// The largest number that a version has had, of a function or of those that had its name before; 0 where there was none.
pub(super) async fn last(
    executor: impl SqliteExecutor<'_>,
    project: &ProjectName,
    name: &FunctionName,
) -> Result<u32, Error> {
    const LAST: &str = "SELECT max(
        (SELECT coalesce(max(number), 0) FROM version WHERE project = $1 AND function = $2),
        coalesce(
            (SELECT numbered FROM function WHERE project = $1 AND name = $2),
            (SELECT numbered FROM deleted_function WHERE project = $1 AND name = $2),
            (SELECT numbered FROM project WHERE name = $1),
            0))";
    let last = sqlx::query_scalar(LAST)
        .bind(project.as_str())
        .bind(name.as_str())
        .fetch_one(executor)
        .await?;
    Ok(last)
}

/// Notes the largest number of a function that is there, before versions of it go.
pub(super) async fn note(
    connection: &mut SqliteConnection,
    project: &ProjectName,
    name: &FunctionName,
    last: u32,
) -> Result<(), Error> {
    sqlx::query("UPDATE function SET numbered = $3 WHERE project = $1 AND name = $2")
        .bind(project.as_str())
        .bind(name.as_str())
        .bind(last)
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps the largest number of a function that goes as a whole.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    project: &ProjectName,
    name: &FunctionName,
    last: u32,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO deleted_function (project, name, numbered) VALUES ($1, $2, $3)")
        .bind(project.as_str())
        .bind(name.as_str())
        .bind(last)
        .execute(&mut *connection)
        .await?;
    forget_oldest(connection, project).await
}

/// A function has the name again, and its row has the number.
pub(super) async fn forget(
    connection: &mut SqliteConnection,
    project: &ProjectName,
    name: &FunctionName,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM deleted_function WHERE project = $1 AND name = $2")
        .bind(project.as_str())
        .bind(name.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes one number of the oldest names where there are too many.
async fn forget_oldest(connection: &mut SqliteConnection, project: &ProjectName) -> Result<(), Error> {
    const OLDEST: &str =
        "SELECT id FROM deleted_function WHERE project = $1 ORDER BY id DESC LIMIT 1 OFFSET $2";
    const JOIN: &str = "UPDATE project SET numbered = max(numbered, (
            SELECT max(numbered) FROM deleted_function WHERE project = $1 AND id <= $2))
        WHERE name = $1";
    let oldest: Option<i64> = sqlx::query_scalar(OLDEST)
        .bind(project.as_str())
        .bind(DELETED_NAMES)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(oldest) = oldest else {
        return Ok(());
    };
    for statement in [
        JOIN,
        "DELETE FROM deleted_function WHERE project = $1 AND id <= $2",
    ] {
        sqlx::query(statement)
            .bind(project.as_str())
            .bind(oldest)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sqlx::Connection;

    use super::*;

    fn name(text: &str) -> FunctionName {
        text.parse().unwrap()
    }

    async fn check(connection: &mut SqliteConnection, expected: [(&str, u32); 4]) {
        for (function, number) in expected {
            let found = last(&mut *connection, &"default".parse().unwrap(), &name(function)).await;
            assert_eq!(found.unwrap(), number, "{function}");
        }
    }

    #[tokio::test]
    async fn numbers_of_names_long_gone_are_given_to_none() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        crate::open::REGISTRY_SCHEMA.run(&mut connection).await.unwrap();
        let project: ProjectName = "default".parse().unwrap();
        for (function, number) in [("first", 3), ("second", 2), ("third", 7)] {
            keep(&mut connection, &project, &name(function), number)
                .await
                .unwrap();
        }
        for at in 3..DELETED_NAMES {
            keep(&mut connection, &project, &name(&format!("f{at}")), 1)
                .await
                .unwrap();
        }
        check(
            &mut connection,
            [("first", 3), ("second", 2), ("third", 7), ("new", 0)],
        )
        .await;
        // One more than are known by their names.
        keep(&mut connection, &project, &name("last"), 1).await.unwrap();
        check(
            &mut connection,
            [("first", 3), ("second", 2), ("third", 7), ("new", 3)],
        )
        .await;
        keep(&mut connection, &project, &name("later"), 1).await.unwrap();
        check(
            &mut connection,
            [("second", 3), ("third", 7), ("later", 1), ("new", 3)],
        )
        .await;
        forget(&mut connection, &project, &name("third")).await.unwrap();
        check(
            &mut connection,
            [("second", 3), ("third", 3), ("later", 1), ("new", 3)],
        )
        .await;
    }
}
