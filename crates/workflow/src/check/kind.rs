//! What nodes do: one file for each kind.

use std::rc::Rc;

use super::callees::Callee;
use super::names::Output;
use super::source::Sources;
use crate::definition::{Kind, Node};
use crate::plan;

mod call;
mod sleep;
mod wait;

/// What is known of a kind of node.
pub(super) struct Checked {
    /// What it does.
    pub(super) kind: plan::Kind,
    /// Whether that goes unnoticed.
    pub(super) effect_free: bool,
}

/// What references to a node see that is executed once.
pub(super) fn output(kind: &Kind, callee: Option<&Callee>) -> Output {
    match kind {
        Kind::Call(_) => call::output(callee),
        Kind::Sleep(_) => Output::Nothing,
        Kind::Wait(wait) => wait::output(wait),
    }
}

/// Checks what a node does. `callee` is what it calls, where that was found.
pub(super) fn check(
    sources: &mut Sources<'_, '_>,
    node: &Node,
    kind: &Kind,
    callee: Option<&Rc<Callee>>,
) -> Option<Checked> {
    match kind {
        Kind::Call(call) => call::check(sources, call, callee),
        Kind::Sleep(sleep) => sleep::check(sources, sleep),
        Kind::Wait(_) => Some(wait::check(node)),
    }
}
