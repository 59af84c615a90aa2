//! What is read at start.

use std::fmt::Display;
use std::str::FromStr;

use sqlx::sqlite::SqlitePool;
use weft_access::{Member, Model, Scope, Token, TokenId};

use crate::error::Error;

#[derive(Debug, sqlx::FromRow)]
struct MemberRow {
    project: String,
    user: String,
    role: String,
    since: String,
}

#[derive(Debug, sqlx::FromRow)]
struct TokenRow {
    id: Vec<u8>,
    hash: Vec<u8>,
    holder: String,
    project: Option<String>,
    role: Option<String>,
    note: String,
    created_at: String,
    created_by: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    used_at: Option<String>,
}

/// Every token and member, as of one moment.
pub(super) async fn model(readers: &SqlitePool) -> Result<Model, Error> {
    let mut moment = readers.begin().await?;
    let members: Vec<MemberRow> = sqlx::query_as("SELECT * FROM member")
        .fetch_all(&mut *moment)
        .await?;
    let tokens: Vec<TokenRow> = sqlx::query_as("SELECT * FROM token")
        .fetch_all(&mut *moment)
        .await?;
    moment.rollback().await?;
    let mut model = Model::default();
    for row in members {
        let member = row.into_member()?;
        let key = (member.project.clone(), member.user.clone());
        model.members.insert(key, member);
    }
    for row in tokens {
        let token = row.into_token()?;
        model.tokens.insert(token.id, token);
    }
    Ok(model)
}

impl MemberRow {
    fn into_member(self) -> Result<Member, Error> {
        Ok(Member {
            project: parse("member", "project", &self.project)?,
            user: parse("member", "user", &self.user)?,
            role: parse("member", "role", &self.role)?,
            since: parse("member", "since", &self.since)?,
        })
    }
}

impl TokenRow {
    fn into_token(self) -> Result<Token, Error> {
        let bytes = |column| move |_| corrupt("token", column, &"of another length");
        let scope = match (&self.project, &self.role) {
            (Some(project), Some(role)) => Scope::Project {
                project: parse("token", "project", project)?,
                role: parse("token", "role", role)?,
            },
            _ => Scope::Platform,
        };
        let time = |column, text: &Option<String>| {
            let text = text.as_deref();
            text.map(|text| parse("token", column, text)).transpose()
        };
        Ok(Token {
            id: TokenId::from_bytes(self.id.try_into().map_err(bytes("id"))?),
            hash: self.hash.try_into().map_err(bytes("hash"))?,
            holder: parse("token", "holder", &self.holder)?,
            scope,
            created_at: parse("token", "created_at", &self.created_at)?,
            expires_at: time("expires_at", &self.expires_at)?,
            revoked_at: time("revoked_at", &self.revoked_at)?,
            used_at: time("used_at", &self.used_at)?,
            note: self.note,
            created_by: self.created_by,
        })
    }
}

fn parse<T: FromStr<Err: Display>>(table: &str, column: &str, text: &str) -> Result<T, Error> {
    text.parse()
        .map_err(|error: T::Err| corrupt(table, column, &error))
}

fn corrupt(table: &str, column: &str, what: &dyn Display) -> Error {
    Error::Corrupt(format!("a {table} cannot be read: column `{column}`: {what}"))
}
