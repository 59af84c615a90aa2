//! `call`: a function or a workflow.

use serde_json::{Value, json};
use weft_types::VersionNumber;

use super::Parser;
use crate::definition::model::{Argument, At, Call, Kind};
use crate::definition::place::Spot;
use crate::definition::quote::quoted;
use crate::definition::reader::{Fields, Reader};

pub(super) const PARSER: Parser = Parser {
    key: "call",
    keys: &[
        "with",
        "for-each",
        "concurrency",
        "on-item-failure",
        "retry",
        "catch",
        "timeout",
        "priority",
        "profile",
        "group",
        "limits",
        "cache",
    ],
    read,
    schema,
};

/// What is right.
const EXPECTED: &str = "what is called: `name`, `name@version`, `name#export` or `name@version#export`";

fn read(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Kind> {
    let with = fields
        .get("with")
        .map_or_else(Vec::new, |spot| arguments(reader, spot));
    let call = callee(reader, fields.get(PARSER.key)?)?;
    Some(Kind::Call(Call { with, ..call }))
}

fn schema() -> Value {
    json!({
        "description": "The function or workflow to call: `name`, `name@version`, `name#export` or `name@version#export`.",
        "type": "string",
        "pattern": "^[a-z][a-z0-9-]*(@[1-9][0-9]*)?(#.+)?$",
    })
}

fn callee(reader: &mut Reader<'_>, spot: Spot) -> Option<Call> {
    let text = reader.string(spot, EXPECTED)?;
    // The full name of an export holds `@` itself.
    let (callee, export) = match text.split_once('#') {
        Some((callee, export)) => (callee, Some(export)),
        None => (text, None),
    };
    let (name, version) = match callee.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (callee, None),
    };
    let function = name.parse().map_err(|error| {
        reader.tell(
            spot,
            "name",
            format!("{} is not {EXPECTED}: {error}", quoted(text)),
        );
    });
    let version = version
        .map(|version| self::version(version).ok_or(version))
        .transpose()
        .map_err(|version| {
            let message = format!(
                "{} is not a version: expected a whole number from 1",
                quoted(version)
            );
            reader.tell_within(spot, name.len() + 1, "version", message);
        });
    if export == Some("") {
        reader.tell_within(spot, text.len(), "name", "the name of an export follows `#`");
        return None;
    }
    Some(Call {
        spot,
        function: function.ok()?,
        version: version.ok()?,
        export: export.map(Into::into),
        with: Vec::new(),
    })
}

fn version(text: &str) -> Option<VersionNumber> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|&number| digits && number > 0)
        .map(VersionNumber)
}

fn arguments(reader: &mut Reader<'_>, spot: Spot) -> Vec<Argument> {
    let members = reader
        .map(spot, "a map of parameters to values")
        .unwrap_or_default();
    let argument = |&(key, value): &(Spot, Spot)| Argument {
        name: At {
            spot: key,
            value: reader.tree().string(key).into(),
        },
        source: reader.source(value),
    };
    members.iter().map(argument).collect()
}
