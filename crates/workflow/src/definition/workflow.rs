//! The whole: the keys at the top.

use std::sync::Arc;

use weft_types::FunctionName;

use super::bounds::Bounds;
use super::model::{At, Defaults, Definition, Global, Input, Node, Output};
use super::place::{Places, Spot};
use super::problems::Problems;
use super::reader::{Fields, Least, Reader, listed};
use super::tree::Tree;

/// The keys of a definition.
pub(super) const KEYS: [&str; 10] = [
    "workflow",
    "description",
    "types",
    "input",
    "output",
    "output-type",
    "durability",
    "defaults",
    "parameters",
    "nodes",
];
/// The keys of `defaults`.
pub(super) const DEFAULTS: [&str; 5] = ["on-failure", "priority", "group", "timeout", "concurrency"];
/// The keys of a global parameter.
pub(super) const GLOBAL: [&str; 2] = ["type", "default"];

/// What a tree says; none where it is no map. Every problem is told.
pub(super) fn read(places: Places, problems: &mut Problems) -> Option<Definition> {
    let places = Arc::new(places);
    let mut reader = Reader::new(&places, problems);
    let fields = reader.top()?;
    // Before all that uses them.
    if let Some(spot) = fields.get("types") {
        reader.declare(spot);
    }
    Some(Definition {
        places: Arc::clone(&places),
        name: reader.workflow_name(&fields),
        description: reader.description(&fields),
        inputs: fields
            .get("input")
            .map_or_else(Vec::new, |spot| reader.inputs(spot)),
        output: reader.output(&fields),
        durability: fields
            .get("durability")
            .and_then(|spot| reader.choice(spot))
            .unwrap_or_default(),
        defaults: fields
            .get("defaults")
            .map_or_else(Defaults::default, |spot| reader.defaults(spot)),
        globals: fields
            .get("parameters")
            .map_or_else(Vec::new, |spot| reader.globals(spot)),
        nodes: reader.nodes(&fields),
    })
}

impl<'a> Reader<'a> {
    /// The map at the top. What is a default of runs is told to be one, as it is a key at the top elsewhere.
    fn top(&mut self) -> Option<Fields<'a>> {
        let expected = || format!("a definition: a map of {}", listed(&KEYS, "and"));
        let fields = self.any_fields(Tree::ROOT, expected)?;
        for key in fields.unknown(&KEYS) {
            let name = self.tree().string(key);
            match DEFAULTS.iter().find(|default| **default == name) {
                Some(default) => {
                    let message = format!("`{default}` is one of the `defaults`: write it there");
                    self.tell(key, "unknown-key", message);
                }
                None => self.unknown(key, "a definition", &KEYS),
            }
        }
        Some(fields)
    }
}

impl Reader<'_> {
    fn workflow_name(&mut self, fields: &Fields<'_>) -> Option<At<FunctionName>> {
        let spot = self.required(fields, "workflow", "the workflow's name")?;
        self.function_name(spot, "a workflow")
    }

    fn description(&mut self, fields: &Fields<'_>) -> Box<str> {
        let Some(spot) = fields.get("description") else {
            return Box::default();
        };
        let text = self.short_string(spot, "a description", Bounds::MAX_DESCRIPTION);
        text.unwrap_or_default().into()
    }

    fn inputs(&mut self, spot: Spot) -> Vec<Input> {
        let members = self.map(spot, "a map of parameters to types").unwrap_or_default();
        let input = |&(key, value): &(Spot, Spot)| {
            let ty = self.written(value);
            let name = self.name(key, "a parameter")?;
            Some(Input { name, ty })
        };
        members.iter().filter_map(input).collect()
    }

    fn output(&mut self, fields: &Fields<'_>) -> Option<Output> {
        let ty = fields
            .entry("output-type")
            .map(|(key, value)| (key, self.written(value)));
        let Some(spot) = fields.get("output") else {
            if let Some((key, _)) = ty {
                self.tell(
                    key,
                    "not-applicable",
                    "`output-type` is the type of `output`, which is missing",
                );
            }
            return None;
        };
        let source = self.source(spot);
        let ty = ty.map(|(_, ty)| ty);
        Some(Output { source, ty })
    }

    fn defaults(&mut self, spot: Spot) -> Defaults {
        let Some(fields) = self.fields(spot, "defaults", &DEFAULTS) else {
            return Defaults::default();
        };
        Defaults {
            on_failure: fields
                .get("on-failure")
                .and_then(|spot| self.choice(spot))
                .unwrap_or_default(),
            priority: fields
                .get("priority")
                .and_then(|spot| self.choice(spot))
                .unwrap_or_default(),
            group: fields
                .get("group")
                .and_then(|spot| self.name(spot, "a group of workers")),
            timeout: fields
                .get("timeout")
                .and_then(|spot| self.at(spot, |reader| reader.duration(spot, Least::Millisecond))),
            concurrency: fields.get("concurrency").and_then(|spot| self.concurrency(spot)),
        }
    }

    fn globals(&mut self, spot: Spot) -> Vec<Global> {
        let members = self
            .map(spot, "a map of names to `{type: …, default: …}`")
            .unwrap_or_default();
        let global = |&(key, value): &(Spot, Spot)| {
            let name = self.name(key, "a parameter");
            let fields = self.fields(value, "a parameter", &GLOBAL)?;
            let ty = self
                .required(&fields, "type", "its type")
                .map(|spot| self.written(spot));
            let default = self.required(&fields, "default", "its value where a start gives none");
            let default = default.and_then(|spot| self.literal(spot, "a default"));
            let ty = ty.unwrap_or(At {
                spot: value,
                value: None,
            });
            Some(Global {
                name: name?,
                ty,
                default,
            })
        };
        members.iter().filter_map(global).collect()
    }

    fn nodes(&mut self, fields: &Fields<'_>) -> Vec<Node> {
        let Some(spot) = self.required(fields, "nodes", "what the workflow does") else {
            return Vec::new();
        };
        let members = self.map(spot, "a map of names to nodes");
        if members.is_some_and(<[_]>::is_empty) {
            self.tell(spot, "no-nodes", "a workflow has at least one node");
        }
        let node = |&(key, value): &(Spot, Spot)| self.node(key, value);
        members.unwrap_or_default().iter().filter_map(node).collect()
    }

    /// Most items of a node, or runs of a workflow, at once.
    pub(super) fn concurrency(&mut self, spot: Spot) -> Option<At<u32>> {
        self.at(spot, |reader| reader.small(spot, 1..=Bounds::MAX_CONCURRENCY))
    }

    /// What `read` reads, and where.
    pub(super) fn at<T>(&mut self, spot: Spot, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<At<T>> {
        let value = read(self)?;
        Some(At { spot, value })
    }

    /// The value of a key that must be there; `what` says what it is.
    pub(super) fn required(&mut self, fields: &Fields<'_>, key: &str, what: &str) -> Option<Spot> {
        let found = fields.get(key);
        // One that is misspelt was told as such.
        if found.is_none() && !fields.resembles(key) {
            self.tell(fields.spot, "missing-key", format!("`{key}` is missing: {what}"));
        }
        found
    }
}
