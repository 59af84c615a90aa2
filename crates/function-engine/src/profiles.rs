//! Pool profiles: read, changed while calls are under way, and applied to the pools that follow from them.

use std::collections::BTreeMap;
use std::sync::Arc;

use weft_pool::{Profile, ProfileError};

use crate::deployed::DEFAULT_PROFILE;
use crate::engine::Inner;
use crate::port::{Origin, ProfileStore, Written};
use crate::{Engine, Error, Profiles};

mod apply;
mod book;

pub(crate) use book::Book;

/// A pool profile, and who uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileView {
    /// Its name.
    pub name: String,
    /// What is in force.
    pub profile: Profile,
    /// Its text.
    pub text: String,
    /// Where it is from.
    pub origin: Origin,
    /// Why what is written now is not in force, where it is not.
    pub refused: Option<String>,
    /// The active versions that use it, as `project/function@version`.
    pub used_by: Vec<String>,
}

/// What a change of profiles led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChanges {
    /// Profiles that were added or changed.
    pub changed: Vec<String>,
    /// Profiles that are gone.
    pub removed: Vec<String>,
    /// Those that stay as they were, each with the reason.
    pub refused: BTreeMap<String, String>,
    /// Pools that were replaced by new ones; the old ones serve their last calls.
    pub replaced: usize,
}

impl Engine {
    /// Hands over where profiles are written down, which is read at once. Only the first time counts.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn attach_profiles(&self, store: Arc<dyn ProfileStore>) -> Result<ProfileChanges, Error> {
        let _ = self.0.profile_store.set(store);
        self.reload_profiles().await
    }

    /// Takes up what was written of profiles since the last time. What is not valid, or would leave an active version without a
    /// pool, is refused and stays as it was.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn reload_profiles(&self) -> Result<ProfileChanges, Error> {
        let inner = Arc::clone(&self.0);
        self.0
            .in_background(async move { inner.reload_profiles().await })
            .await
    }

    /// Writes a profile down and applies it; answers what it changed. Pools under it are replaced, and no call fails.
    ///
    /// # Errors
    /// Where the text is not a valid profile, active versions could not execute under it, or it cannot be written; nothing has
    /// changed then.
    pub async fn put_profile(&self, name: &str, text: String) -> Result<ProfileChanges, Error> {
        let profile = Profile::parse(name, &text)?;
        let (inner, name) = (Arc::clone(&self.0), name.to_owned());
        self.0
            .in_background(async move { inner.put_profile(name, profile, text).await })
            .await
    }

    /// Removes a profile, or brings the one back that came with the server.
    ///
    /// # Errors
    /// Where there is none, it came with the server, active versions use it, or it cannot be removed; nothing has changed then.
    pub async fn delete_profile(&self, name: &str) -> Result<ProfileChanges, Error> {
        let (inner, name) = (Arc::clone(&self.0), name.to_owned());
        self.0
            .in_background(async move { inner.delete_profile(name).await })
            .await
    }

    /// Every profile, in the order of their names.
    #[must_use]
    pub fn profile_views(&self) -> Vec<ProfileView> {
        let profiles = self.profiles();
        let book = self.0.book.lock();
        let view = |(name, profile): (&String, &Profile)| self.0.view(&book, name, profile);
        profiles.iter().map(view).collect()
    }

    /// A profile.
    ///
    /// # Errors
    /// Where there is none of this name.
    pub fn profile_view(&self, name: &str) -> Result<ProfileView, Error> {
        let profiles = self.profiles();
        let profile = profiles.get(name).ok_or_else(|| self.0.no_profile(name))?;
        Ok(self.0.view(&self.0.book.lock(), name, profile))
    }
}

impl Inner {
    fn view(&self, book: &book::Entries, name: &str, profile: &Profile) -> ProfileView {
        let entry = book.get(name);
        ProfileView {
            name: name.to_owned(),
            profile: profile.clone(),
            text: entry.map(|entry| entry.text.clone()).unwrap_or_default(),
            origin: entry.map_or(Origin::BuiltIn, |entry| entry.origin),
            refused: entry.and_then(|entry| entry.refused.clone()),
            used_by: self.users(name),
        }
    }

    fn store(&self) -> Result<Arc<dyn ProfileStore>, Error> {
        self.profile_store.get().cloned().ok_or(Error::ProfilesFixed)
    }

