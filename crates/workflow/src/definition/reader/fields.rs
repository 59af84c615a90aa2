//! Maps with known keys.

use super::Reader;
use crate::definition::place::Spot;
use crate::definition::quote::quoted;
use crate::definition::tree::{Data, Tree};
use crate::nearest::nearest;

/// A map whose keys are known.
#[derive(Clone, Copy)]
pub(in crate::definition) struct Fields<'a> {
    /// The whole.
    pub(in crate::definition) spot: Spot,
    tree: &'a Tree,
    members: &'a [(Spot, Spot)],
}

impl<'a> Reader<'a> {
    /// A map of which `keys` are the known ones; each other is told. `what` says what it is, such as `a retry`.
    pub(in crate::definition) fn fields(
        &mut self,
        spot: Spot,
        what: &str,
        keys: &[&'static str],
    ) -> Option<Fields<'a>> {
        let fields = self.any_fields(spot, || format!("{what}: a map of {}", listed(keys, "and")))?;
        fields.unknown(keys).for_each(|key| self.unknown(key, what, keys));
        Some(fields)
    }

    /// A map, of which nothing is checked.
    pub(in crate::definition) fn any_fields(
        &mut self,
        spot: Spot,
        expected: impl FnOnce() -> String,
    ) -> Option<Fields<'a>> {
        let tree = self.tree();
        let Data::Map(members) = tree.data(spot) else {
            self.wrong_type(spot, &expected());
            return None;
        };
        Some(Fields { spot, tree, members })
    }

    /// Tells a key that is not known.
    pub(in crate::definition) fn unknown(&mut self, key: Spot, what: &str, keys: &[&'static str]) {
        let name = self.tree().string(key);
        let places = self.places;
        self.problems.tell(|| {
            let expected = match nearest(name, keys.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("{what} may have {}", listed(keys, "and")),
            };
            places.problem(
                key,
                "unknown-key",
                format!("unknown key {}, {expected}", quoted(name)),
            )
        });
    }
}

impl<'a> Fields<'a> {
    /// The value of a key.
    pub(in crate::definition) fn get(&self, key: &str) -> Option<Spot> {
        self.entry(key).map(|(_, value)| value)
    }

    /// Whether there is a key that differs so little from `key` that it is probably meant.
    pub(in crate::definition) fn resembles(&self, key: &str) -> bool {
        let mut keys = self.members.iter().map(|(at, _)| self.tree.string(*at));
        keys.any(|other| nearest(other, [key]).is_some())
    }

    /// A key and its value.
    pub(in crate::definition) fn entry(&self, key: &str) -> Option<(Spot, Spot)> {
        let found = self.members.iter().find(|(at, _)| self.tree.string(*at) == key);
        found.copied()
    }

    /// Keys that are not among `known`.
    pub(in crate::definition) fn unknown<'k>(
        &self,
        known: &'k [&'static str],
    ) -> impl Iterator<Item = Spot> + use<'a, 'k> {
        let tree = self.tree;
        let keys = self.members.iter().map(|(key, _)| *key);
        keys.filter(move |key| !known.contains(&tree.string(*key)))
    }
}

/// Names between backticks, the last behind `and` or `or`.
pub(in crate::definition) fn listed(names: &[&str], last: &str) -> String {
    let mut text = String::new();
    for (at, name) in names.iter().enumerate() {
        match at {
            0 => {}
            at if at + 1 == names.len() => text.extend([" ", last, " "]),
            _ => text.push_str(", "),
        }
        text.extend(["`", name, "`"]);
    }
    text
}
