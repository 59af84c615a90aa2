//! Calls of functions and workflows.

use std::rc::Rc;

use weft_types::ty::{Field, Shape};

use super::Checked;
use crate::check::callees::Callee;
use crate::check::hint;
use crate::check::names::Output;
use crate::check::shown;
use crate::check::source::{Sources, none};
use crate::definition::quote::quoted;
use crate::definition::{Argument, Call};
use crate::evaluate::Expression;
use crate::plan;

pub(super) fn output(callee: Option<&Callee>) -> Output {
    match callee {
        None => Output::Unknown,
        Some(callee) => callee.output.clone().map_or(Output::Nothing, Output::Value),
    }
}

pub(super) fn check(
    sources: &mut Sources<'_, '_>,
    call: &Call,
    callee: Option<&Rc<Callee>>,
) -> Option<Checked> {
    let Some(callee) = callee else {
        // What it takes is not known, but what is given can be looked at.
        call.with.iter().for_each(|it| sources.look_through(&it.source));
        return None;
    };
    let arguments = arguments(sources, call, callee)?;
    let found = &callee.found;
    let effect_free = found.effect_free;
    let kind = plan::Kind::Call(plan::Call {
        function: call.function.clone(),
        version: found.version,
        open: call.version.is_none(),
        export: found.export,
        export_name: found.export_name.clone(),
        signature: found.signature.clone(),
        workflow: found.workflow,
        arguments: sources.finish(callee.params.clone(), arguments),
    });
    Some(Checked { kind, effect_free })
}

/// The record of the parameters.
fn arguments(sources: &mut Sources<'_, '_>, call: &Call, callee: &Callee) -> Option<Expression> {
    let params = callee.params.fields().unwrap_or_default();
    let mut right = true;
    for Argument { name, source } in &call.with {
        if callee.params.member(&name.value).is_none() {
            right = false;
            let hint = match params.is_empty() {
                true => ": it has none".to_owned(),
                false => hint(&name.value, params.iter().map(|field| &*field.name)),
            };
            let message = format!(
                "`{}` has no parameter {}{hint}",
                call.function,
                quoted(&name.value)
            );
            sources.wrong::<()>(name.spot, "unknown-input", message);
            sources.look_through(source);
        }
    }
    let parts: Vec<_> = params
        .iter()
        .map(|field| {
            let given = call
                .with
                .iter()
                .find(|argument| argument.name.value == field.name);
            match given {
                Some(argument) => sources.compile(&argument.source, &field.ty),
                None => left_out(sources, call, field),
            }
        })
        .collect();
    let parts: Option<Box<[_]>> = parts.into_iter().collect();
    parts.filter(|_| right).map(Expression::Members)
}

fn left_out(sources: &mut Sources<'_, '_>, call: &Call, field: &Field) -> Option<Expression> {
    if let Shape::Option(_) = field.ty.shape() {
        return none(&field.ty);
    }
    let message = format!(
        "input `{}` of `{}` is missing, expected {}",
        field.name,
        call.function,
        shown(&field.ty)
    );
    sources.wrong(call.spot, "missing-input", message)
}
