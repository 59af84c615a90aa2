//! What is read is what was written.

use std::time::Duration;

use weft_types::{Durability, FailurePolicy, Limits, Priority, VersionNumber};
use weft_workflow::definition::{Access, Call, Catch, Definition, Form, Kind, Node, Pause, Root};
use weft_workflow::event::ErrorCode;
use weft_workflow::plan::{ItemFailure, Retry};

use crate::sound;

const ORDER: &str = r#"
workflow: order
description: >
  Prices an order,
  charges it and prints labels.
types: |
  record line { sku: string, qty: u32, price: f64 }
input: { id: string, lines: list<line> }
output: { receipt: $charge, labels: $labels }
output-type: "record { receipt: string, labels: list<string> }"
durability: express
defaults: { on-failure: continue, priority: high, group: big, timeout: 2m, concurrency: 10 }
parameters:
  rate: { type: f64, default: 0.19 }
nodes:
  total: { call: pricing#total, with: { lines: $input.lines, rate: $global.rate } }
  charge:
    call: payments@3#weft:payments/api@0.1.0#charge
    with: { order: $input.id, amount: $total }
    retry: { attempts: 4, backoff: 200ms, factor: 1.5, max-backoff: 10s, jitter: 0.5, on: [trap, timeout] }
    timeout: 5s
    catch: { node: refuse }
    priority: lowest
    profile: sandbox
    group: gpu
    limits: { cpu-time-ms: 100, memory-bytes: 1048576, input-bytes: 10, output-bytes: 20 }
    cache: 1h
  labels:
    call: make-label
    for-each: $input.lines
    with: { line: $item, number: $index }
    concurrency: 8
    on-item-failure: collect
    retry: 7
  pause: { sleep: 30s, after: [charge, labels] }
  longer: { sleep: $total.delay }
  approval: { wait: bool, timeout: 1d, catch: { value: false } }
  notify: { call: notify-customer, when: $total > 100.0, after: [charge] }
  refuse: { call: refuse }
"#;

fn node<'a>(definition: &'a Definition, name: &str) -> &'a Node {
    definition
        .nodes
        .iter()
        .find(|node| &*node.name.value == name)
        .unwrap()
}

fn call(node: &Node) -> &Call {
    match &node.kind {
        Some(Kind::Call(call)) => call,
        _ => panic!("not a call"),
    }
}

#[test]
fn the_top() {
    let definition = sound(ORDER);
    assert_eq!(definition.name.unwrap().value.as_str(), "order");
    assert_eq!(
        &*definition.description,
        "Prices an order, charges it and prints labels.\n"
    );
    assert_eq!(definition.durability, Durability::Express);
    let inputs: Vec<_> = definition
        .inputs
        .iter()
        .map(|input| (&*input.name.value, input.ty.value.as_ref().unwrap().to_string()))
        .collect();
    assert_eq!(
        inputs,
        [
            ("id", "string".to_owned()),
            (
                "lines",
                "list<record { sku: string, qty: u32, price: f64 }>".to_owned()
            ),
        ]
    );
    let output = definition.output.unwrap();
    assert!(output.ty.unwrap().value.is_some());
    let Form::Map(members) = output.source.form else {
        panic!("not a map");
    };
    assert_eq!(
        members
            .iter()
            .map(|member| &*member.key.value)
            .collect::<Vec<_>>(),
        ["receipt", "labels"]
    );
    let global = &definition.globals[0];
    assert_eq!(&*global.name.value, "rate");
    assert_eq!(global.default.as_ref().unwrap().form, Form::Number("0.19".into()));
}

#[test]
fn defaults() {
    let defaults = sound(ORDER).defaults;
    assert_eq!(defaults.on_failure, FailurePolicy::Continue);
    assert_eq!(defaults.priority, Priority::High);
    assert_eq!(&*defaults.group.unwrap().value, "big");
    assert_eq!(defaults.timeout.unwrap().value, Duration::from_secs(120));
    assert_eq!(defaults.concurrency.unwrap().value, 10);
    let nothing = sound("workflow: w\nnodes: {n: {sleep: 1s}}\n");
    assert_eq!(nothing.defaults, Default::default());
    assert_eq!(nothing.durability, Durability::Durable);
}

#[test]
fn nodes_in_their_order() {
    let definition = sound(ORDER);
    let names: Vec<_> = definition.nodes.iter().map(|node| &*node.name.value).collect();
    assert_eq!(
        names,
        [
            "total", "charge", "labels", "pause", "longer", "approval", "notify", "refuse"
        ]
    );
}

