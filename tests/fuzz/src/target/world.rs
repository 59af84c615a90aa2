//! Functions for definitions to call.

use std::sync::{Arc, LazyLock};

use weft_types::{Durability, FunctionName, Signature, VersionNumber};
use weft_workflow::check::{Callees, Found, Missing, NotFound};

/// Function, export, parameters, result, and what it is.
const FUNCTIONS: [(&str, &str, &str, &str, Is); 9] = [
    (
        "pricing",
        "total",
        "lines: list<record { sku: string, qty: u32, price: f64 }>",
        "f64",
        Is::Pure,
    ),
    (
        "payments",
        "charge",
        "order: string, amount: f64",
        "result<record { id: string, at: u64 }, variant { declined, busy(u32) }>",
        Is::Effectful,
    ),
    (
        "make-label",
        "make-label",
        "line: record { sku: string, qty: u32, price: f64 }",
        "string",
        Is::Pure,
    ),
    (
        "refund",
        "refund",
        "order: string",
        "result<_, string>",
        Is::Effectful,
    ),
    (
        "score",
        "score",
        "n: u32",
        "record { value: s64, ratio: f32, grade: enum { low, high }, tags: list<string>, rights: flags { read, write }, note: option<string>, \
         mark: char, shape: variant { dot, circle(f64) }, pair: tuple<u8, string> }",
        Is::Pure,
    ),
    (
        "resize",
        "resize",
        "data: list<u8>, width: u32",
        "result<list<u8>, string>",
        Is::Pure,
    ),
    ("double", "double", "n: u64", "u64", Is::Pure),
    (
        "notify",
        "notify",
        "id: string",
        "",
        Is::Workflow(Durability::Durable),
    ),
    (
        "quick",
        "quick",
        "n: u32",
        "record { n: u32 }",
        Is::Workflow(Durability::Express),
    ),
];

#[derive(Clone, Copy, PartialEq)]
enum Is {
    Pure,
    Effectful,
    Workflow(Durability),
}

static SIGNATURES: LazyLock<Vec<Arc<Signature>>> = LazyLock::new(|| {
    let signature = |(_, _, params, result, _): &(&str, &str, &str, &str, Is)| {
        Arc::new(Signature {
            params: format!("record {{ {params} }}").parse().unwrap(),
            result: (!result.is_empty()).then(|| result.parse().unwrap()),
        })
    };
    FUNCTIONS.iter().map(signature).collect()
});

/// Finds them, each in version 1.
pub(super) struct World;

impl Callees for World {
    fn find(
        &self,
        function: &FunctionName,
        version: Option<VersionNumber>,
        export: Option<&str>,
    ) -> Result<Found, NotFound> {
        let missing = |what, message: &str| NotFound {
            what,
            message: message.to_owned(),
        };
        let index = FUNCTIONS.iter().position(|known| known.0 == function.as_str());
        let index = index.ok_or_else(|| missing(Missing::Function, "there is no such function"))?;
        let (_, name, _, _, is) = FUNCTIONS[index];
        if version.is_some_and(|version| version.0 != 1) {
            return Err(missing(Missing::Version, "there is no such version"));
        }
        if export.is_some_and(|export| export != name) {
            return Err(missing(Missing::Export, "there is no such export"));
        }
        let durability = match is {
            Is::Workflow(durability) => Some(durability),
            Is::Pure | Is::Effectful => None,
        };
        Ok(Found {
            version: VersionNumber(1),
            export: 0,
            export_name: name.into(),
            signature: SIGNATURES[index].clone(),
            workflow: durability.is_some(),
            effect_free: is == Is::Pure || durability == Some(Durability::Express),
            durability: durability.unwrap_or_default(),
        })
    }
}
