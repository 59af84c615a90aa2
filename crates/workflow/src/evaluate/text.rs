//! Sources as text, for people who compare them.

use std::fmt::Write as _;

use weft_types::ty::Shape;
use weft_types::{Type, json};

use super::expression::Expression;
use crate::plan::Source;

/// Texts are cut after so many bytes.
pub(crate) const LONGEST: usize = 400;

impl Source {
    /// How the value is put together, much as a definition writes it, cut where it is long.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        write(&self.expression, &self.ty, &mut text);
        cut(text)
    }

    /// The same for each member, where the value is a record that is put together from its members; otherwise for the whole,
    /// without a name.
    #[must_use]
    pub fn members(&self) -> Vec<(&str, String)> {
        match (&self.expression, self.ty.shape()) {
            (Expression::Members(parts), Shape::Record(fields)) => {
                let members = fields.iter().zip(parts);
                let members = members.map(|(field, part)| {
                    let mut text = String::new();
                    write(part, &field.ty, &mut text);
                    (&*field.name, cut(text))
                });
                members.collect()
            }
            (Expression::Constant(image), Shape::Record(fields)) => {
                let view = image.view(&self.ty);
                let members = fields.iter().enumerate().filter_map(|(index, field)| {
                    let part =
                        weft_types::image::Image::extract(view.member(index)?, super::UNBOUNDED).ok()?;
                    let mut text = String::new();
                    write(&Expression::Constant(part), &field.ty, &mut text);
                    Some((&*field.name, cut(text)))
                });
                members.collect()
            }
            _ => vec![("", self.text())],
        }
    }
}

fn write(expression: &Expression, ty: &Type, out: &mut String) {
    if out.len() > LONGEST {
        return;
    }
    match (expression, ty.shape()) {
        (Expression::Constant(image), _) => {
            let mut text = Vec::new();
            json::print(ty, image, &mut text);
            out.push_str(&String::from_utf8_lossy(&text));
        }
        (Expression::Part { path, .. }, _) => out.push_str(&path.text),
        (Expression::Index(..), _) => out.push_str("$index"),
        (Expression::Members(parts), Shape::Record(fields)) => {
            let named = parts.iter().zip(fields);
            separated(out, "{", "}", named, |(part, field), out| {
                // Writing to a string does not fail.
                let _ = write!(out, "\"{}\":", field.name);
                write(part, &field.ty, out);
            });
        }
        (Expression::Members(parts), Shape::Tuple(slots)) => {
            separated(out, "[", "]", parts.iter().zip(slots), |(part, slot), out| {
                write(part, &slot.ty, out);
            });
        }
        (Expression::List(parts), Shape::List(element)) => {
            separated(out, "[", "]", parts.iter(), |part, out| write(part, element, out));
        }
        (Expression::Some(inner), Shape::Option(option)) => write(inner, &option.ty, out),
        (Expression::Case(index, inner), Shape::Variant(cases)) => {
            if let Some(case) = cases.cases.get(*index as usize) {
                let _ = write!(out, "{{\"{}\":", case.name);
                write(inner, case.ty.as_ref().unwrap_or(ty), out);
                out.push('}');
            }
        }
        (Expression::Case(index, inner), Shape::Result(either)) => {
            let (name, carried) = match index {
                0 => ("ok", &either.ok),
                _ => ("err", &either.err),
            };
            let _ = write!(out, "{{\"{name}\":");
            write(inner, carried.as_deref().unwrap_or(ty), out);
            out.push('}');
        }
        // No expression is of another type.
        (Expression::Members(_) | Expression::List(_) | Expression::Some(_) | Expression::Case(..), _) => {}
    }
}

fn separated<T>(
    out: &mut String,
    open: &str,
    close: &str,
    parts: impl Iterator<Item = T>,
    write: impl Fn(T, &mut String),
) {
    out.push_str(open);
    for (index, part) in parts.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(part, out);
    }
    out.push_str(close);
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}
