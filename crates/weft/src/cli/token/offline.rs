//! The first token, written into the data directory of a server that does not run.

use std::path::Path;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use weft_access::{Access, NewToken, Policy, Scope, UserName};
use weft_api::wire::{CreatedToken, Token};
use weft_store::{OfflineAccess, OpenError};

use super::no_user;
use super::text::Lifetime;

/// For whom the first token acts where nobody is named.
const ADMIN: &str = "admin";

/// Makes a token of the platform; none where a server has the directory.
pub(super) async fn create(
    holder: Option<&str>,
    note: &str,
    expires: Lifetime,
    user: &str,
    data: &Path,
) -> Result<Option<CreatedToken>> {
    let offline = match OfflineAccess::open(data).await {
        Ok(offline) => offline,
        Err(OpenError::InUse { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let by = if user.is_empty() { ADMIN } else { user };
    let new = NewToken {
        holder: holder.unwrap_or(by).parse::<UserName>().map_err(no_user)?,
        scope: Scope::Platform,
        note: note.to_owned(),
        lifetime: match expires {
            Lifetime::Never => None,
            Lifetime::Seconds(seconds) => Some(SignedDuration::from_secs(seconds.into())),
        },
        created_by: by.to_owned(),
    };
    let access = Access::open(offline.access(), Policy::default())
        .await
        .context("the tokens cannot be read")?;
    let now = Timestamp::now();
    let made = access.create(new, now).await;
    offline.close().await;
    let (token, secret) = made?;
    Ok(Some(CreatedToken {
        secret: secret.text(),
        token: Token::new(&token, now),
    }))
}
