//! What is written, within a transaction.

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use weft_access::{Change, Member, Scope, Token, TokenId};

use crate::error::Error;

pub(super) async fn change(connection: &mut SqliteConnection, change: &Change) -> Result<(), Error> {
    match change {
        Change::AddToken { token, forgotten } => {
            for id in forgotten {
                forget(connection, *id).await?;
            }
            add(connection, token).await
        }
        Change::Revoke { id, at } => revoke(connection, *id, *at).await,
        Change::SetMember(member) => set_member(connection, member).await,
        Change::RemoveMember { project, user } => {
            sqlx::query("DELETE FROM member WHERE project = $1 AND user = $2")
                .bind(project.as_str())
                .bind(user.as_str())
                .execute(connection)
                .await?;
            Ok(())
        }
        Change::ForgetProject { project, at } => forget_project(connection, project.as_str(), *at).await,
        Change::Used(used) => {
            for (id, at) in used {
                sqlx::query("UPDATE token SET used_at = $2 WHERE id = $1")
                    .bind(id.as_bytes().as_slice())
                    .bind(at.to_string())
                    .execute(&mut *connection)
                    .await?;
            }
            Ok(())
        }
    }
}

async fn add(connection: &mut SqliteConnection, token: &Token) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO token
        (id, hash, holder, project, role, note, created_at, created_by, expires_at, revoked_at, used_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let (project, role) = match &token.scope {
        Scope::Platform => (None, None),
        Scope::Project { project, role } => (Some(project.as_str()), Some(role.name())),
    };
    let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
    sqlx::query(INSERT)
        .bind(token.id.as_bytes().as_slice())
        .bind(token.hash.as_slice())
        .bind(token.holder.as_str())
        .bind(project)
        .bind(role)
        .bind(&token.note)
        .bind(token.created_at.to_string())
        .bind(&token.created_by)
        .bind(text(token.expires_at))
        .bind(text(token.revoked_at))
        .bind(text(token.used_at))
        .execute(connection)
        .await?;
    Ok(())
}

async fn forget(connection: &mut SqliteConnection, id: TokenId) -> Result<(), Error> {
    sqlx::query("DELETE FROM token WHERE id = $1")
        .bind(id.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

async fn revoke(connection: &mut SqliteConnection, id: TokenId, at: Timestamp) -> Result<(), Error> {
    sqlx::query("UPDATE token SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1")
        .bind(id.as_bytes().as_slice())
        .bind(at.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

async fn set_member(connection: &mut SqliteConnection, member: &Member) -> Result<(), Error> {
    const UPSERT: &str = "INSERT INTO member (project, user, role, since) VALUES ($1, $2, $3, $4)
        ON CONFLICT (project, user) DO UPDATE SET role = excluded.role, since = excluded.since";
    sqlx::query(UPSERT)
        .bind(member.project.as_str())
        .bind(member.user.as_str())
        .bind(member.role.name())
        .bind(member.since.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

async fn forget_project(
    connection: &mut SqliteConnection,
    project: &str,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM member WHERE project = $1")
        .bind(project)
        .execute(&mut *connection)
        .await?;
    sqlx::query("UPDATE token SET revoked_at = coalesce(revoked_at, $2) WHERE project = $1")
        .bind(project)
        .bind(at.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
