//! What runs do, event by event, and what holds for all of them.

use crate::event::Place;
use crate::plan::NodeIndex;

mod attempts;
mod backoff;
mod catching;
mod ending;
mod flow;
mod holding;
mod illegal;
mod items;
pub(crate) mod live;
mod properties;
mod reruns;
mod resuming;
mod retrying;
mod reusing;
pub(crate) mod sketch;
mod suspending;
mod upstream;

/// The node described at this place of a plan.
pub(crate) fn n(at: u32) -> NodeIndex {
    NodeIndex(at)
}

/// The place of a node that is executed once.
pub(crate) fn at(node: u32) -> Place {
    Place::of(n(node))
}

/// The place of an item.
pub(crate) fn item(node: u32, item: u32) -> Place {
    Place::item(n(node), item)
}
