//! Which nodes come before which.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use petgraph::{Incoming, Outgoing};

/// Nodes by their places in the definition, with an edge to each from every node that must be over before it.
/// Edges are marked with the places where they are written.
pub(super) struct Graph<M>(DiGraph<(), M>);

/// Nodes that wait for each other.
pub(super) struct Cycle<M> {
    /// The nodes, each of which the next one waits for; the first one waits for the last.
    pub(super) nodes: Vec<usize>,
    /// Where the first one of those that wait says so.
    pub(super) mark: M,
}

/// The order of those nodes that can be executed.
pub(super) struct Order {
    /// Each behind all that it waits for; where that leaves a choice, in the order of the definition.
    pub(super) nodes: Vec<usize>,
    /// Of each node of the definition, the longest way to it, in nodes.
    pub(super) levels: Vec<u32>,
}

impl<M: Copy> Graph<M> {
    /// So many nodes and the edges between them.
    pub(super) fn new(nodes: usize, edges: impl IntoIterator<Item = (usize, usize, M)>) -> Self {
        let mut graph = DiGraph::with_capacity(nodes, nodes);
        for _ in 0..nodes {
            graph.add_node(());
        }
        for (from, to, mark) in edges {
            graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), mark);
        }
        Self(graph)
    }

    /// For each group of nodes that wait for each other, a shortest cycle through the first of them.
    pub(super) fn cycles(&self) -> Vec<Cycle<M>> {
        // Tarjan's algorithm would do, but petgraph's is recursive, and a chain of nodes can be long.
        let groups = kosaraju_scc(&self.0);
        let mut firsts: Vec<_> = groups
            .iter()
            .filter_map(|group| self.first_in_cycle(group))
            .collect();
        firsts.sort_unstable();
        firsts.into_iter().filter_map(|first| self.cycle(first)).collect()
    }

    /// The first node of a group, where it waits for itself in the end.
    fn first_in_cycle(&self, group: &[NodeIndex]) -> Option<NodeIndex> {
        let first = group.iter().copied().min()?;
        let cyclic = group.len() > 1 || self.0.contains_edge(first, first);
        cyclic.then_some(first)
    }

    /// A shortest cycle through a node.
    fn cycle(&self, first: NodeIndex) -> Option<Cycle<M>> {
        let mut before: Vec<Option<NodeIndex>> = vec![None; self.0.node_count()];
        let mut queue = std::collections::VecDeque::from([first]);
        while let Some(node) = queue.pop_front() {
            for edge in self.0.edges_directed(node, Outgoing) {
                let next = edge.target();
                if next == first {
                    let mark = *edge.weight();
                    let nodes = way(&before, first, node);
                    return Some(Cycle { nodes, mark });
                }
                if before[next.index()].is_none() {
                    before[next.index()] = Some(node);
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// The order in which nodes can be executed, and which of them cannot: those in cycles and behind them are left out.
    pub(super) fn order(&self) -> Order {
        let count = self.0.node_count();
        let mut waits: Vec<usize> = (0..count)
            .map(|node| self.0.edges_directed(NodeIndex::new(node), Incoming).count())
            .collect();
        let free = (0..count).filter(|&node| waits[node] == 0).map(Reverse);
        let mut free: BinaryHeap<_> = free.collect();
        let mut order = Order {
            nodes: Vec::with_capacity(count),
            levels: vec![0; count],
        };
        while let Some(Reverse(node)) = free.pop() {
            order.nodes.push(node);
            for next in self.0.neighbors(NodeIndex::new(node)).map(NodeIndex::index) {
                order.levels[next] = order.levels[next].max(order.levels[node] + 1);
                waits[next] -= 1;
                if waits[next] == 0 {
                    free.push(Reverse(next));
                }
            }
        }
        order
    }
}

impl Order {
    /// Nodes that cannot be executed, in the order of the definition.
    pub(super) fn left_out(&self) -> Vec<usize> {
        let mut left_out = vec![true; self.levels.len()];
        self.nodes.iter().for_each(|&node| left_out[node] = false);
        (0..left_out.len()).filter(|&node| left_out[node]).collect()
    }
}

/// The way from `first` to `last`.
fn way(before: &[Option<NodeIndex>], first: NodeIndex, last: NodeIndex) -> Vec<usize> {
    let mut nodes = vec![last.index()];
    let mut node = last;
    while node != first {
        let Some(earlier) = before[node.index()] else {
            break;
        };
        node = earlier;
        nodes.push(node.index());
    }
    nodes.reverse();
    nodes
}

#[cfg(test)]
mod tests;
