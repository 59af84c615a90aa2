//! Results of nodes that may be reused for equal arguments.

use std::time::Duration;

use jiff::Timestamp;
use weft_types::{Digest, Value};

use crate::recent::Recent;

/// Results by what they depend on, the most recently used ones, each for as long as its node allows.
pub(crate) struct Results(Recent<Digest, (Option<Value>, Timestamp)>);

/// What an entry weighs beside its value.
const ENTRY: usize = 256;

impl Results {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Recent::new(bytes))
    }

    /// An earlier result; none inside is that of a function without one.
    pub(crate) fn get(&self, key: Digest, now: Timestamp) -> Option<Option<Value>> {
        let (result, until) = self.0.get(&key)?;
        if until > now {
            return Some(result);
        }
        self.0.remove(&key);
        None
    }

    pub(crate) fn insert(&self, key: Digest, result: Option<Value>, now: Timestamp, lifetime: Duration) {
        let weight = match &result {
            Some(Value::Direct(image)) => image.as_bytes().len(),
            Some(Value::Address(_)) | None => 0,
        };
        let until = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        self.0.insert(key, (result, until), weight + ENTRY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_lives_as_long_as_allowed() {
        let (results, key) = (Results::new(10_000), Digest::of(b"key"));
        let start = Timestamp::UNIX_EPOCH;
        results.insert(key, None, start, Duration::from_secs(5));
        assert_eq!(results.get(key, start + Duration::from_secs(4)), Some(None));
        assert_eq!(results.get(key, start + Duration::from_secs(5)), None);
        assert_eq!(results.get(key, start), None, "it is forgotten");
    }
}
