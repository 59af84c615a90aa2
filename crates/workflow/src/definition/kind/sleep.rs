//! `sleep`: a pause.

use serde_json::{Value, json};

use super::Parser;
use crate::definition::model::{Kind, Pause, Sleep};
use crate::definition::reader::{Fields, Least, Reader};
use crate::definition::tree::Data;

pub(super) const PARSER: Parser = Parser {
    key: "sleep",
    keys: &[],
    read,
    schema,
};

fn read(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Kind> {
    let spot = fields.get(PARSER.key)?;
    let duration = match reader.data(spot) {
        Data::String(text, _) if reader.tree().str(*text).starts_with('$') => {
            let text = reader.tree().str(*text);
            Pause::Given(reader.reference(spot, text)?)
        }
        Data::Wrong
        | Data::Null
        | Data::Bool(_)
        | Data::Number(_)
        | Data::String(..)
        | Data::List(_)
        | Data::Map(_) => Pause::Fixed(reader.duration(spot, Least::Millisecond)?),
    };
    Some(Kind::Sleep(Sleep { spot, duration }))
}

fn schema() -> Value {
    json!({
        "description": "How long to pause: a duration, or a reference to a number of milliseconds, a `u64`.",
        "anyOf": [{ "$ref": "#/$defs/duration" }, { "$ref": "#/$defs/reference" }],
    })
}