#[test]
fn a_call() {
    let definition = sound(ORDER);
    let charge = node(&definition, "charge");
    let callee = call(charge);
    assert_eq!(callee.function.as_str(), "payments");
    assert_eq!(callee.version, Some(VersionNumber(3)));
    assert_eq!(callee.export.as_deref(), Some("weft:payments/api@0.1.0#charge"));
    assert_eq!(
        callee
            .with
            .iter()
            .map(|argument| &*argument.name.value)
            .collect::<Vec<_>>(),
        ["order", "amount"]
    );
    assert_eq!(charge.timeout.unwrap().value, Duration::from_secs(5));
    assert_eq!(charge.cache.unwrap().value, Duration::from_secs(3600));
    assert_eq!(charge.priority.unwrap().value, Priority::Lowest);
    assert_eq!(&*charge.profile.as_ref().unwrap().value, "sandbox");
    assert_eq!(
        charge.limits.as_ref().unwrap().value,
        Limits {
            cpu_time_ms: Some(100),
            memory_bytes: Some(1 << 20),
            input_bytes: Some(10),
            output_bytes: Some(20),
            ..Limits::default()
        }
    );
    let Some(Catch::Node(refuse)) = charge.catch.as_ref().map(|catch| &catch.value) else {
        panic!("no node");
    };
    assert_eq!(&*refuse.value, "refuse");

    let total = call(node(&definition, "total"));
    assert_eq!((total.version, total.export.as_deref()), (None, Some("total")));
    let notify = node(&definition, "notify");
    assert_eq!(
        (call(notify).version, call(notify).export.as_deref()),
        (None, None)
    );
    assert_eq!(notify.when.as_ref().unwrap().value.as_ref(), "$total > 100.0");
    assert_eq!(
        notify.after.iter().map(|name| &*name.value).collect::<Vec<_>>(),
        ["charge"]
    );
}

#[test]
fn retries() {
    let definition = sound(ORDER);
    let retry = |name: &str| {
        node(&definition, name)
            .retry
            .as_ref()
            .map(|retry| retry.value.clone())
    };
    assert_eq!(
        retry("charge"),
        Some(Retry {
            attempts: 4,
            backoff: Duration::from_millis(200),
            factor_percent: 150,
            max_backoff: Duration::from_secs(10),
            jitter_percent: 50,
            // Faults of the platform are worth another attempt whatever is listed.
            on: [
                ErrorCode::Trap,
                ErrorCode::Timeout,
                ErrorCode::Unavailable,
                ErrorCode::Platform
            ]
            .into(),
        })
    );
    assert_eq!(
        retry("labels"),
        Some(Retry {
            attempts: 7,
            ..Retry::default()
        })
    );
    assert_eq!(retry("notify"), None);
    // A first wait beyond the usual longest one makes that longer.
    let long = sound("workflow: w\nnodes: {n: {call: x, retry: {backoff: 5m}}}\n");
    let retry = long.nodes[0].retry.as_ref().unwrap();
    assert_eq!(
        (retry.value.backoff, retry.value.max_backoff),
        (Duration::from_secs(300), Duration::from_secs(300))
    );
}

#[test]
fn once_per_item() {
    let definition = sound(ORDER);
    let labels = node(&definition, "labels");
    let for_each = labels.for_each.as_ref().unwrap();
    assert_eq!(for_each.concurrency.unwrap().value, 8);
    assert_eq!(for_each.on_item_failure, ItemFailure::Collect);
    let Form::Reference(list) = &for_each.list.form else {
        panic!("not a reference");
    };
    assert_eq!(
        (&list.root, &list.steps[0].access),
        (&Root::Input, &Access::Field("lines".into()))
    );
    let roots: Vec<_> = call(labels)
        .with
        .iter()
        .map(|argument| match &argument.source.form {
            Form::Reference(reference) => &reference.root,
            _ => panic!("not a reference"),
        })
        .collect();
    assert_eq!(roots, [&Root::Item, &Root::Index]);
}

#[test]
fn pauses_and_waits() {
    let definition = sound(ORDER);
    let Some(Kind::Sleep(pause)) = &node(&definition, "pause").kind else {
        panic!("not a pause");
    };
    assert_eq!(pause.duration, Pause::Fixed(Duration::from_secs(30)));
    let Some(Kind::Sleep(longer)) = &node(&definition, "longer").kind else {
        panic!("not a pause");
    };
    let Pause::Given(reference) = &longer.duration else {
        panic!("not given");
    };
    assert_eq!(reference.root, Root::Node("total".into()));
    let approval = node(&definition, "approval");
    let Some(Kind::Wait(wait)) = &approval.kind else {
        panic!("not a wait");
    };
    assert_eq!(
        wait.ty.as_ref().unwrap().value.as_ref().unwrap().to_string(),
        "bool"
    );
    assert_eq!(approval.timeout.unwrap().value, Duration::from_secs(86_400));
    assert!(matches!(approval.catch.as_ref().unwrap().value, Catch::Value(_)));
}

#[test]
fn what_is_wrong_is_left_out_and_the_rest_is_there() {
    let read = crate::read(
        "workflow: W\ninput: {a: u9}\nnodes: {n: {call: X, after: [m], retry: 0}, m: {sleep: 1s}}\n",
    );
    assert_eq!(read.problems.len(), 4);
    let definition = read.definition.unwrap();
    assert!(definition.name.is_none());
    assert!(definition.inputs[0].ty.value.is_none());
    let n = node(&definition, "n");
    assert!(n.kind.is_none() && n.retry.is_none());
    assert_eq!(n.after.len(), 1);
    assert!(node(&definition, "m").kind.is_some());
}
