//! Parts of the output that are missing where a node is skipped along with another one: nothing says so where they stand.

use super::names::Names;
use super::node::Done;
use crate::definition::{Definition, Form, Root, Source};
use crate::problem::Problem;

/// Of each node that has neither a condition nor stands in for another, the node with which it is skipped, whose value it needs, maybe
/// through others.
pub(super) struct Along(Vec<Option<usize>>);

impl Along {
    pub(super) fn new(nodes: usize) -> Self {
        Self(vec![None; nodes])
    }

    /// Takes a node whose needs were taken before.
    pub(super) fn take(&mut self, index: usize, node: &Done, names: &Names<'_>, catches: bool) {
        if node.conditional || catches {
            return;
        }
        let mut values = node.needs.iter().filter(|(_, value)| *value);
        let skipped = values.find(|(before, _)| names.skippable[*before] == Some(true));
        self.0[index] = skipped.map(|&(before, _)| self.0[before].unwrap_or(before));
    }

    /// What the author may not have meant. Where `output-type` is written, the author said what may be missing.
    pub(super) fn tell(&self, definition: &Definition, names: &Names<'_>) -> Vec<Problem> {
        let mut warnings = Vec::new();
        if let Some(output) = definition.output.as_ref().filter(|output| output.ty.is_none()) {
            self.look(&output.source, definition, names, &mut warnings);
        }
        warnings
    }

    fn look(&self, source: &Source, definition: &Definition, names: &Names<'_>, warnings: &mut Vec<Problem>) {
        match &source.form {
            Form::List(elements) => {
                for element in elements {
                    self.look(element, definition, names, warnings);
                }
            }
            Form::Map(members) => {
                for member in members {
                    self.look(&member.value, definition, names, warnings);
                }
            }
            Form::Reference(reference) => {
                if let Root::Node(name) = &reference.root
                    && let Some(node) = names.node(name)
                    && let Some(with) = self.0[node]
                {
                    let with = &definition.nodes[with].name.value;
                    let message = format!(
                        "`{name}` is skipped whenever `{with}` is, whose value it needs, and there is none here then: say that this is \
                         meant by an option in `output-type`"
                    );
                    warnings.push(definition.places.problem(source.spot, "may-be-missing", message));
                }
            }
            Form::Null | Form::Bool(_) | Form::Number(_) | Form::String(_) | Form::Blob(_) | Form::Wrong => {}
        }
    }
}
