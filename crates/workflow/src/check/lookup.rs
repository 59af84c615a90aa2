//! What nodes call, and what they give.

use std::rc::Rc;
use std::sync::Arc;

use weft_types::Type;

use super::Options;
use super::budget::Budget;
use super::callees::{Callee, Callees, Directory, Missing};
use super::kind;
use super::names::Output;
use crate::definition::{Call, Definition, Kind, Node};
use crate::problem::Problem;

/// What each node calls; none for one that calls nothing, or nothing that there is.
pub(super) fn callees<'d>(
    definition: &'d Definition,
    callees: &'d dyn Callees,
    options: &Options<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<Option<Rc<Callee>>> {
    let mut directory = Directory::new(callees);
    let mut look_up = |node: &'d Node| {
        let Some(Kind::Call(call)) = &node.kind else {
            return None;
        };
        match callee(definition, &mut directory, options, call) {
            Ok(callee) => Some(callee),
            Err((code, message)) => {
                problems.push(definition.places.problem(call.spot, code, message));
                None
            }
        }
    };
    definition.nodes.iter().map(&mut look_up).collect()
}

fn callee<'d>(
    definition: &Definition,
    directory: &mut Directory<'d>,
    options: &Options<'_>,
    call: &'d Call,
) -> Result<Rc<Callee>, (&'static str, String)> {
    if calls_itself(definition, options, call) {
        return Err(("recursion", format!("`{}` cannot call itself", call.function)));
    }
    let version = call
        .version
        .or_else(|| options.pins.0.get(&call.function).copied());
    let found = directory.find((&call.function, version, call.export.as_deref()));
    found.map_err(|error| (code(error.what), error.message))
}

fn calls_itself(definition: &Definition, options: &Options<'_>, call: &Call) -> bool {
    let own = definition.name.as_ref().map(|name| &name.value);
    options.function.or(own) == Some(&call.function)
}

fn code(missing: Missing) -> &'static str {
    match missing {
        Missing::Function => "unknown-function",
        Missing::Version => "unknown-version",
        Missing::Export => "unknown-export",
        Missing::Callable => "not-callable",
    }
}

/// What references to each node see; none where that is more than a plan can hold.
pub(super) fn outputs(
    definition: &Definition,
    callees: &[Option<Rc<Callee>>],
    budget: &mut Budget,
    problems: &mut Vec<Problem>,
) -> Option<Vec<Output>> {
    let mut outputs = Vec::with_capacity(definition.nodes.len());
    for (node, callee) in definition.nodes.iter().zip(callees) {
        let output = output(definition, node, callee.as_deref(), problems);
        let mut room = callee
            .as_ref()
            .is_none_or(|callee| budget.take_types(&callee.params));
        if let Output::Value(ty) = &output {
            room &= budget.take_types(ty);
        }
        if !room {
            problems.push(
                definition
                    .places
                    .problem(node.name.spot, "too-large", budget.types_told()),
            );
            return None;
        }
        outputs.push(output);
    }
    Some(outputs)
}

fn output(
    definition: &Definition,
    node: &Node,
    callee: Option<&Callee>,
    problems: &mut Vec<Problem>,
) -> Output {
    let once = node
        .kind
        .as_ref()
        .map_or(Output::Unknown, |kind| kind::output(kind, callee));
    let Some(for_each) = &node.for_each else {
        return once;
    };
    let listed = match (once, callee) {
        (Output::Unknown, _) => return Output::Unknown,
        (Output::Value(_) | Output::Nothing, Some(callee)) => callee.listed(for_each.on_item_failure),
        // Only calls go over lists, which is told elsewhere.
        (Output::Value(ty), None) => Type::list((*ty).clone()).map(|ty| Some(Arc::new(ty))),
        (Output::Nothing, None) => return Output::Nothing,
    };
    match listed {
        Ok(ty) => ty.map_or(Output::Nothing, Output::Value),
        Err(error) => {
            let spot = for_each.list.spot;
            problems.push(definition.places.problem(spot, "type-unknown", error.to_string()));
            Output::Unknown
        }
    }
}
