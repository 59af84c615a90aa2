//! Lists and maps with references in them.

use weft_types::image::Bounds;
use weft_types::ty::{Field, Shape};
use weft_types::{Type, json};

use super::Sources;
use crate::check::{hint, shown};
use crate::definition::quote::quoted;
use crate::definition::{Member, Source};
use crate::evaluate::Expression;

impl Sources<'_, '_> {
    pub(super) fn map(&mut self, source: &Source, members: &[Member], want: &Type) -> Option<Expression> {
        match want.shape() {
            Shape::Record(fields) => self.record(source, fields, members, want),
            Shape::Option(option) => {
                // An option in an option is written as JSON writes it.
                let inner = match (option.ty.shape(), members) {
                    (Shape::Option(_), [Member { key, value }]) if &*key.value == "some" => value,
                    _ => source,
                };
                let inner = self.compile(inner, &option.ty)?;
                Some(Expression::Some(Box::new(inner)))
            }
            Shape::Variant(cases) => {
                let names = cases.cases.iter().map(|case| &*case.name);
                let carried = |name: &str| {
                    let index = want.member(name)?;
                    Some((index, cases.cases[index].ty.as_ref()))
                };
                self.case(source, members, want, names, carried)
            }
            Shape::Result(either) => {
                let carried = |name: &str| match name {
                    "ok" => Some((0, either.ok.as_deref())),
                    "err" => Some((1, either.err.as_deref())),
                    _ => None,
                };
                self.case(source, members, want, ["ok", "err"].into_iter(), carried)
            }
            _ => self.not_a(source, "a map", want),
        }
    }

    pub(super) fn list(&mut self, source: &Source, elements: &[Source], want: &Type) -> Option<Expression> {
        match want.shape() {
            Shape::List(element) => {
                let parts = elements.iter().map(|part| (part, &**element));
                self.all(parts).map(Expression::List)
            }
            Shape::Tuple(slots) if slots.len() == elements.len() => {
                let parts = elements.iter().zip(slots.iter().map(|slot| &slot.ty));
                self.all(parts).map(Expression::Members)
            }
            Shape::Option(option) => {
                let inner = self.compile(source, &option.ty)?;
                Some(Expression::Some(Box::new(inner)))
            }
            _ => self.not_a(source, &format!("a list of {}", elements.len()), want),
        }
    }

    /// Each part, or none: but all of them are looked at.
    fn all<'p>(&mut self, parts: impl Iterator<Item = (&'p Source, &'p Type)>) -> Option<Box<[Expression]>> {
        let parts: Vec<_> = parts.map(|(part, ty)| self.compile(part, ty)).collect();
        parts.into_iter().collect()
    }

    fn record(
        &mut self,
        source: &Source,
        fields: &[Field],
        members: &[Member],
        want: &Type,
    ) -> Option<Expression> {
        let unknown = members
            .iter()
            .filter(|member| want.member(&member.key.value).is_none());
        let mut right = true;
        for Member { key, .. } in unknown {
            right = false;
            let hint = hint(&key.value, fields.iter().map(|field| &*field.name));
            let message = format!("unknown field {}{hint}", quoted(&key.value));
            self.wrong::<()>(key.spot, "literal-type", message);
        }
        let parts: Vec<_> = fields
            .iter()
            .map(|field| {
                let member = members.iter().find(|member| member.key.value == field.name);
                match member {
                    Some(member) => self.compile(&member.value, &field.ty),
                    None => self.left_out(source, field),
                }
            })
            .collect();
        let parts: Option<Box<[_]>> = parts.into_iter().collect();
        parts.filter(|_| right).map(Expression::Members)
    }

    fn left_out(&mut self, source: &Source, field: &Field) -> Option<Expression> {
        if let Shape::Option(_) = field.ty.shape() {
            return none(&field.ty);
        }
        let message = format!("missing field `{}`, expected {}", field.name, shown(&field.ty));
        self.wrong(source.spot, "literal-type", message)
    }

    /// A map with one member, the case of a variant or result.
    fn case<'t, 'n>(
        &mut self,
        source: &Source,
        members: &[Member],
        want: &Type,
        names: impl Iterator<Item = &'n str> + Clone,
        carried: impl Fn(&str) -> Option<(usize, Option<&'t Type>)>,
    ) -> Option<Expression> {
        let [Member { key, value }] = members else {
            let expected = "one case, such as `{ case: value }`";
            return self.not_a(
                source,
                &format!("a map of {}, not of {expected}", members.len()),
                want,
            );
        };
        match carried(&key.value) {
            Some((index, Some(ty))) => {
                let inner = self.compile(value, ty)?;
                Some(Expression::Case(index as u32, Box::new(inner)))
            }
            Some((_, None)) => {
                let message = format!("the case `{}` carries nothing", key.value);
                self.wrong(value.spot, "literal-type", message)
            }
            None => {
                let message = format!("unknown case {}{}", quoted(&key.value), hint(&key.value, names));
                self.wrong(key.spot, "literal-type", message)
            }
        }
    }

    fn not_a<T>(&mut self, source: &Source, found: &str, want: &Type) -> Option<T> {
        let message = format!("found {found}, expected {}", shown(want));
        self.wrong(source.spot, "literal-type", message)
    }
}

/// An option without a value.
pub(in crate::check) fn none(ty: &Type) -> Option<Expression> {
    let bounds = Bounds {
        bytes: ty.layout().size as usize,
        elements: 0,
    };
    // None is a value of every option.
    let image = json::parse(ty, b"null", bounds).ok()?;
    Some(Expression::Constant(image))
}
