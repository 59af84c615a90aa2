//! Waiting for an outside event.

use std::sync::Arc;

use super::Checked;
use crate::check::names::Output;
use crate::definition::{Node, Wait};
use crate::plan;

pub(super) fn output(wait: &Wait) -> Output {
    match &wait.ty {
        None => Output::Nothing,
        Some(written) => match &written.value {
            Some(ty) => Output::Value(Arc::new(ty.clone())),
            None => Output::Unknown,
        },
    }
}

/// Whoever sends the event knows that it waits.
pub(super) fn check(node: &Node) -> Checked {
    let timeout = node.timeout.map(|timeout| timeout.value);
    Checked {
        kind: plan::Kind::Wait { timeout },
        effect_free: false,
    }
}
