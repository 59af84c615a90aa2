//! Places by how deep functions and workflows call each other.

use std::sync::Arc;

use super::Gate;

/// A gate for each level of runs, by the depth of the outermost run of a tree.
///
/// A call that waits for a workflow which its function started keeps its place meanwhile. Were that run's calls to need places of
/// the same gate, as many such calls as there are places would wait for each other for ever. So the run needs those of a deeper
/// level: the deepest waits for nobody.
pub(crate) struct Levels(Box<[Arc<Gate>]>);

impl Levels {
    /// The deepest level there is: calls do not come this deep, as each keeps a guest's memory.
    pub(crate) const MOST: u32 = 255;

    /// Levels 0 to `deepest`, at most [`MOST`](Self::MOST), each with so many places and so many who may wait.
    pub(crate) fn new(deepest: u32, limit: u32, queue: u32) -> Self {
        Self(
            (0..=deepest.min(Self::MOST))
                .map(|_| Gate::new(limit, queue))
                .collect(),
        )
    }

    /// The gate of a level; that of the deepest for what was started when deeper ones were allowed.
    pub(crate) fn at(&self, depth: u32) -> &Arc<Gate> {
        let deepest = self.0.len() - 1;
        // There is a level 0 at least.
        &self.0[deepest.min(depth as usize)]
    }

    /// How many are inside, on all levels.
    pub(crate) fn inside(&self) -> u32 {
        self.0.iter().map(|gate| gate.inside()).sum()
    }

    /// How many wait, on all levels.
    pub(crate) fn waiting(&self) -> u32 {
        self.0
            .iter()
            .map(|gate| gate.waiting())
            .fold(0, u32::saturating_add)
    }
}
