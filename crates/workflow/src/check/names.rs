//! What the names of a definition stand for.

use std::collections::HashMap;
use std::sync::Arc;

use weft_types::Type;

use super::node::Done;
use crate::definition::{At, Definition, Places};
use crate::plan::NodeIndex;
use crate::problem::Problem;

/// What the names of a definition stand for. Nodes go by their places in the definition. Whatever was wrong about one of them was told, so that whoever looks it up
/// goes on in silence.
pub(super) struct Names<'d> {
    pub(super) input: Members<'d>,
    pub(super) globals: Members<'d>,
    nodes: HashMap<&'d str, usize>,
    /// Of each node, its place in the plan.
    pub(super) order: Vec<NodeIndex>,
    /// Of each node, what references to it see.
    pub(super) outputs: Vec<Output>,
    /// Of each node, whether it may be skipped; none where that is not known (yet).
    pub(super) skippable: Vec<Option<bool>>,
}

/// Values that are members of one record.
pub(super) struct Members<'d> {
    /// The record of those whose types are right; none where there can be no such record, which was told.
    pub(super) ty: Option<Arc<Type>>,
    /// Names of those whose types are wrong.
    wrong: Vec<&'d str>,
}

/// What references to a node see.
#[derive(Clone, Debug)]
pub(super) enum Output {
    /// A value of this type.
    Value(Arc<Type>),
    /// Nothing: there is no output.
    Nothing,
    /// What that is could not be found out.
    Unknown,
}

impl<'d> Names<'d> {
    pub(super) fn new(definition: &'d Definition, outputs: Vec<Output>, problems: &mut Vec<Problem>) -> Self {
        let inputs = definition.inputs.iter().map(|it| (&it.name, &it.ty.value));
        let globals = definition.globals.iter().map(|it| (&it.name, &it.ty.value));
        let places = &definition.places;
        let nodes = definition.nodes.iter().enumerate();
        Self {
            input: Members::new(places, inputs, problems),
            globals: Members::new(places, globals, problems),
            nodes: nodes.map(|(index, node)| (&*node.name.value, index)).collect(),
            skippable: vec![None; outputs.len()],
            order: Vec::new(),
            outputs,
        }
    }

    /// Takes the order in which nodes are executed.
    pub(super) fn place(&mut self, order: &[usize]) {
        // Those that are left out are in no plan.
        self.order = vec![NodeIndex(0); self.outputs.len()];
        for (place, &node) in order.iter().enumerate() {
            self.order[node] = NodeIndex(place as u32);
        }
    }

    /// Whether a node may be skipped, which those before it decide; none where that is not known of them.
    pub(super) fn may_be_skipped(&self, node: &Done, catches: Option<usize>) -> Option<bool> {
        if node.conditional || catches.is_some() {
            return Some(true);
        }
        let values = node.needs.iter().filter(|(_, value)| *value);
        values
            .map(|&(before, _)| self.skippable[before])
            .try_fold(false, |any, it| Some(any | it?))
    }

    /// The place of a node in the definition.
    pub(super) fn node(&self, name: &str) -> Option<usize> {
        self.nodes.get(name).copied()
    }
}

impl<'d> Members<'d> {
    fn new(
        places: &Places,
        members: impl Iterator<Item = (&'d At<Box<str>>, &'d Option<Type>)> + Clone,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let right = members
            .clone()
            .filter_map(|(name, ty)| Some((name.value.clone(), ty.clone()?)));
        let ty = Type::record(right);
        if let (Err(error), Some((first, _))) = (&ty, members.clone().next()) {
            problems.push(places.problem(first.spot, "type-unknown", error.to_string()));
        }
        let wrong = members.filter(|(_, ty)| ty.is_none());
        Self {
            ty: ty.ok().map(Arc::new),
            wrong: wrong.map(|(name, _)| &*name.value).collect(),
        }
    }

    /// Whether it is there, but nobody knows what it is.
    pub(super) fn is_wrong(&self, name: &str) -> bool {
        self.wrong.contains(&name)
    }

    /// Names of those that are there.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        let fields = self.ty.as_ref().and_then(|ty| ty.fields()).unwrap_or_default();
        fields.iter().map(|field| &*field.name)
    }
}
