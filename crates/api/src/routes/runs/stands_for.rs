//! What an idempotency key stands for: all that a request asks for, its terms included.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use weft_types::{Digest, Priority};

/// The terms of a start that its body does not tell.
#[derive(Clone, Default, PartialEq, Serialize)]
pub(super) struct Terms<'a> {
    pub(super) priority: Option<Priority>,
    pub(super) timeout: Option<Duration>,
    pub(super) group: Option<&'a str>,
    pub(super) labels: Option<&'a BTreeMap<String, String>>,
    pub(super) webhook: Option<&'a str>,
}

impl Terms<'_> {
    /// The hash of a request that asks for these terms, given that of its body. Without any it is the same, so that a call and a
    /// start which ask for the same are one.
    pub(super) fn with(&self, body: Digest) -> Digest {
        if *self == Self::default() {
            return body;
        }
        let mut request = body.as_bytes().to_vec();
        // The members are texts, numbers and a map of texts, so they always serialize.
        request.extend(serde_json::to_vec(self).unwrap_or_default());
        Digest::of(&request)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
mod tests {
    use super::*;

    #[test]
    fn every_term_makes_another_request() {
        let body = Digest::of(b"body");
        let label = |value: &str| BTreeMap::from([("stage".to_owned(), value.to_owned())]);
        let (one, other) = (label("test"), label("live"));
        let none = Terms::default();
        #[rustfmt::skip]
        let terms = [
            Terms { priority: Some(Priority::High), ..none.clone() },
            Terms { priority: Some(Priority::Low), ..none.clone() },
            Terms { timeout: Some(Duration::from_secs(1)), ..none.clone() },
            Terms { timeout: Some(Duration::from_millis(1001)), ..none.clone() },
            Terms { group: Some("a"), ..none.clone() },
            Terms { webhook: Some("a"), ..none.clone() },
            Terms { labels: Some(&one), ..none.clone() },
            Terms { labels: Some(&other), ..none.clone() },
        ];
        let mut requests: Vec<_> = terms.iter().map(|terms| terms.with(body)).collect();
        assert_eq!(none.with(body), body);
        requests.push(body);
        requests.sort_unstable_by_key(|digest| *digest.as_bytes());
        requests.dedup();
        assert_eq!(requests.len(), terms.len() + 1);
        assert_eq!(terms[0].with(body), terms[0].with(body));
        assert_ne!(terms[0].with(body), terms[0].with(Digest::of(b"others")));
    }
}
