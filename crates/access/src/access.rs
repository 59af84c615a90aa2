//! What a server has of all this: tokens to be found, and the right to change them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use weft_types::ProjectName;

use crate::directory::{Directory, Subject};
use crate::model::{Change, Member, Model, Scope, Token};
use crate::pace::{Pace, Rate};
use crate::port::{AccessStore, StoreError};
use crate::{Role, Secret, TokenId, UserName};

mod error;
mod making;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use making::NewToken;

/// How tokens are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether everybody may do everything until the first token is made. Only for servers that no other machine reaches.
    pub open_at_first: bool,
    /// How fast each token may be used.
    pub token_rate: Option<Rate>,
    /// How fast all tokens of a project together may be.
    pub project_rate: Option<Rate>,
    /// How fast all those together may ask who have no token.
    pub anonymous_rate: Option<Rate>,
}

/// Tokens and members of a server.
pub struct Access {
    store: Arc<dyn AccessStore>,
    policy: Policy,
    directory: ArcSwap<Directory>,
    /// Held while something changes, the store's answer included: changes happen one after another.
    model: Mutex<Model>,
    /// Changes that have begun go on here, whoever waits for them.
    background: Handle,
    /// How fast those ask who have no token.
    anonymous: Pace,
    began: Instant,
}

/// A request that comes too soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{whose} is used faster than it may be")]
pub struct TooFast {
    /// Whose bound it is.
    pub whose: &'static str,
    /// How long to wait.
    pub wait: Duration,
}

