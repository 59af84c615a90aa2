//! What was changed, in `weft.db`.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use weft_access::{AuditStore, Boxed, Deed, Recorded, Retention, StoreError, TokenId};
use weft_types::ProjectName;

use super::SqliteAccess;
use crate::error::Error;

#[derive(Debug, sqlx::FromRow)]
struct Row {
    number: i64,
    at: i64,
    who: String,
    token: Option<Vec<u8>>,
    source: String,
    action: String,
    project: Option<String>,
    target: String,
    status: i64,
}

impl AuditStore for SqliteAccess {
    fn record<'a>(&'a self, deed: &'a Deed, keep: Retention) -> Boxed<'a, Result<(), StoreError>> {
        let (writer, deed) = (Arc::clone(&self.writer), deed.clone());
        let recorded = self.background.spawn(async move {
            let mut writer = writer.lock().await;
            let writer = writer.as_mut().ok_or(Error::Closed)?;
            if let Err(error) = insert(writer.begin().await?, &deed, keep).await {
                return Err(writer.abandon(error).await);
            }
            writer.commit(0).await?;
            writer.checkpoint().await;
            Ok(())
        });
        Box::pin(async move {
            let recorded = recorded.await;
            let recorded = recorded.map_err(|error| StoreError::Failed(error.to_string()))?;
            Ok(recorded?)
        })
    }

    fn list<'a>(
        &'a self,
        project: Option<&'a ProjectName>,
        before: Option<u64>,
        limit: usize,
    ) -> Boxed<'a, Result<Vec<Recorded>, StoreError>> {
        let before = before
            .and_then(|number| i64::try_from(number).ok())
            .unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Box::pin(async move { Ok(select(&self.readers, project, before, limit).await?) })
    }
}

async fn insert(connection: &mut SqliteConnection, deed: &Deed, keep: Retention) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO audit (at, who, token, source, action, project, target, status)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING number";
    let number: i64 = sqlx::query_scalar(INSERT)
        .bind(deed.at.as_microsecond())
        .bind(&deed.who)
        .bind(deed.token.as_ref().map(|id| id.as_bytes().as_slice()))
        .bind(&deed.source)
        .bind(&deed.action)
        .bind(deed.project.as_ref().map(ProjectName::as_str))
        .bind(&deed.target)
        .bind(i64::from(deed.status))
        .fetch_one(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM audit WHERE number <= $1")
        .bind(number.saturating_sub(i64::try_from(keep.count).unwrap_or(i64::MAX)))
        .execute(&mut *connection)
        .await?;
    if let Some(age) = keep.age {
        let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        sqlx::query("DELETE FROM audit WHERE at < $1")
            .bind(deed.at.as_microsecond().saturating_sub(age))
            .execute(connection)
            .await?;
    }
    Ok(())
}

async fn select(
    readers: &SqlitePool,
    project: Option<&ProjectName>,
    before: i64,
    limit: i64,
) -> Result<Vec<Recorded>, Error> {
    const ALL: &str = "SELECT * FROM audit WHERE number < $1 ORDER BY number DESC LIMIT $2";
    const OF_PROJECT: &str =
        "SELECT * FROM audit WHERE project = $3 AND number < $1 ORDER BY number DESC LIMIT $2";
    let rows: Vec<Row> = match project {
        None => sqlx::query_as(ALL).bind(before).bind(limit),
        Some(project) => sqlx::query_as(OF_PROJECT)
            .bind(before)
            .bind(limit)
            .bind(project.as_str()),
    }
    .fetch_all(readers)
    .await?;
    rows.into_iter().map(Row::into_recorded).collect()
}

impl Row {
    fn into_recorded(self) -> Result<Recorded, Error> {
        let number = self.number;
        let corrupt = |column| Error::Corrupt(format!("change {number} cannot be read: column `{column}`"));
        let token = self.token.map(<[u8; 8]>::try_from).transpose();
        let project = self.project.map(|name| name.parse()).transpose();
        Ok(Recorded {
            number: u64::try_from(number).map_err(|_| corrupt("number"))?,
            deed: Deed {
                at: Timestamp::from_microsecond(self.at).map_err(|_| corrupt("at"))?,
                who: self.who,
                token: token.map_err(|_| corrupt("token"))?.map(TokenId::from_bytes),
                source: self.source,
                action: self.action,
                project: project.map_err(|_| corrupt("project"))?,
                target: self.target,
                status: u16::try_from(self.status).map_err(|_| corrupt("status"))?,
            },
        })
    }
}
