//! Results of nodes that may be reused for equal arguments.

use std::time::Duration;

use jiff::Timestamp;
use weft_types::{Address, Digest, ProjectName, Value};

use crate::recent::Recent;

/// Results by what they depend on, the most recently used ones, each for as long as its node allows.
pub(crate) struct Results(Recent<Digest, Kept>);

#[derive(Clone)]
struct Kept {
    project: ProjectName,
    result: Option<Value>,
    until: Timestamp,
}

/// What an entry weighs beside its value.
const ENTRY: usize = 256;

impl Results {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Recent::new(bytes))
    }

    /// An earlier result; none inside is that of a function without one.
    pub(crate) fn get(&self, key: Digest, now: Timestamp) -> Option<Option<Value>> {
        let kept = self.0.get(&key)?;
        if kept.until > now {
            return Some(kept.result);
        }
        self.0.remove(&key);
        None
    }

    /// Keeps a result of a project's node.
    pub(crate) fn insert(
        &self,
        key: Digest,
        (project, result): (ProjectName, Option<Value>),
        now: Timestamp,
        lifetime: Duration,
    ) {
        let weight = match &result {
            Some(Value::Direct(image)) => image.as_bytes().len(),
            Some(Value::Address(_)) | None => 0,
        };
        let until = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        let kept = Kept {
            project,
            result,
            until,
        };
        self.0.insert(key, kept, weight + ENTRY);
    }

    /// The blobs that results lie in.
    pub(crate) fn blobs(&self) -> Vec<(ProjectName, Digest)> {
        self.0.filter_map(|kept| match &kept.result {
            Some(Value::Address(Address::Blob(address))) => Some((kept.project.clone(), address.digest)),
            Some(Value::Direct(_)) | None => None,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
mod tests {
    use super::*;

    #[test]
    fn a_result_lives_as_long_as_allowed() {
        let (results, key) = (Results::new(10_000), Digest::of(b"key"));
        let start = Timestamp::UNIX_EPOCH;
        let project = "shop".parse().unwrap();
        results.insert(key, (project, None), start, Duration::from_secs(5));
        assert_eq!(results.get(key, start + Duration::from_secs(4)), Some(None));
        assert_eq!(results.get(key, start + Duration::from_secs(5)), None);
        assert_eq!(results.get(key, start), None, "it is forgotten");
    }
}
