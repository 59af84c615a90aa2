//! Global parameters.

use weft_types::ty::Shape;

use super::budget::Budget;
use super::names::Names;
use super::needs::Needs;
use super::reference::Here;
use super::source::{Sources, none};
use crate::definition::{Definition, Global};
use crate::evaluate::Expression;
use crate::plan::Globals;
use crate::problem::Problem;

/// Their record and what they are by default. The outer none is for what is wrong, the inner one for none at all.
pub(super) fn check<'d>(
    definition: &'d Definition,
    names: &Names<'d>,
    budget: &mut Budget,
    problems: &mut Vec<Problem>,
) -> Option<Option<Globals>> {
    if definition.globals.is_empty() {
        return Some(None);
    }
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
    let defaults: Vec<_> = definition
        .globals
        .iter()
        .map(|global| default(&mut sources, global))
        .collect();
    let defaults: Box<[_]> = defaults.into_iter().collect::<Option<_>>()?;
    let ty = names.globals.ty.clone()?;
    let source = sources.finish(ty.clone(), Expression::Members(defaults));
    match source.constant() {
        Some(defaults) => Some(Some(Globals {
            ty,
            defaults: defaults.clone(),
        })),
        None => {
            let spot = definition.globals.first()?.name.spot;
            let message = "what global parameters are by default is written out, not referred to".to_owned();
            sources.wrong(spot, "global-default", message)
        }
    }
}

fn default(sources: &mut Sources<'_, '_>, global: &Global) -> Option<Expression> {
    let ty = global.ty.value.as_ref()?;
    match &global.default {
        Some(source) => sources.compile(source, ty),
        None => match ty.shape() {
            Shape::Option(_) => none(ty),
            // That it is missing was told.
            _ => None,
        },
    }
}
