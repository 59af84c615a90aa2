//! `catch`: what takes the place of an output.

use super::model::{At, Catch};
use super::place::Spot;
use super::reader::Reader;

/// The keys of a catch, of which one is given.
pub(super) const KEYS: [&str; 2] = ["value", "node"];

impl Reader<'_> {
    pub(super) fn catch(&mut self, spot: Spot) -> Option<Catch> {
        let fields = self.fields(spot, "a catch", &KEYS)?;
        match (fields.get("value"), fields.entry("node")) {
            (Some(value), None) => Some(Catch::Value(self.source(value))),
            (None, Some((_, spot))) => {
                let value = self.string(spot, "the name of a node")?.into();
                Some(Catch::Node(At { spot, value }))
            }
            (None, None) => {
                self.tell(
                    spot,
                    "missing-key",
                    "`value` or `node` is missing: what takes the place of the output",
                );
                None
            }
            (Some(_), Some((key, _))) => {
                self.tell(key, "not-applicable", "a catch has either `value` or `node`");
                None
            }
        }
    }
}
