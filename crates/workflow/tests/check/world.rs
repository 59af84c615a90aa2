//! Functions for definitions to call.

use std::sync::Arc;

use weft_types::{Digest, Durability, FunctionName, Signature, VersionNumber};
use weft_workflow::check::{self, Callees, Checked, Found, Missing, NotFound, Options};
use weft_workflow::definition::{self, Bounds};
use weft_workflow::nearest::hint;
use weft_workflow::plan::Pins;

/// A function with the exports of its only version, or of several.
pub(crate) struct Function {
    name: &'static str,
    version: u32,
    exports: Vec<(&'static str, Arc<Signature>)>,
    workflow: Option<Durability>,
    effect_free: bool,
}

/// What can be called.
pub(crate) struct World(Vec<Function>);

const LINE: &str = "record { sku: string, qty: u32, price: f64 }";

impl World {
    /// What the definitions of these tests call.
    pub(crate) fn new() -> Self {
        let lines = format!("lines: list<{LINE}>");
        let line = format!("line: {LINE}");
        Self(vec![
            pure("pricing", 1, vec![("total", of(&lines, "f32"))]),
            pure(
                "pricing",
                2,
                vec![
                    ("total", of(&lines, "f64")),
                    ("tax", of("amount: f64, region: option<string>", "f64")),
                ],
            ),
            effectful(
                "payments",
                vec![(
                    "charge",
                    of(
                        "order: string, amount: f64",
                        "result<record { id: string, at: u64 }, variant { declined, busy(u32) }>",
                    ),
                )],
            ),
            pure("make-label", 1, vec![("make-label", of(&line, "string"))]),
            effectful("log", vec![("log", of("text: string", ""))]),
            effectful(
                "refund",
                vec![("refund", of("order: string", "result<_, string>"))],
            ),
            pure(
                "score",
                1,
                vec![(
                    "score",
                    of(
                        "n: u32",
                        "record { value: s64, ratio: f32, grade: enum { low, high }, tags: list<string>, \
                         rights: flags { read, write }, note: option<string>, mark: char, \
                         shape: variant { dot, circle(f64) }, pair: tuple<u8, string>, near: option<record { id: u64 }> }",
                    ),
                )],
            ),
            pure(
                "resize",
                1,
                vec![(
                    "resize",
                    of("data: list<u8>, width: u32", "result<list<u8>, string>"),
                )],
            ),
            pure(
                "echo",
                1,
                vec![("echo", of("value: option<string>", "option<string>"))],
            ),
            pure("double", 1, vec![("double", of("n: u64", "u64"))]),
            pure("flag", 1, vec![("flag", of("on: bool", "bool"))]),
            pure(
                "paint",
                1,
                vec![(
                    "paint",
                    of(
                        "shape: variant { dot, circle(f64) }, at: tuple<u8, u8>, done: result<u8, string>, deep: option<option<u8>>",
                        "string",
                    ),
                )],
            ),
            workflow(
                "notify",
                Durability::Durable,
                vec![("notify", of("id: string", ""))],
            ),
            workflow(
                "quick",
                Durability::Express,
                vec![("quick", of("n: u32", "record { n: u32 }"))],
            ),
        ])
    }

    /// Puts a function in place of its versions so far.
    pub(crate) fn with(mut self, function: Function) -> Self {
        self.0.push(function);
        self
    }
}

/// A function without effects.
pub(crate) fn pure(
    name: &'static str,
    version: u32,
    exports: Vec<(&'static str, Arc<Signature>)>,
) -> Function {
    Function {
        name,
        version,
        exports,
        workflow: None,
        effect_free: true,
    }
}

fn effectful(name: &'static str, exports: Vec<(&'static str, Arc<Signature>)>) -> Function {
    Function {
        effect_free: false,
        ..pure(name, 1, exports)
    }
}

fn workflow(
    name: &'static str,
    durability: Durability,
    exports: Vec<(&'static str, Arc<Signature>)>,
) -> Function {
    Function {
        workflow: Some(durability),
        effect_free: durability == Durability::Express,
        ..pure(name, 1, exports)
    }
}

/// A signature with these parameters and this result, if any.
pub(crate) fn of(params: &str, result: &str) -> Arc<Signature> {
    Arc::new(Signature {
        params: format!("record {{ {params} }}").parse().unwrap(),
        result: (!result.is_empty()).then(|| result.parse().unwrap()),
    })
}

impl Callees for World {
    fn find(
        &self,
        function: &FunctionName,
        version: Option<VersionNumber>,
        export: Option<&str>,
    ) -> Result<Found, NotFound> {
        let missing = |what, message: String| NotFound { what, message };
        let named: Vec<_> = self.0.iter().filter(|it| it.name == function.as_str()).collect();
        let Some(active) = named.last() else {
            let names = self.0.iter().map(|it| it.name);
            let message = format!(
                "there is no function `{function}`{}",
                hint(function.as_str(), names)
            );
            return Err(missing(Missing::Function, message));
        };
        let wanted = version.map_or(active.version, |version| version.0);
        let Some(found) = named.iter().find(|it| it.version == wanted) else {
            let message = format!(
                "`{function}` has no version {wanted}, its active one is {}",
                active.version
            );
            return Err(missing(Missing::Version, message));
        };
        let index = match export {
            Some(export) => found.exports.iter().position(|(name, _)| *name == export),
            None if found.exports.len() == 1 => Some(0),
            None => None,
        };
        let Some(index) = index else {
            let names: Vec<_> = found
                .exports
                .iter()
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            let message = format!("`{function}` exports {}, name one of them", names.join(" and "));
            return Err(missing(Missing::Export, message));
        };
        let (name, signature) = &found.exports[index];
        Ok(Found {
            version: VersionNumber(found.version),
            export: index,
            export_name: (*name).into(),
            signature: signature.clone(),
            workflow: found.workflow.is_some(),
            effect_free: found.effect_free,
            durability: found.workflow.unwrap_or_default(),
        })
    }
}

/// Reads and checks a definition, without pins.
pub(crate) fn check(text: &str) -> Checked {
    check_with(text, &World::new(), &Pins::default())
}

/// Reads and checks a definition.
pub(crate) fn check_with(text: &str, world: &World, pins: &Pins) -> Checked {
    let read = definition::read(text.as_bytes(), &Bounds::default());
    let Some(definition) = read.definition else {
        panic!("{text}\ncannot be read: {:#?}", read.problems);
    };
    let options = Options {
        source: Digest::of(text.as_bytes()),
        function: None,
        pins,
        limits: check::Limits::default(),
    };
    let mut checked = check::check(&definition, world, &options);
    checked.problems.splice(0..0, read.problems);
    checked
}

/// The plan of a definition that nothing is wrong with.
pub(crate) fn plan(text: &str) -> weft_workflow::Plan {
    let checked = check(text);
    match checked.plan {
        Some(plan) => plan,
        None => panic!("{text}\n{:#?}", checked.problems),
    }
}