    async fn read_profiles(&self) -> Result<BTreeMap<String, Written>, Error> {
        let store = self.store()?;
        Ok(self.blocking(move || store.read()).await??)
    }

    async fn reload_profiles(self: &Arc<Self>) -> Result<ProfileChanges, Error> {
        let _only = self.changing_profiles.lock().await;
        self.take_up().await
    }

    /// Takes up what is written. Only by who may change profiles.
    async fn take_up(self: &Arc<Self>) -> Result<ProfileChanges, Error> {
        let written = self.read_profiles().await?;
        let before = self.profiles.load_full();
        let steps = self.book.compare(&before, &written);
        let mut changes = ProfileChanges {
            refused: steps.refused,
            ..ProfileChanges::default()
        };
        for (name, profile) in steps.changes {
            let mut next = Profiles::clone(&self.profiles.load());
            let removed = profile.is_none();
            match profile {
                Some(profile) => drop(next.insert(name.clone(), profile)),
                None => drop(next.remove(&name)),
            }
            match self.apply(next).await {
                Ok(replaced) => {
                    changes.replaced += replaced;
                    let list = if removed {
                        &mut changes.removed
                    } else {
                        &mut changes.changed
                    };
                    list.push(name);
                }
                Err(error) => drop(changes.refused.insert(name, error.to_string())),
            }
        }
        self.book.note(&self.profiles.load(), &written, &changes.refused);
        for (profile, reason) in &changes.refused {
            tracing::error!(profile, reason, "a pool profile is refused and stays as it was");
        }
        if !changes.changed.is_empty() || !changes.removed.is_empty() {
            let ProfileChanges {
                changed,
                removed,
                replaced,
                ..
            } = &changes;
            tracing::info!(?changed, ?removed, pools = replaced, "pool profiles are taken up");
        }
        Ok(changes)
    }

    async fn put_profile(
        self: &Arc<Self>,
        name: String,
        profile: Profile,
        text: String,
    ) -> Result<ProfileChanges, Error> {
        let store = self.store()?;
        let _only = self.changing_profiles.lock().await;
        let mut next = Profiles::clone(&self.profiles.load());
        next.insert(name.clone(), profile);
        if next.len() > MOST_PROFILES {
            return Err(Error::TooManyProfiles(MOST_PROFILES));
        }
        // Asked before anything is written; asked again when it is applied.
        self.check_profiles(&next).await?;
        self.blocking(move || store.write(&name, &text)).await??;
        self.take_up().await
    }

    async fn delete_profile(self: &Arc<Self>, name: String) -> Result<ProfileChanges, Error> {
        let store = self.store()?;
        let _only = self.changing_profiles.lock().await;
        let before = self.profiles.load_full();
        if !before.contains_key(&name) {
            return Err(self.no_profile(&name));
        }
        let origin = self.book.lock().get(&name).map(|entry| entry.origin);
        match origin {
            Some(Origin::File) => {
                let mut next = Profiles::clone(&before);
                next.remove(&name);
                self.check_profiles(&next).await?;
            }
            Some(Origin::Override) => {}
            Some(Origin::BuiltIn) | None => return Err(Error::BuiltInProfile(name)),
        }
        self.blocking(move || store.remove(&name)).await??;
        self.take_up().await
    }

    fn no_profile(&self, name: &str) -> Error {
        Error::NoProfile {
            profile: name.to_owned(),
            known: self.profiles.load().keys().cloned().collect(),
        }
    }
}

/// Most profiles there may be.
pub(crate) const MOST_PROFILES: usize = 1_000;

impl From<ProfileError> for Error {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Invalid {
                name,
                line,
                column,
                message,
            } => Self::InvalidProfile {
                profile: name,
                line,
                column,
                message,
            },
            error @ (ProfileError::Name(_) | ProfileError::Io { .. }) => Self::Platform(error.to_string()),
        }
    }
}

/// The profile that is always there.
pub(crate) fn check_default(profiles: &Profiles) -> Result<(), Error> {
    if profiles.contains_key(DEFAULT_PROFILE) {
        return Ok(());
    }
    Err(Error::UnknownProfile {
        profile: DEFAULT_PROFILE.to_owned(),
        known: profiles.keys().cloned().collect(),
    })
}