impl Access {
    /// Reads what the store keeps. Changes are made on the current tokio runtime.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn open(store: Arc<dyn AccessStore>, policy: Policy) -> Result<Arc<Self>, StoreError> {
        let model = store.load().await?;
        let directory = Directory::of(&model, &Directory::default());
        Ok(Arc::new(Self {
            store,
            policy,
            directory: ArcSwap::from_pointee(directory),
            model: Mutex::new(model),
            background: Handle::current(),
            anonymous: Pace::default(),
            began: Instant::now(),
        }))
    }

    /// Who presents this text of a token, or none. Takes no lock, and no other token's use makes it slower.
    #[must_use]
    pub fn subject(&self, presented: Option<&[u8]>, now: Timestamp) -> Subject {
        let directory = self.directory.load();
        if self.policy.open_at_first && directory.is_empty() {
            return Subject::Open;
        }
        match presented {
            None => Subject::Nobody,
            Some(text) => match directory.find(text, now) {
                Ok(entry) => Subject::Known(Arc::clone(entry)),
                Err(rejected) => Subject::Rejected(rejected),
            },
        }
    }

    /// Counts a request that is allowed, and refuses it where there are too many. One of the platform's tokens has no project to be bounded by.
    ///
    /// # Errors
    /// How long to wait.
    pub fn admit(&self, subject: &Subject) -> Result<(), TooFast> {
        let Policy {
            token_rate,
            project_rate,
            anonymous_rate,
            ..
        } = self.policy;
        match subject {
            Subject::Open | Subject::Rejected(_) => Ok(()),
            Subject::Nobody => self.take(Some(&self.anonymous), anonymous_rate, "what needs no token"),
            Subject::Known(entry) => {
                self.take(Some(&entry.pace), token_rate, "the token")?;
                self.take(entry.project_pace.as_deref(), project_rate, "the project")
            }
        }
    }

    fn take(&self, pace: Option<&Pace>, rate: Option<Rate>, whose: &'static str) -> Result<(), TooFast> {
        let (Some(pace), Some(rate)) = (pace, rate) else {
            return Ok(());
        };
        // 584 years of nanoseconds fit.
        let now = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        pace.take(rate, now).map_err(|wait| TooFast { whose, wait })
    }

    /// Whether any token was ever made.
    #[must_use]
    pub fn has_tokens(&self) -> bool {
        !self.directory.load().is_empty()
    }

    /// Makes a token, and answers it with the one text that opens it, which is kept nowhere.
    ///
    /// # Errors
    /// Where it may not be: what it says is out of its bounds, there are too many, its holder is not a member of its project, or the
    /// first one of all would not be the platform's.
    pub async fn create(self: &Arc<Self>, new: NewToken, now: Timestamp) -> Result<(Token, Secret), Error> {
        let mut random = [0; Secret::BYTES];
        getrandom::fill(&mut random).map_err(|error| Error::Random(error.to_string()))?;
        let secret = Secret::of(&random);
        let token = self
            .change({
                let secret = secret.clone();
                move |model| {
                    let token = making::token(model, new, &secret, now)?;
                    let forgotten = making::room(model, now)?;
                    let change = Change::AddToken {
                        token: Box::new(token.clone()),
                        forgotten,
                    };
                    Ok((change, token))
                }
            })
            .await?;
        Ok((token, secret))
    }

    /// Revokes a token, at once. `within` bounds it to the tokens of one project.
    ///
    /// # Errors
    /// Where there is no such token.
    pub async fn revoke(
        self: &Arc<Self>,
        id: TokenId,
        within: Option<ProjectName>,
        now: Timestamp,
    ) -> Result<Token, Error> {
        self.change(move |model| {
            let found = model.tokens.get(&id);
            let found = found.filter(|token| within.is_none() || token.project() == within.as_ref());
            let token = found.cloned().ok_or(Error::NoToken(id))?;
            Ok((Change::Revoke { id, at: now }, token))
        })
        .await
    }

    /// The tokens of a project, or all there are, in the order in which they were made.
    pub async fn tokens(&self, within: Option<&ProjectName>) -> Vec<Token> {
        let model = self.model.lock().await;
        let directory = self.directory.load();
        let chosen = model
            .tokens
            .values()
            .filter(|token| within.is_none() || token.project() == within);
        let mut tokens: Vec<Token> = chosen
            .map(|token| Token {
                used_at: directory.entry(token.id).and_then(|entry| entry.used_at()),
                ..token.clone()
            })
            .collect();
        tokens.sort_by_key(|token| (token.created_at, token.id));
        tokens
    }

    /// The members of a project, in order of their names.
    pub async fn members(&self, project: &ProjectName) -> Vec<Member> {
        self.model.lock().await.members_of(project).cloned().collect()
    }

    /// Makes somebody a member of a project, or gives a member another role. Answers whether they are new.
    ///
    /// # Errors
    /// Where the project has too many members, or would be left without an owner.
    pub async fn set_member(
        self: &Arc<Self>,
        project: ProjectName,
        user: UserName,
        role: Role,
        now: Timestamp,
    ) -> Result<(Member, bool), Error> {
        self.change(move |model| {
            let before = model.role(&project, &user);
            if before.is_none() && model.members_of(&project).count() >= making::MAX_MEMBERS {
                return Err(Error::TooManyMembers(project));
            }
            if role < Role::Owner {
                making::keep_an_owner(model, &project, &user)?;
            }
            let member = Member {
                project,
                user,
                role,
                since: now,
            };
            Ok((Change::SetMember(member.clone()), (member, before.is_none())))
        })
        .await
    }

    /// Takes somebody out of a project, and with them the power of their tokens there.
    ///
    /// # Errors
    /// Where they are no member, or the last owner.
    pub async fn remove_member(self: &Arc<Self>, project: ProjectName, user: UserName) -> Result<(), Error> {
        self.change(move |model| {
            if model.role(&project, &user).is_none() {
                return Err(Error::NoMember { project, user });
            }
            making::keep_an_owner(model, &project, &user)?;
            Ok((Change::RemoveMember { project, user }, ()))
        })
        .await
    }

    /// Forgets the members of a project that is gone, and revokes its tokens.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn forget_project(self: &Arc<Self>, project: ProjectName, now: Timestamp) -> Result<(), Error> {
        self.change(move |_| Ok((Change::ForgetProject { project, at: now }, ())))
            .await
    }

    /// Writes down when tokens were last used, as far as that has changed. To be called once in a while, and at the end.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn write_uses_down(self: &Arc<Self>) -> Result<(), Error> {
        let mut model = self.model.lock().await;
        let used: Vec<_> = self
            .directory
            .load()
            .entries()
            .filter_map(|entry| Some((entry.id(), entry.used_at()?)))
            .filter(|(id, used)| {
                model
                    .tokens
                    .get(id)
                    .is_some_and(|token| token.used_at != Some(*used))
            })
            .collect();
        if used.is_empty() {
            return Ok(());
        }
        let change = Change::Used(used);
        self.store.apply(&change).await?;
        model.apply(&change);
        Ok(())
    }

    /// Makes the change that `decide` asks for: in the store first, then here, and for the next request.
    async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        decide: impl FnOnce(&Model) -> Result<(Change, T), Error> + Send + 'static,
    ) -> Result<T, Error> {
        let this = Arc::clone(self);
        let changed = self.background.spawn(async move {
            let mut model = this.model.lock().await;
            let (change, answer) = decide(&model)?;
            this.store.apply(&change).await?;
            model.apply(&change);
            let directory = Directory::of(&model, &this.directory.load());
            this.directory.store(Arc::new(directory));
            Ok(answer)
        });
        changed
            .await
            .map_err(|error| Error::Store(StoreError::Failed(error.to_string())))?
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// Shown in messages.
impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Platform => f.write_str("admin"),
            Self::Project { project, role } => write!(f, "{role} of {project}"),
        }
    }
}
