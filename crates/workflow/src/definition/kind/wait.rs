//! `wait`: for an outside event.

use serde_json::{Value, json};

use super::Parser;
use crate::definition::model::{Kind, Wait};
use crate::definition::reader::{Fields, Reader};
use crate::definition::tree::Data;

pub(super) const PARSER: Parser = Parser {
    key: "wait",
    keys: &["timeout", "catch"],
    read,
    schema,
};

fn read(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Kind> {
    let spot = fields.get(PARSER.key)?;
    let ty = match reader.data(spot) {
        Data::Null => None,
        Data::Wrong | Data::Bool(_) | Data::Number(_) | Data::String(..) | Data::List(_) | Data::Map(_) => {
            Some(reader.written(spot))
        }
    };
    Some(Kind::Wait(Wait { spot, ty }))
}

fn schema() -> Value {
    json!({
        "description": "The type of the value that the event brings; null for none.",
        "anyOf": [{ "$ref": "#/$defs/type" }, { "type": "null" }],
    })
}
