//! Callers' idempotency keys: the same key and request is the same run.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use weft_types::{Digest, FunctionName, ProjectName, RunId};

use crate::open_run::Outcome;
use crate::port::journal::Key;

mod outcomes;

use outcomes::Outcomes;

/// The keys that have not expired. What is durable of them is in the journal; this is rebuilt from it.
///
/// A key is never forgotten early, as the call behind it would be executed twice: where too many are remembered, new ones are
/// refused.
pub(crate) struct Keys {
    most: usize,
    most_outcome_bytes: usize,
    inner: Mutex<Inner>,
}

/// So many times too many are not worth a look.
const FEW: usize = 64;

#[derive(Default)]
struct Inner {
    entries: HashMap<Name, Entry>,
    /// In the order in which they were taken, which is that in which they expire: all live equally long.
    expiring: VecDeque<(Timestamp, Name)>,
    outcomes: Outcomes,
}

/// The hash of project, workflow and key: what a caller chose may be long.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Name([u8; 16]);

struct Entry {
    request: Digest,
    run: RunId,
    expires_at: Timestamp,
    /// Whether the run is there already.
    begun: bool,
}

/// What a key stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Nothing so far: it is the caller's now.
    Taken,
    /// The same request, which this run answers.
    Same(Same),
    /// The same request, which its run will answer once it is there.
    Beginning,
    /// Another request.
    Other,
    /// Too many keys are remembered already.
    Full,
}

/// The run that a key stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Same {
    /// Which is to be looked for.
    Run(RunId),
    /// Which has ended so.
    Ended(Arc<Outcome>),
}

impl Keys {
    /// Holds at most so many keys, and so many bytes of outcomes.
    pub(crate) fn new(most: usize, most_outcome_bytes: usize) -> Self {
        Self {
            most,
            most_outcome_bytes,
            inner: Mutex::default(),
        }
    }

    /// Takes the keys that were found at start.
    pub(crate) fn restore(&self, mut keys: Vec<Key>) {
        keys.sort_unstable_by_key(|key| key.expires_at);
        let mut inner = self.lock();
        for key in keys {
            inner.insert(
                Name::of(&key.project, &key.workflow, &key.key),
                Entry::of(&key, true),
            );
        }
    }

    /// Takes a key for a run, unless it stands for one already.
    pub(crate) fn claim(&self, key: &Key, now: Timestamp) -> Claim {
        let name = Name::of(&key.project, &key.workflow, &key.key);
        let mut inner = self.lock();
        inner.expire(now);
        if let Some(entry) = inner.entries.get(&name) {
            return match (entry.request == key.request, entry.begun) {
                (false, _) => Claim::Other,
                (true, true) => Claim::Same(match inner.outcomes.get(name) {
                    Some(outcome) => Same::Ended(outcome),
                    None => Same::Run(entry.run),
                }),
                (true, false) => Claim::Beginning,
            };
        }
        if inner.entries.len() >= self.most {
            return Claim::Full;
        }
        inner.insert(name, Entry::of(key, false));
        Claim::Taken
    }

    /// The run is there that a key was taken for.
    pub(crate) fn begin(&self, key: &Key) {
        let name = Name::of(&key.project, &key.workflow, &key.key);
        if let Some(entry) = self.lock().entries.get_mut(&name) {
            entry.begun |= entry.run == key.run;
        }
    }

    /// Gives a key back that was taken for a run which then was refused.
    pub(crate) fn release(&self, key: &Key) {
        let name = Name::of(&key.project, &key.workflow, &key.key);
        let mut inner = self.lock();
        if inner.entries.get(&name).is_some_and(|entry| entry.run == key.run) {
            inner.entries.remove(&name);
            inner.purge();
        }
    }

    /// The run has ended that a key was taken for, and nobody else may know how. Kept for as long as the key, where there is room.
    pub(crate) fn ended(&self, key: &Key, outcome: &Arc<Outcome>) {
        let name = Name::of(&key.project, &key.workflow, &key.key);
        let mut inner = self.lock();
        if inner.entries.get(&name).is_some_and(|entry| entry.run == key.run) {
            inner
                .outcomes
                .put(name, &key.project, outcome, self.most_outcome_bytes);
        }
    }

    /// The blobs that results lie in which are kept here.
    pub(crate) fn blobs(&self) -> Vec<(ProjectName, Digest)> {
        self.lock().outcomes.blobs()
    }

    /// How many are remembered.
    pub(crate) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn insert(&mut self, name: Name, entry: Entry) {
        self.expiring.push_back((entry.expires_at, name));
        self.entries.insert(name, entry);
    }

    /// Forgets the times of keys that were given back, once they are the most: else callers who are refused again and again would
    /// leave one behind each time.
    fn purge(&mut self) {
        if self.expiring.len() <= 2 * self.entries.len() + FEW {
            return;
        }
        let entries = &self.entries;
        let is_there = |(expires_at, name): &(Timestamp, Name)| {
            let entry = entries.get(name);
            entry.is_some_and(|entry| entry.expires_at == *expires_at)
        };
        self.expiring.retain(is_there);
    }

    fn expire(&mut self, now: Timestamp) {
        while let Some(&(expires_at, name)) = self.expiring.front()
            && expires_at <= now
        {
            self.expiring.pop_front();
            // A key that was given back and taken again expires with its later entry.
            if self
                .entries
                .get(&name)
                .is_some_and(|entry| entry.expires_at <= now)
            {
                self.entries.remove(&name);
                self.outcomes.remove(name);
            }
        }
    }
}

impl Entry {
    fn of(key: &Key, begun: bool) -> Self {
        Self {
            begun,
            request: key.request,
            run: key.run,
            expires_at: key.expires_at,
        }
    }
}

impl Name {
    fn of(project: &ProjectName, workflow: &FunctionName, key: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        // Names hold no zero byte.
        for part in [project.as_str(), workflow.as_str()] {
            hasher.update(part.as_bytes()).update(&[0]);
        }
        hasher.update(key.as_bytes());
        let mut name = [0; 16];
        name.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(name)
    }
}

#[cfg(test)]
mod tests;
