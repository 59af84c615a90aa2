//! What changed about a node.

use super::{Change, compare, compare_by_name, named, word};
use crate::plan::{Catch, Kind, Node, Plan};

/// What changed from a node of one plan to a node of another.
pub(super) fn changes(before: (&Plan, &Node), after: (&Plan, &Node)) -> Vec<Change> {
    let mut changes = compare(facts(before), facts(after));
    changes.append(&mut compare_by_name(arguments(before.1), arguments(after.1)));
    changes
}

fn facts((plan, node): (&Plan, &Node)) -> Vec<(&'static str, Option<String>)> {
    let duration = |duration: std::time::Duration| format!("{duration:?}");
    let call = match &node.kind {
        Kind::Call(call) => Some(call),
        Kind::Sleep { .. } | Kind::Wait { .. } => None,
    };
    let kind = match &node.kind {
        Kind::Call(call) => format!("call {}#{}", call.function, call.export_name),
        Kind::Sleep { .. } => "sleep".to_owned(),
        Kind::Wait { .. } => "wait".to_owned(),
    };
    let after: Vec<_> = node
        .needs
        .iter()
        .map(|need| &*plan.node(need.node).name)
        .collect();
    let for_each = node.for_each.as_ref();
    let catch = node.catch.as_ref().map(|catch| match catch {
        Catch::Value(value) => format!("value {}", value.text()),
        Catch::Node(index) => format!("node {}", plan.node(*index).name),
    });
    vec![
        ("kind", Some(kind)),
        ("version", call.map(|call| call.version.to_string())),
        ("needs", (!after.is_empty()).then(|| after.join(", "))),
        ("when", node.when.as_ref().map(|when| when.text().to_owned())),
        ("for-each", for_each.map(|it| it.list.text())),
        ("concurrency", for_each.map(|it| it.concurrency.to_string())),
        ("on-item-failure", for_each.map(|it| word(&it.on_failure))),
        ("retry", Some(retry(node))),
        ("catch", catch),
        ("timeout", timeout(node).map(duration)),
        ("priority", node.priority.as_ref().map(word)),
        ("profile", node.profile.as_ref().map(ToString::to_string)),
        ("group", node.group.as_ref().map(ToString::to_string)),
        ("limits", node.limits.as_ref().map(json)),
        ("cache", node.cache.map(duration)),
        ("output", node.output.as_ref().map(ToString::to_string)),
        ("effect-free", Some(node.effect_free.to_string())),
    ]
}

fn arguments(node: &Node) -> Vec<(String, Option<String>)> {
    match &node.kind {
        Kind::Call(call) => named("with", call.arguments.members()),
        Kind::Sleep { duration } => named("sleep", vec![("", duration.text())]),
        Kind::Wait { .. } => Vec::new(),
    }
}

fn timeout(node: &Node) -> Option<std::time::Duration> {
    match node.kind {
        Kind::Wait { timeout } => timeout,
        Kind::Call(_) | Kind::Sleep { .. } => node.timeout,
    }
}

fn retry(node: &Node) -> String {
    let retry = &node.retry;
    let on: Vec<_> = retry.on.iter().map(word).collect();
    format!(
        "{} attempts, {:?} × {} %, at most {:?}, ± {} %, on {}",
        retry.attempts,
        retry.backoff,
        retry.factor_percent,
        retry.max_backoff,
        retry.jitter_percent,
        on.join(", ")
    )
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
