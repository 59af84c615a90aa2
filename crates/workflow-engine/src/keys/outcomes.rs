//! How runs ended of which the journal knows nothing.

use std::collections::HashMap;
use std::sync::Arc;

use weft_types::{Address, Digest, ProjectName, Value};

use super::Name;
use crate::open_run::Outcome;

/// Outcomes by key.
#[derive(Default)]
pub(super) struct Outcomes {
    kept: HashMap<Name, (ProjectName, Arc<Outcome>)>,
    bytes: usize,
}

/// What one takes beside its values.
const OUTCOME: usize = 512;

impl Outcomes {
    pub(super) fn get(&self, name: Name) -> Option<Arc<Outcome>> {
        self.kept.get(&name).map(|(_, outcome)| Arc::clone(outcome))
    }

    /// Keeps an outcome, unless there would be more bytes than `most`.
    pub(super) fn put(&mut self, name: Name, project: &ProjectName, outcome: &Arc<Outcome>, most: usize) {
        let bytes = weight(outcome);
        if self.bytes.saturating_add(bytes) <= most {
            self.remove(name);
            self.bytes += bytes;
            self.kept.insert(name, (project.clone(), Arc::clone(outcome)));
        }
    }

    pub(super) fn remove(&mut self, name: Name) {
        if let Some((_, outcome)) = self.kept.remove(&name) {
            self.bytes -= weight(&outcome);
        }
    }

    pub(super) fn blobs(&self) -> Vec<(ProjectName, Digest)> {
        let results = self.kept.values();
        let blobs = results.filter_map(|(project, outcome)| match &outcome.result {
            Some(Value::Address(Address::Blob(address))) => Some((project.clone(), address.digest)),
            Some(Value::Direct(_)) | None => None,
        });
        blobs.collect()
    }
}

fn weight(outcome: &Outcome) -> usize {
    let result = match &outcome.result {
        Some(Value::Direct(image)) => image.as_bytes().len(),
        Some(Value::Address(_)) | None => 0,
    };
    let failure = outcome.failure.as_ref().map_or(0, |(_, error)| {
        let value = match &error.value {
            Some(weft_workflow::event::Stored::Direct(bytes)) => bytes.len(),
            Some(weft_workflow::event::Stored::Address(_)) | None => 0,
        };
        error.message.len() + value
    });
    OUTCOME + result + failure
}
