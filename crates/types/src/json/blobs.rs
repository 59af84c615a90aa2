//! Values by address within JSON: `{"$blob": "<digest>"}` wherever a value is.
//!
//! No name of WIT begins with `$`, so such an object is never a value of its own. A text is searched for the mark first;
//! only one that has it is read with the blobs at hand, which were fetched in between.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;

use crate::Digest;

/// The key by which a blob stands for a value, as it is written.
const MARK: &str = "\"$blob\"";
/// Most bytes a text may have that names blobs: it is read again at each level of nesting.
pub const MAX_TEXT: usize = 1 << 20;

/// Blobs at hand.
#[derive(Clone, Debug, Default)]
pub struct Blobs(BTreeMap<Digest, Bytes>);

/// A value by address.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named<'a> {
    #[serde(rename = "$blob", borrow)]
    digest: std::borrow::Cow<'a, str>,
}

/// Whether a text may name blobs.
#[must_use]
pub fn names_blobs(json: &[u8]) -> bool {
    memmem::find(json, MARK.as_bytes()).is_some()
}

/// The blobs that a text names, and perhaps some that it only seems to.
#[must_use]
pub fn named_blobs(json: &[u8]) -> BTreeSet<Digest> {
    let behind = |at| {
        let rest = json[at + MARK.len()..].trim_ascii_start().strip_prefix(b":")?;
        let rest = rest.trim_ascii_start().strip_prefix(b"\"")?;
        let end = memchr::memchr(b'"', rest)?;
        std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
    };
    memmem::find_iter(json, MARK.as_bytes())
        .filter_map(behind)
        .collect()
}

impl Blobs {
    /// The bytes of a blob.
    pub(super) fn get(&self, digest: Digest) -> Result<&Bytes, String> {
        self.0
            .get(&digest)
            .ok_or_else(|| format!("there is no blob {digest}"))
    }
}

impl FromIterator<(Digest, Bytes)> for Blobs {
    fn from_iter<I: IntoIterator<Item = (Digest, Bytes)>>(blobs: I) -> Self {
        Self(blobs.into_iter().collect())
    }
}

/// The digest that stands for a value, if a text is one by address.
pub(super) fn address(json: &str) -> Option<Result<Digest, String>> {
    let inner = json.trim_ascii_start().strip_prefix('{')?;
    if !inner.trim_ascii_start().starts_with(MARK) {
        return None;
    }
    let named = serde_json::from_str::<Named<'_>>(json)
        .map_err(|_| "an object with `$blob` holds a digest as a string, and nothing else".to_owned());
    Some(named.and_then(|named| {
        let digest = named.digest.parse::<Digest>();
        digest.map_err(|_| "`$blob` is `blake3:` and 64 hexadecimal digits".to_owned())
    }))
}
