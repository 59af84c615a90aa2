//! What nodes can do: one parser for each kind, all in one table.

use std::sync::LazyLock;

use serde_json::Value;

use super::model::Kind;
use super::node::COMMON;
use super::reader::{self, Fields, Reader};

mod call;
mod sleep;
mod wait;

/// How nodes of one kind are written.
pub(super) struct Parser {
    /// The key that names the kind.
    pub(super) key: &'static str,
    /// Further keys that such a node may have, beside those that all may have.
    pub(super) keys: &'static [&'static str],
    /// Reads what is particular to the kind; none where it is wrong, which is told.
    pub(super) read: fn(&mut Reader<'_>, &Fields<'_>) -> Option<Kind>,
    /// The JSON Schema of the value of `key`.
    pub(super) schema: fn() -> Value,
}

/// Every kind.
pub(super) static KINDS: [Parser; 3] = [call::PARSER, sleep::PARSER, wait::PARSER];

/// The keys of all kinds, each once, those that name a kind first.
pub(super) static KEYS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut keys: Vec<&'static str> = KINDS.iter().map(|parser| parser.key).collect();
    let further = KINDS.iter().flat_map(|parser| parser.keys);
    for key in COMMON.iter().chain(further) {
        if !keys.contains(key) {
            keys.push(key);
        }
    }
    keys
});

impl Parser {
    /// Whether such a node may have a key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.key == key || self.keys.contains(&key) || COMMON.contains(&key)
    }
}

/// The keys that name kinds, for people.
pub(super) fn listed() -> String {
    let keys: Vec<&str> = KINDS.iter().map(|parser| parser.key).collect();
    reader::listed(&keys, "or")
}
