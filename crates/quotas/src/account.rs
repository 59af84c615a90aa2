//! What is counted of one project.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use weft_types::ProjectName;

use crate::{Exceeded, Limits, Quota, allows};

/// What a project uses, and how much of it it may. Shared by all who count.
#[derive(Debug)]
pub struct Account {
    project: ProjectName,
    /// By the order of [`Quota::ALL`].
    limits: [AtomicU64; Quota::ALL.len()],
    calls: Count,
    runs: Count,
    stored: Mutex<Stored>,
}

/// On a cache line of its own: every call of the project changes it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Count(AtomicU64);

/// What a project has stored, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// What was uploaded, each file once.
    pub code: u64,
    /// Blobs that it sees, each once.
    pub blobs: u64,
    /// Keys and values.
    pub key_values: u64,
}

/// What of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What was uploaded.
    Code,
    /// Blobs.
    Blobs,
    /// Keys and values.
    KeyValues,
}

/// One call or run that counts until this is dropped.
#[derive(Debug)]
pub struct Held {
    account: Arc<Account>,
    quota: Passing,
}

/// What is held for a time.
#[derive(Clone, Copy, Debug)]
enum Passing {
    Call,
    Run,
}

impl Account {
    pub(crate) fn new(project: ProjectName, limits: &Limits) -> Self {
        let account = Self {
            project,
            limits: Default::default(),
            calls: Count::default(),
            runs: Count::default(),
            stored: Mutex::default(),
        };
        account.set_limits(limits);
        account
    }

    pub(crate) fn set_limits(&self, limits: &Limits) {
        for (quota, limit) in Quota::ALL.into_iter().zip(&self.limits) {
            limit.store(limits.get(quota).unwrap_or(0), SeqCst);
        }
    }

    /// How much there may be; 0 for no limit.
    #[must_use]
    pub fn limit(&self, quota: Quota) -> u64 {
        // The order of the variants is that of the array.
        self.limits[quota as usize].load(SeqCst)
    }

    /// Decides about what is counted elsewhere. Whoever asks lets nobody else count meanwhile.
    ///
    /// # Errors
    /// Where it is too much.
    pub fn check(&self, quota: Quota, used: u64, more: u64) -> Result<(), Exceeded> {
        let limit = self.limit(quota);
        match allows(limit, used, more) {
            true => Ok(()),
            false => Err(Exceeded {
                project: self.project.clone(),
                quota,
                limit,
                used,
                more,
            }),
        }
    }

    /// Begins a call.
    ///
    /// # Errors
    /// Where there are as many as may be.
    pub fn begin_call(self: &Arc<Self>) -> Result<Held, Exceeded> {
        self.begin(Passing::Call)
    }

    /// Begins a run. One of a project that has stored too much is refused as well, as the values of a run that was accepted are
    /// stored whatever they take.
    ///
    /// # Errors
    /// Where there are as many as may be, or there is no room for their values.
    pub fn begin_run(self: &Arc<Self>) -> Result<Held, Exceeded> {
        let used = self.stored().sum();
        self.check(Quota::StorageBytes, used, 1)?;
        self.begin(Passing::Run)
    }

    /// Counts a run that was accepted before, however many there are.
    #[must_use]
    pub fn resume_run(self: &Arc<Self>) -> Held {
        self.runs.0.fetch_add(1, SeqCst);
        self.held(Passing::Run)
    }

    fn begin(self: &Arc<Self>, passing: Passing) -> Result<Held, Exceeded> {
        let quota = passing.quota();
        let limit = self.limit(quota);
        let count = self.count(passing);
        if limit == 0 {
            count.fetch_add(1, SeqCst);
            return Ok(self.held(passing));
        }
        // Never counted where it is refused, so that it takes no other's place, not even for a moment.
        match count.fetch_update(SeqCst, SeqCst, |used| allows(limit, used, 1).then_some(used + 1)) {
            Ok(_) => Ok(self.held(passing)),
            Err(used) => Err(Exceeded {
                project: self.project.clone(),
                quota,
                limit,
                used,
                more: 1,
            }),
        }
    }

    fn held(self: &Arc<Self>, quota: Passing) -> Held {
        Held {
            account: Arc::clone(self),
            quota,
        }
    }

    fn count(&self, passing: Passing) -> &AtomicU64 {
        match passing {
            Passing::Call => &self.calls.0,
            Passing::Run => &self.runs.0,
        }
    }

    /// Calls at once.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.0.load(SeqCst)
    }

    /// Runs that have not ended.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.runs.0.load(SeqCst)
    }

    /// What is stored.
    #[must_use]
    pub fn stored(&self) -> Stored {
        *self.lock_stored()
    }

    /// Takes room for bytes that are about to be stored, to be [given back](Self::free) where they are not.
    ///
    /// # Errors
    /// Where there is not enough.
    pub fn store(&self, part: Part, more: u64) -> Result<(), Exceeded> {
        let mut stored = self.lock_stored();
        self.check(Quota::StorageBytes, stored.sum(), more)?;
        stored.add(part, more);
        Ok(())
    }

    /// Counts bytes that are stored, whatever the limit is.
    pub fn note_stored(&self, part: Part, bytes: u64) {
        self.lock_stored().add(part, bytes);
    }

    /// Counts bytes that are stored no longer.
    pub fn free(&self, part: Part, bytes: u64) {
        let mut stored = self.lock_stored();
        let of_part = stored.part(part);
        *of_part = of_part.saturating_sub(bytes);
    }

    /// Poisoned or not: nothing is left half done.
    fn lock_stored(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    /// All of it.
    #[must_use]
    pub fn sum(&self) -> u64 {
        let Self {
            code,
            blobs,
            key_values,
        } = *self;
        code.saturating_add(blobs).saturating_add(key_values)
    }

    fn add(&mut self, part: Part, bytes: u64) {
        let of_part = self.part(part);
        *of_part = of_part.saturating_add(bytes);
    }

    fn part(&mut self, part: Part) -> &mut u64 {
        match part {
            Part::Code => &mut self.code,
            Part::Blobs => &mut self.blobs,
            Part::KeyValues => &mut self.key_values,
        }
    }
}

impl Passing {
    fn quota(self) -> Quota {
        match self {
            Self::Call => Quota::ConcurrentCalls,
            Self::Run => Quota::OpenRuns,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.account.count(self.quota).fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests;
