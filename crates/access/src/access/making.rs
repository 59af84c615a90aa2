//! What may be made, and what must be kept: pure functions of the model.

use jiff::{SignedDuration, Timestamp};
use weft_types::ProjectName;

use super::Error;
use crate::model::{Model, Scope, Token};
use crate::{Role, Secret, TokenId, UserName};

/// Tokens that are kept at most, revoked and expired ones included as long as there is room.
pub(crate) const MAX_TOKENS: usize = 10_000;
/// Members of a project at most.
pub(crate) const MAX_MEMBERS: usize = 1000;

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// For whom it acts; for one of a project a member of it.
    pub holder: UserName,
    /// Where it acts.
    pub scope: Scope,
    /// What it is for.
    pub note: String,
    /// How long it is taken; none for ever.
    pub lifetime: Option<SignedDuration>,
    /// Who makes it.
    pub created_by: String,
}

/// The token that is asked for.
pub(super) fn token(model: &Model, new: NewToken, secret: &Secret, now: Timestamp) -> Result<Token, Error> {
    if new.note.len() > Token::MAX_NOTE || new.note.chars().any(char::is_control) {
        return Err(Error::Note);
    }
    match &new.scope {
        Scope::Project { .. } if model.tokens.is_empty() => return Err(Error::AdminFirst),
        Scope::Project { project, .. } if model.role(project, &new.holder).is_none() => {
            let (project, user) = (project.clone(), new.holder);
            return Err(Error::NoMember { project, user });
        }
        Scope::Project { .. } | Scope::Platform => {}
    }
    let expires_at = match new.lifetime {
        None => None,
        Some(lifetime) if lifetime < SignedDuration::from_secs(1) => return Err(Error::Lifetime),
        Some(lifetime) => Some(now.checked_add(lifetime).map_err(|_| Error::Lifetime)?),
    };
    Ok(Token {
        id: secret.id(),
        hash: *secret.hash().as_bytes(),
        holder: new.holder,
        scope: new.scope,
        note: new.note,
        created_at: now,
        created_by: new.created_by,
        expires_at,
        revoked_at: None,
        used_at: None,
    })
}

/// Which tokens are to be forgotten so that there is room for one more: the oldest of those that are taken no longer.
pub(super) fn room(model: &Model, now: Timestamp) -> Result<Vec<TokenId>, Error> {
    if model.tokens.len() < MAX_TOKENS {
        return Ok(Vec::new());
    }
    let dead = model.tokens.values().filter(|token| !token.is_live(now));
    let oldest = dead.min_by_key(|token| token.created_at);
    oldest.map(|token| vec![token.id]).ok_or(Error::TooManyTokens)
}

/// Refuses to take the role of owner from the last who has it.
pub(super) fn keep_an_owner(model: &Model, project: &ProjectName, user: &UserName) -> Result<(), Error> {
    let is_owner = model.role(project, user) == Some(Role::Owner);
    let mut owners = model
        .members_of(project)
        .filter(|member| member.role == Role::Owner);
    if is_owner && owners.all(|member| member.user == *user) {
        let (project, user) = (project.clone(), user.clone());
        return Err(Error::LastOwner { project, user });
    }
    Ok(())
}
