//! The secrets of a server.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use weft_types::{ProjectName, SecretName, SecretText};

use crate::keys::Keys;
use crate::port::{SecretStore, StoreError};
use crate::sealed::{NONCE, Open, Sealed};

#[cfg(test)]
mod tests;

type Known = BTreeMap<ProjectName, BTreeMap<SecretName, Arc<Sealed>>>;

/// Sets, deletes and finds secrets. They stay encrypted in memory, too, until they are to be sent.
pub struct Vault {
    store: Arc<dyn SecretStore>,
    keys: Keys,
    known: ArcSwap<Known>,
    /// Held while something changes, the store's answer included: changes happen one after another.
    changes: Mutex<()>,
    /// Changes that have begun go on here, whoever waits for them.
    background: Handle,
}

/// What may be told of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// What it is called.
    pub name: SecretName,
    /// When it was first set.
    pub created_at: Timestamp,
    /// When it was last set.
    pub updated_at: Timestamp,
}

/// Why secrets could not be had or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A stored one cannot be decrypted.
    #[error(
        "the secret `{name}` of `{project}` cannot be decrypted: its key is not in the file of keys, or it was damaged"
    )]
    Undecryptable {
        /// Its project.
        project: ProjectName,
        /// What it is called.
        name: SecretName,
    },
    /// A project has none of this name.
    #[error("`{project}` has no secret `{name}`")]
    NoSecret {
        /// The project.
        project: ProjectName,
        /// What was looked for.
        name: SecretName,
    },
    /// A project has as many as it may.
    #[error("`{0}` has {max} secrets, the most it may have; delete some first", max = Vault::MAX_SECRETS)]
    TooMany(ProjectName),
    /// The system has no random bytes, or the cipher failed.
    #[error("the secret could not be encrypted: {0}")]
    Unencrypted(String),
    /// They were not kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Vault {
    /// Most secrets of a project.
    pub const MAX_SECRETS: usize = 256;

    /// Reads what the store keeps and makes sure that all of it opens. What is not encrypted with the first key is encrypted anew
    /// with it, in one step. Changes are made on the current tokio runtime.
    ///
    /// # Errors
    /// Where a secret does not open, or the store fails.
    pub async fn open(store: Arc<dyn SecretStore>, keys: Keys) -> Result<Arc<Self>, Error> {
        let (mut known, mut renewed) = (Known::new(), Vec::new());
        for sealed in store.load().await? {
            let sealed = match renew(&sealed, &keys)? {
                Some(anew) => {
                    renewed.push(anew.clone());
                    anew
                }
                None => sealed,
            };
            let of_project = known.entry(sealed.project.clone()).or_default();
            of_project.insert(sealed.name.clone(), Arc::new(sealed));
        }
        if !renewed.is_empty() {
            store.put(renewed).await?;
        }
        Ok(Arc::new(Self {
            store,
            keys,
            known: ArcSwap::from_pointee(known),
            changes: Mutex::default(),
            background: Handle::current(),
        }))
    }

    /// The secrets of a project, in order of their names, without their texts.
    #[must_use]
    pub fn list(&self, project: &ProjectName) -> Vec<Secret> {
        let known = self.known.load();
        let secrets = known.get(project).into_iter().flat_map(BTreeMap::values);
        secrets.map(|sealed| Secret::of(sealed)).collect()
    }

    /// The text of a secret, for what sends it; none where there is none. Takes no lock.
    #[must_use]
    pub fn text(&self, project: &ProjectName, name: &SecretName) -> Option<SecretText> {
        let sealed = Arc::clone(self.known.load().get(project)?.get(name)?);
        sealed.open(&self.keys)
    }

    /// Sets a secret, in force with the next request that names it. Answers whether it is new. Its times are in whole microseconds, as
    /// stores keep them.
    ///
    /// # Errors
    /// Where the project has too many, or it was not kept.
    pub async fn set(
        self: &Arc<Self>,
        project: ProjectName,
        name: SecretName,
        text: SecretText,
        now: Timestamp,
    ) -> Result<(Secret, bool), Error> {
        let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        self.change(move |keys, known| {
            let of_project = known.get(&project);
            let before = of_project.and_then(|secrets| secrets.get(&name));
            if before.is_none() && of_project.map_or(0, BTreeMap::len) >= Self::MAX_SECRETS {
                return Err(Error::TooMany(project));
            }
            let open = Open {
                project: &project,
                name: &name,
                text: &text,
                created_at: before.map_or(now, |before| before.created_at),
                updated_at: now,
            };
            let sealed = seal(open, keys)?;
            let answer = (Secret::of(&sealed), before.is_none());
            Ok((Change::Put(sealed), answer))
        })
        .await
    }

    /// Deletes a secret; requests that name it are refused from the next one on.
    ///
    /// # Errors
    /// Where there is none, or the store fails.
    pub async fn delete(self: &Arc<Self>, project: ProjectName, name: SecretName) -> Result<(), Error> {
        self.change(move |_, known| {
            let found = known
                .get(&project)
                .is_some_and(|secrets| secrets.contains_key(&name));
            match found {
                true => Ok((Change::Delete(project, Some(name)), ())),
                false => Err(Error::NoSecret { project, name }),
            }
        })
        .await
    }

    /// Forgets the secrets of a project that is gone.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn forget_project(self: &Arc<Self>, project: ProjectName) -> Result<(), Error> {
        self.change(move |_, _| Ok((Change::Delete(project, None), ())))
            .await
    }

    /// Makes the change that `decide` asks for: in the store first, then here.
    async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        decide: impl FnOnce(&Keys, &Known) -> Result<(Change, T), Error> + Send + 'static,
    ) -> Result<T, Error> {
        let vault = Arc::clone(self);
        let changed = self.background.spawn(async move {
            let _turn = vault.changes.lock().await;
            let mut known = Known::clone(&vault.known.load());
            let (change, answer) = decide(&vault.keys, &known)?;
            change.store(&*vault.store).await?;
            change.apply(&mut known);
            vault.known.store(Arc::new(known));
            Ok(answer)
        });
        changed
            .await
            .map_err(|error| Error::Store(StoreError::Failed(error.to_string())))?
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

impl Secret {
    fn of(sealed: &Sealed) -> Self {
        Self {
            name: sealed.name.clone(),
            created_at: sealed.created_at,
            updated_at: sealed.updated_at,
        }
    }
}

enum Change {
    Put(Sealed),
    /// One secret of a project, or all.
    Delete(ProjectName, Option<SecretName>),
}

impl Change {
    async fn store(&self, store: &dyn SecretStore) -> Result<(), StoreError> {
        match self {
            Self::Put(sealed) => store.put(vec![sealed.clone()]).await,
            Self::Delete(project, name) => store.delete(project, name.as_ref()).await,
        }
    }

    fn apply(self, known: &mut Known) {
        match self {
            Self::Put(sealed) => {
                let of_project = known.entry(sealed.project.clone()).or_default();
                of_project.insert(sealed.name.clone(), Arc::new(sealed));
            }
            Self::Delete(project, None) => {
                known.remove(&project);
            }
            Self::Delete(project, Some(name)) => {
                if let Some(of_project) = known.get_mut(&project) {
                    of_project.remove(&name);
                }
            }
        }
    }
}

/// Encrypts a stored secret anew, where it is not with the first key.
fn renew(sealed: &Sealed, keys: &Keys) -> Result<Option<Sealed>, Error> {
    let text = sealed.open(keys).ok_or_else(|| Error::Undecryptable {
        project: sealed.project.clone(),
        name: sealed.name.clone(),
    })?;
    if sealed.key == keys.first().id {
        return Ok(None);
    }
    let open = Open {
        project: &sealed.project,
        name: &sealed.name,
        text: &text,
        created_at: sealed.created_at,
        updated_at: sealed.updated_at,
    };
    seal(open, keys).map(Some)
}

fn seal(open: Open<'_>, keys: &Keys) -> Result<Sealed, Error> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|error| Error::Unencrypted(error.to_string()))?;
    let sealed = open.seal(keys.first(), nonce);
    sealed.ok_or_else(|| Error::Unencrypted("the cipher failed".to_owned()))
}
