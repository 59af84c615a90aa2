//! The plans that definitions make.

use std::fmt::Write as _;

use super::golden::compare;
use super::world::{World, check_with, plan};
use weft_types::VersionNumber;
use weft_workflow::plan::{Catch, Kind, Node, Pins, Plan};

#[test]
fn definitions_make_plans() {
    let examples = compare("plans.txt", |text| described(&plan(text)));
    assert!(examples >= 10, "{examples}");
}

#[test]
fn pins_hold_versions_and_change_the_digest() {
    let text = "workflow: w\nnodes:\n  a: { call: 'pricing#total', with: { lines: [] } }\n";
    let version = |plan: &Plan| match &plan.nodes[0].kind {
        Kind::Call(call) => call.version.0,
        Kind::Sleep { .. } | Kind::Wait { .. } => 0,
    };
    let active = plan(text);
    let pins = Pins([("pricing".parse().unwrap(), VersionNumber(1))].into());
    let pinned = check_with(text, &World::new(), &pins).plan.unwrap();
    assert_eq!((version(&active), version(&pinned)), (2, 1));
    assert_eq!(pinned.pins, pins);
    assert_ne!(active.digest, pinned.digest);
    let again = check_with(text, &World::new(), &active.pins).plan.unwrap();
    assert_eq!(again.digest, active.digest);
}

#[test]
fn named_versions_are_no_pins() {
    let plan = plan("workflow: w\nnodes:\n  a: { call: 'pricing@1#total', with: { lines: [] } }\n");
    assert_eq!(plan.pins, Pins::default());
}

fn described(plan: &Plan) -> String {
    let mut text = String::new();
    let result = plan.signature.result.as_ref().map(ToString::to_string);
    let class = if plan.effect_free { ", effect-free" } else { "" };
    writeln!(
        text,
        "{} -> {}{class}",
        plan.signature.params,
        result.as_deref().unwrap_or("nothing")
    )
    .unwrap();
    for (index, node) in plan.iter() {
        writeln!(text, "{} {}", index.0, described_node(plan, node)).unwrap();
    }
    let names = |indexes: &[weft_workflow::NodeIndex]| {
        let names: Vec<_> = indexes
            .iter()
            .map(|index| plan.node(*index).name.to_string())
            .collect();
        names.join(" ")
    };
    writeln!(
        text,
        "entries {}, exits {}",
        names(&plan.entries),
        names(&plan.exits)
    )
    .unwrap();
    for edge in plan.edges() {
        writeln!(
            text,
            "{} -> {}: {edge}",
            plan.name_of(edge.from),
            plan.name_of(edge.to)
        )
        .unwrap();
    }
    if let Some(result) = &plan.result {
        writeln!(text, "answers {}", result.text()).unwrap();
    }
    text
}

fn described_node(plan: &Plan, node: &Node) -> String {
    let kind = match &node.kind {
        Kind::Call(call) => format!(
            "{}@{}#{} {}",
            call.function,
            call.version,
            call.export_name,
            call.arguments.text()
        ),
        Kind::Sleep { duration } => format!("sleep {}", duration.text()),
        Kind::Wait { timeout } => format!("wait {timeout:?}"),
    };
    let mut text = format!("{} (level {}): {kind}", node.name, node.level);
    for need in &node.needs {
        let mark = if need.value { "value of" } else { "end of" };
        write!(text, ", {mark} {}", plan.node(need.node).name).unwrap();
    }
    if let Some(when) = &node.when {
        write!(text, ", when {}", when.text()).unwrap();
    }
    if let Some(for_each) = &node.for_each {
        write!(
            text,
            ", for each {} x{}",
            for_each.list.text(),
            for_each.concurrency
        )
        .unwrap();
    }
    match &node.catch {
        Some(Catch::Value(value)) => write!(text, ", or {}", value.text()).unwrap(),
        Some(Catch::Node(fallback)) => write!(text, ", or {}", plan.node(*fallback).name).unwrap(),
        None => {}
    }
    if let Some(failed) = node.catches {
        write!(text, ", for {}", plan.node(failed).name).unwrap();
    }
    let output = node.output.as_ref().map(ToString::to_string);
    write!(text, " => {}", output.as_deref().unwrap_or("nothing")).unwrap();
    if !node.effect_free {
        text.push_str(", effects");
    }
    text
}
