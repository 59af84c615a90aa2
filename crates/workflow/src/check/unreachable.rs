//! Nodes that are never executed.

use super::edges::Edges;
use super::graph::Order;
use super::node::Done;
use crate::definition::Definition;
use crate::problem::Problem;

/// Tells which nodes are never executed, and why.
pub(super) fn tell(
    definition: &Definition,
    order: &Order,
    edges: &Edges,
    done: &[Option<Done>],
    problems: &mut Vec<Problem>,
) {
    let name = |index: usize| &definition.nodes[index].name.value;
    let mut never = vec![false; done.len()];
    for &index in &order.nodes {
        let Some(node) = &done[index] else {
            continue;
        };
        let needs = node.needs.iter().find(|&&(before, value)| value && never[before]);
        let failed = edges.catches[index].filter(|&failed| never[failed]);
        let why = match (node.never, needs, failed) {
            (true, ..) => "its condition is never true".to_owned(),
            (false, Some(&(before, _)), _) => format!("it needs `{}`, which never is", name(before)),
            (false, None, Some(failed)) => format!("it stands in for `{}`, which never is", name(failed)),
            (false, None, None) => continue,
        };
        never[index] = true;
        let message = format!("node `{}` is never executed: {why}", name(index));
        let spot = definition.nodes[index].name.spot;
        problems.push(definition.places.problem(spot, "unreachable-node", message));
    }
}
