//! Nodes.

use super::kind::{self, Parser};
use super::model::{At, Node};
use super::place::Spot;
use super::quote::quoted;
use super::reader::{Fields, Least, Reader};

/// Keys that nodes of every kind may have.
pub(super) const COMMON: [&str; 2] = ["after", "when"];

impl Reader<'_> {
    /// The node under `key`; none where its name or its form is wrong.
    pub(super) fn node(&mut self, key: Spot, value: Spot) -> Option<Node> {
        let name = self.node_name(key);
        let fields = self.any_fields(value, || format!("a node: a map with {}", kind::listed()))?;
        let parser = self.parser(key, &fields);
        Some(Node {
            kind: parser.and_then(|parser| (parser.read)(self, &fields)),
            after: fields.get("after").map_or_else(Vec::new, |spot| self.after(spot)),
            when: fields.get("when").and_then(|spot| self.condition(spot)),
            for_each: self.for_each(&fields),
            retry: fields
                .get("retry")
                .and_then(|spot| self.at(spot, |reader| reader.retry(spot))),
            catch: fields
                .get("catch")
                .and_then(|spot| self.at(spot, |reader| reader.catch(spot))),
            timeout: self.node_duration(&fields, "timeout"),
            priority: fields
                .get("priority")
                .and_then(|spot| self.at(spot, |reader| reader.choice(spot))),
            profile: fields
                .get("profile")
                .and_then(|spot| self.name(spot, "a pool profile")),
            group: fields
                .get("group")
                .and_then(|spot| self.name(spot, "a group of workers")),
            limits: fields
                .get("limits")
                .and_then(|spot| self.at(spot, |reader| reader.limits(spot))),
            cache: self.node_duration(&fields, "cache"),
            name: name?,
        })
    }

    /// The kind of a node, from the one key that names it. Tells keys that no kind or not this one has.
    fn parser(&mut self, name: Spot, fields: &Fields<'_>) -> Option<&'static Parser> {
        let known = &*kind::KEYS;
        let unknown: Vec<Spot> = fields.unknown(known).collect();
        for key in &unknown {
            self.unknown(*key, "a node", known);
        }
        let mut given = kind::KINDS
            .iter()
            .filter(|parser| fields.get(parser.key).is_some());
        let Some(parser) = given.next() else {
            // One that is misspelt was just told.
            if unknown.is_empty() {
                self.tell(
                    name,
                    "no-kind",
                    format!("the node does nothing: {} is missing", kind::listed()),
                );
            }
            return None;
        };
        if let Some((key, _)) = given.next().and_then(|second| fields.entry(second.key)) {
            let message = format!("a node does one thing: here is one more, beside `{}`", parser.key);
            self.tell(key, "several-kinds", message);
            return None;
        }
        let foreign = known
            .iter()
            .filter(|key| !parser.has(key))
            .filter_map(|key| fields.entry(key));
        for (key, _) in foreign {
            let key_name = quoted(self.tree().string(key));
            self.tell(
                key,
                "not-applicable",
                format!("a node with `{}` cannot have {key_name}", parser.key),
            );
        }
        Some(parser)
    }

    fn after(&mut self, spot: Spot) -> Vec<At<Box<str>>> {
        let items = self.list(spot, "a list of nodes").unwrap_or_default();
        let mut names: Vec<At<Box<str>>> = Vec::with_capacity(items.len());
        let mut seen = std::collections::HashSet::new();
        for &spot in items {
            let Some(name) = self.string(spot, "the name of a node") else {
                continue;
            };
            if name.starts_with('$') {
                let plain = name.trim_start_matches('$');
                self.tell(
                    spot,
                    "name",
                    format!("`after` names nodes without `$`: write {}", quoted(plain)),
                );
                continue;
            }
            match seen.insert(name) {
                true => names.push(At {
                    spot,
                    value: name.into(),
                }),
                false => self.tell(
                    spot,
                    "repeated",
                    format!("{} stands twice in `after`", quoted(name)),
                ),
            }
        }
        names
    }

    fn node_duration(&mut self, fields: &Fields<'_>, key: &str) -> Option<At<std::time::Duration>> {
        let spot = fields.get(key)?;
        self.at(spot, |reader| reader.duration(spot, Least::Millisecond))
    }
}
