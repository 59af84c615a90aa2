//! Values that are written out.

use weft_types::{Type, json};

use super::Sources;
use crate::definition::{Form, Source, Spot};
use crate::evaluate::Expression;

/// Whether it is the same whatever a run does.
pub(super) fn is_constant(source: &Source) -> bool {
    match &source.form {
        Form::Null | Form::Bool(_) | Form::Number(_) | Form::String(_) => true,
        Form::List(elements) => elements.iter().all(is_constant),
        Form::Map(members) => members.iter().all(|member| is_constant(&member.value)),
        Form::Reference(_) | Form::Blob(_) | Form::Wrong => false,
    }
}

impl Sources<'_, '_> {
    /// The value that is written out, read as JSON is: the rules, and what is said about mistakes, are the same.
    pub(super) fn constant(&mut self, source: &Source, want: &Type) -> Option<Expression> {
        let mut text = String::new();
        write(source, &mut text);
        match json::parse(want, text.as_bytes(), self.budget.bounds()) {
            Ok(image) => {
                self.budget.take_bytes(image.payload().len());
                Some(Expression::Constant(image))
            }
            Err(error) => {
                let spot = place(source, &error.pointer);
                let code = match error.kind {
                    json::ErrorKind::TooLarge => "too-large",
                    json::ErrorKind::Syntax | json::ErrorKind::Type => "literal-type",
                };
                self.wrong(spot, code, error.message)
            }
        }
    }
}

/// Appends a constant as JSON.
fn write(source: &Source, out: &mut String) {
    match &source.form {
        Form::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Form::Number(digits) => out.push_str(digits),
        Form::String(text) => quote(text, out),
        Form::List(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                separate(index, out);
                write(element, out);
            }
            out.push(']');
        }
        Form::Map(members) => {
            out.push('{');
            for (index, member) in members.iter().enumerate() {
                separate(index, out);
                quote(&member.key.value, out);
                out.push(':');
                write(&member.value, out);
            }
            out.push('}');
        }
        // The last three are no constants.
        Form::Null | Form::Reference(_) | Form::Blob(_) | Form::Wrong => out.push_str("null"),
    }
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// Where the part stands that a JSON pointer leads to, or the last part on the way that was written.
fn place(source: &Source, pointer: &str) -> Spot {
    let mut source = source;
    for segment in pointer.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        let next = match &source.form {
            Form::Map(members) => {
                let member = members.iter().find(|member| *member.key.value == *name);
                member.map(|member| &member.value)
            }
            Form::List(elements) => name.parse().ok().and_then(|index: usize| elements.get(index)),
            _ => None,
        };
        let Some(next) = next else {
            break;
        };
        source = next;
    }
    source.spot
}
