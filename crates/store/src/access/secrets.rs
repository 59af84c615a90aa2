//! Sealed secrets, in `weft.db`.

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use weft_secrets::{Boxed, KeyId, Sealed, SecretStore, StoreError};
use weft_types::{ProjectName, SecretName};

use super::{Edit, SqliteAccess};
use crate::error::Error;

#[derive(Debug, sqlx::FromRow)]
struct Row {
    project: String,
    name: String,
    key: Vec<u8>,
    nonce: Vec<u8>,
    sealed: Vec<u8>,
    created_at: i64,
    updated_at: i64,
}

enum Change {
    Put(Vec<Sealed>),
    /// One of a project, or all.
    Delete(ProjectName, Option<SecretName>),
}

impl SecretStore for SqliteAccess {
    fn load(&self) -> Boxed<'_, Result<Vec<Sealed>, StoreError>> {
        Box::pin(async {
            let rows = sqlx::query_as("SELECT * FROM secret");
            let rows: Vec<Row> = rows.fetch_all(&self.readers).await.map_err(Error::from)?;
            let sealed = rows.into_iter().map(Row::into_sealed);
            Ok(sealed.collect::<Result<_, Error>>()?)
        })
    }

    fn put(&self, secrets: Vec<Sealed>) -> Boxed<'_, Result<(), StoreError>> {
        self.change(Change::Put(secrets))
    }

    fn delete<'a>(
        &'a self,
        project: &'a ProjectName,
        name: Option<&'a SecretName>,
    ) -> Boxed<'a, Result<(), StoreError>> {
        self.change(Change::Delete(project.clone(), name.cloned()))
    }
}

impl SqliteAccess {
    fn change(&self, change: Change) -> Boxed<'static, Result<(), StoreError>> {
        let changed = self.write(change);
        Box::pin(async { Ok(changed.await?) })
    }
}

impl Edit for Change {
    async fn make(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        make(connection, self).await
    }
}

async fn make(connection: &mut SqliteConnection, change: &Change) -> Result<(), Error> {
    match change {
        Change::Put(secrets) => {
            for secret in secrets {
                put(&mut *connection, secret).await?;
            }
        }
        Change::Delete(project, name) => {
            sqlx::query("DELETE FROM secret WHERE project = $1 AND ($2 IS NULL OR name = $2)")
                .bind(project.as_str())
                .bind(name.as_ref().map(SecretName::as_str))
                .execute(connection)
                .await?;
        }
    }
    Ok(())
}

async fn put(connection: &mut SqliteConnection, secret: &Sealed) -> Result<(), Error> {
    const UPSERT: &str = "INSERT INTO secret (project, name, key, nonce, sealed, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (project, name) DO UPDATE SET key = excluded.key, nonce = excluded.nonce, sealed = excluded.sealed,
            created_at = excluded.created_at, updated_at = excluded.updated_at";
    sqlx::query(UPSERT)
        .bind(secret.project.as_str())
        .bind(secret.name.as_str())
        .bind(secret.key.0.as_slice())
        .bind(secret.nonce.as_slice())
        .bind(&secret.sealed)
        .bind(secret.created_at.as_microsecond())
        .bind(secret.updated_at.as_microsecond())
        .execute(connection)
        .await?;
    Ok(())
}

impl Row {
    fn into_sealed(self) -> Result<Sealed, Error> {
        let corrupt = |column| Error::Corrupt(format!("a secret cannot be read: column `{column}`"));
        let time = |column, at| Timestamp::from_microsecond(at).map_err(|_| corrupt(column));
        Ok(Sealed {
            project: self.project.parse().map_err(|_| corrupt("project"))?,
            name: self.name.parse().map_err(|_| corrupt("name"))?,
            key: KeyId(self.key.try_into().map_err(|_| corrupt("key"))?),
            nonce: self.nonce.try_into().map_err(|_| corrupt("nonce"))?,
            sealed: self.sealed,
            created_at: time("created_at", self.created_at)?,
            updated_at: time("updated_at", self.updated_at)?,
        })
    }
}
