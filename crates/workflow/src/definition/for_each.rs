//! `for-each`, and what goes with it.

use super::model::ForEach;
use super::reader::{Fields, Reader};

/// Keys that have a meaning with `for-each` only.
const WITH: [&str; 2] = ["concurrency", "on-item-failure"];

impl Reader<'_> {
    pub(super) fn for_each(&mut self, fields: &Fields<'_>) -> Option<ForEach> {
        let Some(list) = fields.get("for-each") else {
            for (key, _) in WITH.iter().filter_map(|key| fields.entry(key)) {
                let name = self.tree().string(key);
                self.tell(
                    key,
                    "not-applicable",
                    format!("`{name}` belongs to `for-each`, which is missing"),
                );
            }
            return None;
        };
        Some(ForEach {
            list: self.source(list),
            concurrency: fields.get("concurrency").and_then(|spot| self.concurrency(spot)),
            on_item_failure: fields
                .get("on-item-failure")
                .and_then(|spot| self.choice(spot))
                .unwrap_or_default(),
        })
    }
}
