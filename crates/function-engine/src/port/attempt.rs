//! Which step of a run a call is.

use std::sync::Arc;

use weft_types::RunId;

/// One try of a node of a run. Whatever is printed on its behalf says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The run.
    pub run: RunId,
    /// The node.
    pub node: Arc<str>,
    /// The item, where the node goes over a list.
    pub item: Option<u32>,
    /// From 1.
    pub number: u32,
}
