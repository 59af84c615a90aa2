//! What is known of tokens and members, and every way in which it changes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use weft_types::ProjectName;

use crate::{Role, TokenId, UserName};

#[cfg(test)]
mod tests;

/// A token, without what its holder alone knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is called.
    pub id: TokenId,
    /// The hash of the rest.
    pub hash: [u8; 32],
    /// For whom it acts.
    pub holder: UserName,
    /// Where it acts.
    pub scope: Scope,
    /// What it is for, for people; at most [`Token::MAX_NOTE`] bytes.
    pub note: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it ceases to be taken.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to a minute or so.
    pub used_at: Option<Timestamp>,
}

/// Where a token acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere, with every right.
    Platform,
    /// In one project.
    Project {
        /// The project.
        project: ProjectName,
        /// The most it may do; its holder's role there bounds it further.
        role: Role,
    },
}

/// Who belongs to a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The project.
    pub project: ProjectName,
    /// Who.
    pub user: UserName,
    /// As what.
    pub role: Role,
    /// Since when, with this role.
    pub since: Timestamp,
}

/// One change. A store makes it whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A token is made, and others that were taken no longer are forgotten.
    AddToken {
        /// The new one.
        token: Box<Token>,
        /// Those to forget.
        forgotten: Vec<TokenId>,
    },
    /// A token is taken no longer.
    Revoke {
        /// Which.
        id: TokenId,
        /// When.
        at: Timestamp,
    },
    /// Somebody becomes a member, or one with another role.
    SetMember(Member),
    /// Somebody is a member no longer.
    RemoveMember {
        /// Of which project.
        project: ProjectName,
        /// Who.
        user: UserName,
    },
    /// A project is gone: its members are none any longer and its tokens are revoked.
    ForgetProject {
        /// Which.
        project: ProjectName,
        /// When.
        at: Timestamp,
    },
    /// Tokens were used.
    Used(Vec<(TokenId, Timestamp)>),
}

/// Everything that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    /// Tokens by their id.
    pub tokens: BTreeMap<TokenId, Token>,
    /// Members by project and name.
    pub members: BTreeMap<(ProjectName, UserName), Member>,
}

impl Token {
    /// The longest note, in bytes.
    pub const MAX_NOTE: usize = 256;

    /// Whether it is taken at a time, as far as the token itself is concerned.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires| expires > now)
    }

    /// The project that it acts in; none where it acts everywhere.
    #[must_use]
    pub fn project(&self) -> Option<&ProjectName> {
        match &self.scope {
            Scope::Platform => None,
            Scope::Project { project, .. } => Some(project),
        }
    }
}

impl Model {
    /// The role that somebody has in a project.
    #[must_use]
    pub fn role(&self, project: &ProjectName, user: &UserName) -> Option<Role> {
        let member = self.members.get(&(project.clone(), user.clone()));
        member.map(|member| member.role)
    }

    /// The members of a project, in order of their names.
    pub fn members_of<'a>(&'a self, project: &'a ProjectName) -> impl Iterator<Item = &'a Member> {
        self.members
            .values()
            .filter(move |member| member.project == *project)
    }

    /// Makes a change; one about what is not there changes nothing.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::AddToken { token, forgotten } => {
                for id in forgotten {
                    self.tokens.remove(id);
                }
                self.tokens.insert(token.id, Token::clone(token));
            }
            Change::Revoke { id, at } => {
                if let Some(token) = self.tokens.get_mut(id) {
                    token.revoked_at.get_or_insert(*at);
                }
            }
            Change::SetMember(member) => {
                let key = (member.project.clone(), member.user.clone());
                self.members.insert(key, member.clone());
            }
            Change::RemoveMember { project, user } => {
                self.members.remove(&(project.clone(), user.clone()));
            }
            Change::ForgetProject { project, at } => self.forget(project, *at),
            Change::Used(used) => {
                for (id, at) in used {
                    if let Some(token) = self.tokens.get_mut(id) {
                        token.used_at = Some(*at);
                    }
                }
            }
        }
    }

    fn forget(&mut self, project: &ProjectName, at: Timestamp) {
        self.members.retain(|(of, _), _| of != project);
        let of_it = self
            .tokens
            .values_mut()
            .filter(|token| token.project() == Some(project));
        for token in of_it {
            token.revoked_at.get_or_insert(at);
        }
    }
}
