//! Plans for tests, put together without a definition.

use std::sync::Arc;
use std::time::Duration;

use weft_types::image::{Bounds, Image};
use weft_types::{Digest, FailurePolicy, Signature, Type, json};

use crate::evaluate::{Expression, Formula};
use crate::event::ErrorCode;
use crate::plan::{
    Call, Catch, Condition, Defaults, ForEach, ItemFailure, Kind, Need, Node, NodeIndex, Pins, Plan, Retry,
    Source,
};

/// A node as a test describes it. Those it names must be described before it.
#[derive(Clone, Debug)]
pub(crate) struct Sketch {
    pub(crate) name: String,
    pub(crate) kind: Step,
    /// Names, and whether the value is needed.
    pub(crate) needs: Vec<(String, bool)>,
    pub(crate) conditional: bool,
    pub(crate) each: Option<(u32, ItemFailure)>,
    pub(crate) attempts: u32,
    pub(crate) or_value: bool,
    /// The node that it catches.
    pub(crate) catches: Option<String>,
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Call,
    Sleep,
    Wait,
}

/// A node that calls something.
pub(crate) fn call(name: &str) -> Sketch {
    Sketch {
        name: name.to_owned(),
        kind: Step::Call,
        needs: Vec::new(),
        conditional: false,
        each: None,
        attempts: 1,
        or_value: false,
        catches: None,
    }
}

/// A node that sleeps.
pub(crate) fn sleep(name: &str) -> Sketch {
    Sketch {
        kind: Step::Sleep,
        ..call(name)
    }
}

/// A node that awaits an outside event.
pub(crate) fn wait(name: &str) -> Sketch {
    Sketch {
        kind: Step::Wait,
        ..call(name)
    }
}

impl Sketch {
    /// It needs the values of these.
    pub(crate) fn needs<const N: usize>(mut self, names: [&str; N]) -> Self {
        self.needs.extend(names.map(|name| (name.to_owned(), true)));
        self
    }

    /// It comes after these.
    pub(crate) fn after<const N: usize>(mut self, names: [&str; N]) -> Self {
        self.needs.extend(names.map(|name| (name.to_owned(), false)));
        self
    }

    /// It has a condition.
    pub(crate) fn when(mut self) -> Self {
        self.conditional = true;
        self
    }

    /// It goes over a list, so many items at once.
    pub(crate) fn each(mut self, concurrency: u32, on_failure: ItemFailure) -> Self {
        self.each = Some((concurrency, on_failure));
        self
    }

    /// It is attempted so many times where a trap, a timeout or a lost outcome ends an attempt.
    pub(crate) fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// A value takes the place of its output where it fails.
    pub(crate) fn or_value(mut self) -> Self {
        self.or_value = true;
        self
    }

    /// It is the fallback of this node.
    pub(crate) fn catches(mut self, name: &str) -> Self {
        self.catches = Some(name.to_owned());
        self
    }
}

/// The plan of these nodes; a run ends with its first failure.
pub(crate) fn plan<const N: usize>(sketches: [Sketch; N]) -> Plan {
    plan_with(FailurePolicy::End, &sketches)
}

/// The plan of these nodes; a run goes on with what does not depend on a failure.
pub(crate) fn lenient<const N: usize>(sketches: [Sketch; N]) -> Plan {
    plan_with(FailurePolicy::Continue, &sketches)
}

pub(crate) fn plan_with(policy: FailurePolicy, sketches: &[Sketch]) -> Plan {
    let find = |name: &str| {
        let at = sketches.iter().position(|sketch| sketch.name == name);
        NodeIndex(at.unwrap_or_else(|| panic!("no node `{name}`")) as u32)
    };
    let needs: Vec<Box<[Need]>> = sketches.iter().map(|sketch| needs(sketch, &find)).collect();
    let mut nodes: Vec<Node> = sketches.iter().map(node).collect();
    for (at, needs) in needs.into_iter().enumerate() {
        let index = NodeIndex(at as u32);
        for need in &needs {
            let before = &mut nodes[need.node.0 as usize];
            before.successors = before.successors.iter().copied().chain([index]).collect();
        }
        nodes[at].level = needs
            .iter()
            .map(|need| nodes[need.node.0 as usize].level + 1)
            .max()
            .unwrap_or(0);
        nodes[at].needs = needs;
        if let Some(caught) = sketches[at].catches.as_deref().map(find) {
            nodes[at].catches = Some(caught);
            nodes[caught.0 as usize].catch = Some(Catch::Node(index));
        }
    }
    let all = || (0..nodes.len()).map(|at| NodeIndex(at as u32));
    Plan {
        name: "test".into(),
        signature: signature(),
        durability: Default::default(),
        defaults: Defaults {
            policy,
            ..Defaults::default()
        },
        globals: None,
        effect_free: true,
        entries: all()
            .filter(|node| nodes[node.0 as usize].needs.is_empty())
            .collect(),
        exits: all()
            .filter(|node| nodes[node.0 as usize].successors.is_empty())
            .collect(),
        nodes: nodes.into(),
        result: None,
        pins: Pins::default(),
        digest: Digest::of(b"plan"),
    }
}

fn needs(sketch: &Sketch, find: &dyn Fn(&str) -> NodeIndex) -> Box<[Need]> {
    let needs = sketch.needs.iter();
    let needs = needs.map(|(name, value)| Need {
        node: find(name),
        value: *value,
    });
    needs.collect()
}

fn node(sketch: &Sketch) -> Node {
    Node {
        name: sketch.name.as_str().into(),
        kind: kind(sketch.kind),
        needs: Box::default(),
        successors: Box::default(),
        level: 0,
        when: sketch
            .conditional
            .then(|| Condition::new("true".into(), Formula::Bool(true))),
        for_each: sketch.each.map(|(concurrency, on_failure)| ForEach {
            list: source(),
            concurrency,
            on_failure,
        }),
        retry: Retry {
            attempts: sketch.attempts,
            backoff: Duration::from_secs(1),
            jitter_percent: 0,
            on: [ErrorCode::Trap, ErrorCode::Timeout, ErrorCode::OutcomeUnknown].into(),
            ..Retry::default()
        },
        catch: sketch.or_value.then(|| Catch::Value(source())),
        catches: None,
        timeout: None,
        priority: None,
        profile: None,
        group: None,
        limits: None,
        cache: None,
        output: Some(Arc::new(u64_type())),
        effect_free: true,
    }
}

fn kind(step: Step) -> Kind {
    match step {
        Step::Sleep => Kind::Sleep { duration: source() },
        Step::Wait => Kind::Wait { timeout: None },
        Step::Call => Kind::Call(Call {
            function: "callee".parse().unwrap(),
            version: weft_types::VersionNumber(1),
            open: false,
            export: 0,
            export_name: "run".into(),
            signature: Arc::new(signature()),
            workflow: false,
            arguments: source(),
        }),
    }
}

fn signature() -> Signature {
    Signature {
        params: Type::record([("n", u64_type())]).unwrap(),
        result: Some(u64_type()),
    }
}

/// Never evaluated: who decides sees no values.
fn source() -> Source {
    Source::new(Arc::new(u64_type()), Expression::Constant(seven()))
}

/// The image of a value.
pub(crate) fn seven() -> Image {
    let bounds = Bounds {
        bytes: 64,
        elements: 1,
    };
    json::parse(&u64_type(), b"7", bounds).unwrap()
}

fn u64_type() -> Type {
    "u64".parse().unwrap()
}
