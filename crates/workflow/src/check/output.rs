//! What the workflow answers.

use std::sync::Arc;

use super::budget::Budget;
use super::names::Names;
use super::needs::Needs;
use super::reference::Here;
use super::source::{Inference, Numbers, Sources};
use crate::definition::Definition;
use crate::plan::Source;
use crate::problem::Problem;

/// How the result is put together. The outer none is for what is wrong, the inner one for no result at all.
pub(super) fn check<'d>(
    definition: &'d Definition,
    names: &Names<'d>,
    budget: &mut Budget,
    problems: &mut Vec<Problem>,
) -> Option<Option<Source>> {
    let Some(output) = &definition.output else {
        return Some(None);
    };
    let mut needs = Needs::default();
    let mut sources = Sources {
        definition,
        names,
        item: Here::Nothing,
        facts: &[],
        needs: &mut needs,
        can_wait: false,
        budget,
        problems,
    };
    let how = Inference {
        numbers: Numbers::Widest,
        must_be: false,
    };
    let ty = match &output.ty {
        Some(written) => written.value.clone(),
        None => sources.infer(&output.source, how),
    };
    let Some(ty) = ty else {
        sources.look_through(&output.source);
        return None;
    };
    let ty = Arc::new(ty);
    let expression = sources.compile(&output.source, &ty)?;
    Some(Some(sources.finish(ty, expression)))
}
