//! JSON of any type, as arguments of calls come in: [type](super::typed::split), then the text.

use weft_types::ty::Shape;
use weft_types::{Signature, Type, json};

use super::Target;
use super::typed::{self, BOUNDS};

pub(super) const TARGET: Target = Target {
    name: "json",
    run,
    seeds: || typed::inputs(|ty| example(ty).into_bytes()),
    words: &[
        "null",
        "true",
        "\"NaN\"",
        "\"-Infinity\"",
        "{\"some\":",
        "{\"ok\":",
        "{\"err\":",
        "{\"$blob\":\"",
        "\\u0000",
        "\\ud83d\\ude00",
        "1e308",
        "-0.0",
        "18446744073709551615",
        "\"AAEC\"",
        "[[",
        "]]",
        "}}",
        "list<",
        "option<",
        "record { a: ",
        "variant { a(",
        "tuple<",
        "result<_, ",
    ],
    longest: 4096,
    changes: 12_000,
};

fn run(input: &[u8]) {
    let Some((ty, text)) = typed::split(input) else {
        return;
    };
    match json::parse(&ty, text, BOUNDS) {
        Ok(image) => typed::is_sound(&ty, &image, BOUNDS),
        Err(error) => assert!(!error.message.is_empty()),
    }
    if let Shape::Record(_) = ty.shape() {
        let signature = Signature {
            params: ty.clone(),
            result: None,
        };
        if let Ok(image) = json::parse_arguments(&signature, text, BOUNDS) {
            typed::is_sound(&ty, &image, BOUNDS);
        }
    }
}

/// Some value of the type.
pub(super) fn example(ty: &Type) -> String {
    let all = |parts: Vec<String>, open, close| format!("{open}{}{close}", parts.join(","));
    match ty.shape() {
        Shape::Bool => "true".into(),
        Shape::F32 | Shape::F64 => "-1.5e2".into(),
        Shape::Char => "\"\\u00e9\"".into(),
        Shape::String => "\"a text\"".into(),
        Shape::List(element) if *element.shape() == Shape::U8 => "\"AAECAw==\"".into(),
        Shape::List(element) => all(vec![example(element); 2], '[', ']'),
        Shape::Record(fields) => {
            let fields = fields.iter();
            let members = fields.map(|field| format!("\"{}\":{}", field.name, example(&field.ty)));
            all(members.collect(), '{', '}')
        }
        Shape::Tuple(slots) => all(slots.iter().map(|slot| example(&slot.ty)).collect(), '[', ']'),
        Shape::Enum(names) => format!("\"{}\"", names[0]),
        Shape::Flags(names) => format!("[\"{}\"]", names[0]),
        Shape::Variant(cases) => match cases.cases.last().map(|case| (&case.name, &case.ty)) {
            Some((name, Some(ty))) => format!("{{\"{name}\":{}}}", example(ty)),
            Some((name, None)) => format!("\"{name}\""),
            None => "null".into(),
        },
        Shape::Option(option) => match option.ty.shape() {
            Shape::Option(_) => format!("{{\"some\":{}}}", example(&option.ty)),
            _ => example(&option.ty),
        },
        Shape::Result(either) => {
            let ok = either.ok.as_deref();
            format!("{{\"ok\":{}}}", ok.map_or("null".into(), example))
        }
        _ => "7".into(),
    }
}
