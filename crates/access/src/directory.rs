//! Tokens as requests find them: an immutable map, replaced whole.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use blake3::Hash;
use jiff::Timestamp;
use weft_types::ProjectName;

use crate::model::{Model, Scope, Token};
use crate::pace::Pace;
use crate::{Role, Secret, TokenId, UserName};

/// How stale the time of a token's last use may be, in seconds. So a token that is used all the time is written to once a minute, and
/// its line of the cache stays with every core that reads it.
const USE_NOTED_EVERY: i64 = 60;

/// Who asks.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Nobody is asked.
    Open,
    /// Somebody without a token.
    Nobody,
    /// Somebody with a token that is not taken.
    Rejected(Rejected),
    /// The holder of a token.
    Known(Arc<Entry>),
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// There is none such.
    #[error("there is no such token")]
    Unknown,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Somebody revoked it.
    #[error("the token was revoked")]
    Revoked,
    /// Its holder does not belong to its project any longer.
    #[error("the token's holder is no longer a member of its project")]
    NoMember,
}

/// What a token that is taken may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Everything.
    Admin,
    /// What a role may in a project.
    Project {
        /// The project.
        project: ProjectName,
        /// The lesser of the token's role and its holder's.
        role: Role,
    },
}

/// A token that is taken, or was.
#[derive(Debug)]
pub struct Entry {
    id: TokenId,
    hash: Hash,
    holder: UserName,
    grant: Grant,
    rejected: Option<Rejected>,
    expires_at: Option<Timestamp>,
    /// When it was last used, in seconds since 1970; 0 for never.
    used: AtomicI64,
    /// How fast it is used.
    pub(crate) pace: Arc<Pace>,
    /// How fast all tokens of its project together are.
    pub(crate) project_pace: Option<Arc<Pace>>,
}

/// All tokens at one moment.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    entries: HashMap<TokenId, Arc<Entry>>,
    /// Of each project that has tokens.
    paces: HashMap<ProjectName, Arc<Pace>>,
}

impl Entry {
    /// What it may do.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// For whom it acts.
    #[must_use]
    pub fn holder(&self) -> &UserName {
        &self.holder
    }

    /// What it is called.
    #[must_use]
    pub fn id(&self) -> TokenId {
        self.id
    }

    /// When it was last used, to a minute.
    pub(crate) fn used_at(&self) -> Option<Timestamp> {
        let used = self.used.load(Relaxed);
        (used > 0).then(|| Timestamp::from_second(used).ok()).flatten()
    }

    fn note_use(&self, now: Timestamp) {
        let (now, noted) = (now.as_second(), self.used.load(Relaxed));
        if now.saturating_sub(noted) >= USE_NOTED_EVERY {
            self.used.store(now, Relaxed);
        }
    }

    fn of(token: &Token, model: &Model, before: Option<&Arc<Self>>, project_pace: Option<Arc<Pace>>) -> Self {
        let (grant, is_member) = match &token.scope {
            Scope::Platform => (Grant::Admin, true),
            Scope::Project { project, role } => {
                let held = model.role(project, &token.holder);
                let role = held.map_or(*role, |held| held.min(*role));
                let project = project.clone();
                (Grant::Project { project, role }, held.is_some())
            }
        };
        let rejected = match (token.revoked_at, is_member) {
            (Some(_), _) => Some(Rejected::Revoked),
            (None, false) => Some(Rejected::NoMember),
            (None, true) => None,
        };
        Self {
            id: token.id,
            hash: Hash::from_bytes(token.hash),
            holder: token.holder.clone(),
            grant,
            rejected,
            expires_at: token.expires_at,
            used: AtomicI64::new(before.map_or_else(
                || token.used_at.map_or(0, Timestamp::as_second),
                |before| before.used.load(Relaxed),
            )),
            pace: before.map_or_else(Arc::default, |before| Arc::clone(&before.pace)),
            project_pace,
        }
    }

    /// One that is taken, for tests of what follows from it.
    #[cfg(test)]
    pub(crate) fn sample(grant: Grant) -> Self {
        Self {
            id: TokenId::from_bytes([1; 8]),
            hash: Hash::from_bytes([1; 32]),
            holder: "ada".parse().unwrap(),
            grant,
            rejected: None,
            expires_at: None,
            used: AtomicI64::new(0),
            pace: Arc::default(),
            project_pace: None,
        }
    }
}

impl Directory {
    /// The tokens of a model; when and how fast they were used is taken from the directory before.
    pub(crate) fn of(model: &Model, before: &Self) -> Self {
        let projects = model.tokens.values().filter_map(Token::project);
        let mut paces: HashMap<ProjectName, Arc<Pace>> = HashMap::new();
        for project in projects {
            let known = || before.paces.get(project).cloned().unwrap_or_default();
            paces.entry(project.clone()).or_insert_with(known);
        }
        let entries = model.tokens.values().map(|token| {
            let project_pace = token.project().and_then(|project| paces.get(project).cloned());
            let entry = Entry::of(token, model, before.entries.get(&token.id), project_pace);
            (token.id, Arc::new(entry))
        });
        let entries = entries.collect();
        Self { entries, paces }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn entry(&self, id: TokenId) -> Option<&Arc<Entry>> {
        self.entries.get(&id)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.values()
    }

    /// Finds the token of a text. What is compared are hashes, in constant time; who presents the id of a token and not the rest
    /// learns as little as who makes an id up.
    pub(crate) fn find(&self, text: &[u8], now: Timestamp) -> Result<&Arc<Entry>, Rejected> {
        let secret = Secret::read(text).ok_or(Rejected::Unknown)?;
        let hash = secret.hash();
        let entry = self.entries.get(&secret.id()).ok_or(Rejected::Unknown)?;
        if entry.hash != hash {
            return Err(Rejected::Unknown);
        }
        if let Some(rejected) = entry.rejected {
            return Err(rejected);
        }
        if entry.expires_at.is_some_and(|expires| expires <= now) {
            return Err(Rejected::Expired);
        }
        entry.note_use(now);
        Ok(entry)
    }
}
