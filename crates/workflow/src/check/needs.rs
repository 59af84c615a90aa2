//! What a node must wait for.

/// Nodes by their places in the definition, and whether their values must be there.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs(Vec<(usize, bool)>);

impl Needs {
    /// Adds a node. Where it is there already, its value must be there if either says so.
    pub(super) fn add(&mut self, node: usize, value: bool) {
        self.0.push((node, value));
    }

    /// Each node once, in the order of the definition.
    pub(super) fn merged(mut self) -> Vec<(usize, bool)> {
        // Those whose values must be there come first.
        self.0.sort_unstable_by_key(|&(node, value)| (node, !value));
        self.0.dedup_by_key(|&mut (node, _)| node);
        self.0
    }
}
