//! Putting the plan together, once nothing is wrong.

use std::rc::Rc;

use weft_types::{Digest, Signature};

use super::Options;
use super::callees::Callee;
use super::edges::Edges;
use super::graph::Order;
use super::names::{Names, Output};
use super::node::Done;
use crate::definition::{Definition, Kind};
use crate::plan::{Catch, Defaults, Globals, Need, Node, NodeIndex, Pins, Plan, Source};

/// What a plan is put together from.
pub(super) struct Planned<'c, 'd> {
    pub(super) definition: &'d Definition,
    pub(super) options: &'c Options<'c>,
    pub(super) callees: &'c [Option<Rc<Callee>>],
    pub(super) names: &'c Names<'d>,
    pub(super) order: &'c Order,
    pub(super) edges: &'c Edges,
}

impl Planned<'_, '_> {
    /// The plan; none where a part is missing, which is only where something was told.
    pub(super) fn plan(
        &self,
        mut done: Vec<Option<Done>>,
        globals: Option<Globals>,
        result: Option<Source>,
        signature: Signature,
    ) -> Option<Plan> {
        let nodes = self
            .order
            .nodes
            .iter()
            .map(|&index| self.node(index, done[index].take()?));
        let mut nodes: Box<[Node]> = nodes.collect::<Option<_>>()?;
        self.successors(&mut nodes);
        let indexes = |wanted: fn(&Node) -> bool| {
            let found = nodes.iter().enumerate().filter(|(_, node)| wanted(node));
            found.map(|(index, _)| NodeIndex(index as u32)).collect()
        };
        let pins = self.pins();
        Some(Plan {
            name: self.definition.name.as_ref()?.value.as_str().into(),
            signature,
            durability: self.definition.durability,
            defaults: self.defaults(),
            globals,
            effect_free: nodes.iter().all(|node| node.effect_free),
            entries: indexes(|node| node.needs.is_empty() && node.catches.is_none()),
            exits: indexes(|node| node.successors.is_empty() && node.catches.is_none()),
            result,
            digest: digest(self.options.source, &pins),
            pins,
            nodes,
        })
    }

    fn node(&self, index: usize, done: Done) -> Option<Node> {
        let written = &self.definition.nodes[index];
        let parts = done.parts?;
        let mut needs: Box<[Need]> = done
            .needs
            .iter()
            .map(|&(node, value)| Need {
                node: self.names.order[node],
                value,
            })
            .collect();
        needs.sort_unstable_by_key(|need| need.node);
        let fallback = self.edges.fallback[index].map(|node| Catch::Node(self.names.order[node]));
        Some(Node {
            name: (&*written.name.value).into(),
            kind: parts.checked.kind,
            needs,
            successors: Box::default(),
            level: self.order.levels[index],
            when: parts.when,
            for_each: parts.for_each,
            retry: parts.retry,
            catch: parts.caught.map(Catch::Value).or(fallback),
            catches: self.edges.catches[index].map(|node| self.names.order[node]),
            timeout: written.timeout.map(|it| it.value),
            priority: written.priority.map(|it| it.value),
            profile: written.profile.as_ref().map(|it| it.value.clone()),
            group: written.group.as_ref().map(|it| it.value.clone()),
            limits: written.limits.as_ref().map(|it| Box::new(it.value.clone())),
            cache: written.cache.map(|it| it.value),
            output: match &self.names.outputs[index] {
                Output::Value(ty) => Some(ty.clone()),
                Output::Nothing => None,
                Output::Unknown => return None,
            },
            effect_free: parts.checked.effect_free,
        })
    }

    fn successors(&self, nodes: &mut [Node]) {
        let mut successors: Vec<Vec<NodeIndex>> = vec![Vec::new(); nodes.len()];
        for (index, node) in nodes.iter().enumerate() {
            for need in &node.needs {
                successors[need.node.0 as usize].push(NodeIndex(index as u32));
            }
        }
        for (node, successors) in nodes.iter_mut().zip(successors) {
            node.successors = successors.into();
        }
    }

    fn defaults(&self) -> Defaults {
        let defaults = &self.definition.defaults;
        Defaults {
            policy: defaults.on_failure,
            priority: defaults.priority,
            group: defaults.group.as_ref().map(|it| it.value.clone()),
            timeout: defaults.timeout.map(|it| it.value),
            concurrency: defaults.concurrency.map(|it| it.value),
        }
    }

    /// The versions that were found for callees whose version is left open.
    fn pins(&self) -> Pins {
        let nodes = self.definition.nodes.iter().zip(self.callees);
        let open = nodes.filter_map(|(node, callee)| match &node.kind {
            Some(Kind::Call(call)) if call.version.is_none() => {
                Some((call.function.clone(), callee.as_ref()?.found.version))
            }
            _ => None,
        });
        Pins(open.collect())
    }
}

/// The hash of a definition and the versions that it is executed with.
fn digest(source: Digest, pins: &Pins) -> Digest {
    let mut bytes = source.as_bytes().to_vec();
    for (function, version) in &pins.0 {
        bytes.extend_from_slice(format!("{function}@{version}\n").as_bytes());
    }
    Digest::of(&bytes)
}
