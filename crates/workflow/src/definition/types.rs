//! Types as they are written: WIT, with the names that `types` declares.

use std::collections::HashMap;
use std::sync::LazyLock;

use weft_types::Type;
use weft_types::ty::{ParseError, Shape};

use super::bounds::Bounds;
use super::model::Written;
use super::place::Spot;
use super::quote::quoted;
use super::reader::Reader;
use crate::nearest::hint;

mod declare;
mod order;
mod split;

/// Types that have names.
pub(super) struct Types {
    /// None for one that is wrong, which was told.
    declared: HashMap<Box<str>, Option<Type>>,
    /// What is left of [`Bounds::MAX_TYPE_NODES`].
    left: u32,
    /// Whether that was not enough, which was told.
    exhausted: bool,
}

/// What came of a text.
struct Outcome {
    ty: Result<(Type, usize), ParseError>,
    /// Names that nothing is called, each with its byte.
    unknown: Vec<(String, usize)>,
    /// Whether a name was used whose type is wrong.
    wrong: bool,
    /// Whether the types of the definition are too large together.
    exhausted: bool,
}

/// Types that WIT has itself.
const BUILT_IN: [&str; 21] = [
    "bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char", "string", "list",
    "option", "result", "tuple", "record", "variant", "enum", "flags",
];

impl Default for Types {
    fn default() -> Self {
        Self {
            declared: HashMap::new(),
            left: Bounds::MAX_TYPE_NODES,
            exhausted: false,
        }
    }
}

impl Types {
    /// Reads the type that `text` begins with.
    fn parse(&mut self, text: &str) -> Outcome {
        let (mut unknown, mut wrong, mut exhausted) = (Vec::new(), false, false);
        let ty = Type::parse_prefix(text, &mut |name, at| match self.declared.get(name) {
            Some(Some(ty)) => match take(&mut self.left, ty) {
                true => Some(ty.clone()),
                false => {
                    exhausted = true;
                    None
                }
            },
            Some(None) => {
                wrong = true;
                Some(stand_in())
            }
            None => {
                unknown.push((name.to_owned(), at));
                Some(stand_in())
            }
        });
        if let Ok((ty, _)) = &ty {
            exhausted |= !take(&mut self.left, ty);
        }
        Outcome {
            ty,
            unknown,
            wrong,
            exhausted,
        }
    }

    /// The end of a message about a name that is no type.
    fn hint(&self, name: &str) -> String {
        if let Some(meant) = of_other_languages(name) {
            return format!(", did you mean `{meant}`?");
        }
        let declared = self.declared.keys().map(|name| &**name);
        hint(name, declared.chain(BUILT_IN))
    }
}

/// The type that other languages call so.
fn of_other_languages(name: &str) -> Option<&'static str> {
    Some(match name {
        "int" | "integer" | "int32" | "i32" => "s32",
        "i8" | "int8" => "s8",
        "i16" | "int16" | "short" => "s16",
        "i64" | "int64" | "long" => "s64",
        "uint" | "uint32" => "u32",
        "byte" | "uint8" => "u8",
        "uint16" => "u16",
        "uint64" | "usize" => "u64",
        "str" | "text" | "varchar" => "string",
        "float" | "double" | "number" | "float64" => "f64",
        "float32" => "f32",
        "boolean" => "bool",
        "bytes" | "binary" | "blob" => "list<u8>",
        "array" | "vec" | "sequence" => "list<…>",
        "optional" | "maybe" | "nullable" => "option<…>",
        "object" | "struct" | "map" | "dict" => "record { … }",
        _ => return None,
    })
}

impl Reader<'_> {
    /// The type written at `spot`.
    pub(super) fn written(&mut self, spot: Spot) -> Written {
        let text = self.short_string(spot, "a type, such as `list<string>`", Bounds::MAX_TYPE_TEXT);
        let value = text.and_then(|text| self.parse_type(spot, text, 0, "the end"));
        Written { spot, value }
    }

    /// The type that is the whole of `text`, which begins at byte `base` of the string at `spot`.
    fn parse_type(&mut self, spot: Spot, text: &str, base: usize, end: &'static str) -> Option<Type> {
        let outcome = self.types.parse(text);
        for (name, at) in &outcome.unknown {
            let hint = self.types.hint(name);
            self.tell_within(
                spot,
                base + at,
                "unknown-type",
                format!("there is no type {}{hint}", quoted(name)),
            );
        }
        let ty = match outcome.ty {
            _ if outcome.exhausted => {
                self.exhausted(spot);
                return None;
            }
            Ok((ty, rest)) if rest == text.len() => ty,
            // A name that is none is often followed by what would follow the right one.
            Ok(_) | Err(ParseError::Syntax { .. }) if !outcome.unknown.is_empty() => return None,
            Ok((_, at)) => {
                self.expected(spot, text, base, end, at);
                return None;
            }
            Err(ParseError::Syntax { expected, at }) => {
                self.expected(spot, text, base, expected, at);
                return None;
            }
            Err(ParseError::Type(error)) => {
                let space = text.len() - text.trim_ascii_start().len();
                self.tell_within(spot, base + space, "type", error.to_string());
                return None;
            }
        };
        (outcome.unknown.is_empty() && !outcome.wrong).then_some(ty)
    }

    /// Tells once that the types are too large together.
    fn exhausted(&mut self, spot: Spot) {
        if !std::mem::replace(&mut self.types.exhausted, true) {
            let most = Bounds::MAX_TYPE_NODES;
            let message =
                format!("all types together have more than {most} parts, counted wherever they are used");
            self.tell(spot, "too-many-types", message);
        }
    }

    /// Tells that the text of a type goes on in a way it cannot.
    fn expected(&mut self, spot: Spot, text: &str, base: usize, expected: &str, at: usize) {
        let rest = text[at..].trim_ascii_start();
        let word = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let length = word
            .unwrap_or(rest.len())
            .max(rest.chars().next().map_or(0, char::len_utf8));
        let found = match &rest[..length] {
            "" => "the end".to_owned(),
            word => quoted(word),
        };
        self.tell_within(
            spot,
            base + at,
            "type",
            format!("not a type: expected {expected}, found {found}{}", of_sign(rest)),
        );
    }
}

/// What a sign of other languages stands for.
fn of_sign(rest: &str) -> &'static str {
    match rest.chars().next() {
        Some('[') => "; a list is written `list<…>`",
        Some('?') => "; what may be absent is written `option<…>`",
        _ => "",
    }
}

/// Takes what `ty` counts from `left`; says whether there was enough.
fn take(left: &mut u32, ty: &Type) -> bool {
    let enough = left.checked_sub(ty.layout().nodes);
    *left = enough.unwrap_or(0);
    enough.is_some()
}

/// Stands where a type is wrong, so that the rest of the text is still read.
fn stand_in() -> Type {
    // A scalar exceeds no bound of types.
    static BOOL: LazyLock<Type> = LazyLock::new(|| Type::from_shape(Shape::Bool).expect("`bool` is a type"));
    BOOL.clone()
}
