//! Types of sources for which none is written.

use weft_types::Type;
use weft_types::ty::{Shape, TypeError};

use super::Sources;
use super::number::{self, Numbers};
use crate::check::{scalar, shown, widen};
use crate::definition::{Form, Member, Reference, Root, Source};

/// How types are inferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::check) struct Inference {
    /// The types of numbers that are written out.
    pub(in crate::check) numbers: Numbers,
    /// Whether nodes that may be skipped are waited for; otherwise they give options.
    pub(in crate::check) must_be: bool,
}

impl Sources<'_, '_> {
    /// The type that a source has by itself.
    pub(in crate::check) fn infer(&mut self, source: &Source, how: Inference) -> Option<Type> {
        match &source.form {
            Form::Wrong => None,
            Form::Bool(_) => Some(scalar(Shape::Bool)),
            Form::String(_) => Some(scalar(Shape::String)),
            Form::Number(digits) => Some(scalar(number::shape([&**digits].into_iter(), how.numbers))),
            Form::Reference(reference) => self.referred(source, reference, how),
            Form::List(elements) => self.list_of(source, elements, how),
            Form::Map(members) => self.record_of(source, members, how),
            Form::Null => self.cannot_infer(source, "`null`"),
            Form::Blob(_) => self.cannot_infer(source, "what an address leads to"),
        }
    }

    fn referred(&mut self, source: &Source, reference: &Reference, how: Inference) -> Option<Type> {
        if reference.root == Root::Index && reference.steps.is_empty() {
            return Some(scalar(Shape::U32));
        }
        let target = self.resolve(reference)?;
        let skippable = target.node.and_then(|node| self.names.skippable[node]) == Some(true);
        let option = target.optional || skippable && !how.must_be;
        if !self.budget.take_types(target.ty) {
            return self.wrong(source.spot, "too-large", self.budget.types_told());
        }
        match (option, target.ty.shape()) {
            (false, _) | (true, Shape::Option(_)) => Some(target.ty.clone()),
            (true, _) => self.typed(source, Type::option(target.ty.clone())),
        }
    }

    fn list_of(&mut self, source: &Source, elements: &[Source], how: Inference) -> Option<Type> {
        if elements.is_empty() {
            return self.cannot_infer(source, "an empty list");
        }
        let digits = elements.iter().map(|element| match &element.form {
            Form::Number(digits) => Some(&**digits),
            _ => None,
        });
        if let Some(digits) = digits.collect::<Option<Vec<_>>>() {
            let number = scalar(number::shape(digits.into_iter(), how.numbers));
            return self.typed(source, Type::list(number));
        }
        let types: Vec<_> = elements.iter().map(|element| self.infer(element, how)).collect();
        let types: Vec<Type> = types.into_iter().collect::<Option<_>>()?;
        let mut common = &types[0];
        for (ty, element) in types.iter().zip(elements) {
            match widen(common, ty) {
                Some(wider) => common = wider,
                None => {
                    let message = format!(
                        "the elements of a list have one type, found {} and {}",
                        shown(common),
                        shown(ty)
                    );
                    return self.wrong(element.spot, "type-mismatch", message);
                }
            }
        }
        self.typed(source, Type::list(common.clone()))
    }

    fn record_of(&mut self, source: &Source, members: &[Member], how: Inference) -> Option<Type> {
        let types: Vec<_> = members
            .iter()
            .map(|member| self.infer(&member.value, how))
            .collect();
        let types: Vec<Type> = types.into_iter().collect::<Option<_>>()?;
        let names = members.iter().map(|member| member.key.value.clone());
        self.typed(source, Type::record(names.zip(types)))
    }

    fn typed(&mut self, source: &Source, ty: Result<Type, TypeError>) -> Option<Type> {
        match ty {
            Ok(ty) => Some(ty),
            Err(error) => self.wrong(source.spot, "type-unknown", error.to_string()),
        }
    }

    fn cannot_infer<T>(&mut self, source: &Source, what: &str) -> Option<T> {
        // Only the result has a place for it.
        let hint = if self.can_wait {
            ""
        } else {
            ": `output-type` tells it"
        };
        let message = format!("the type of {what} cannot be inferred{hint}");
        self.wrong(source.spot, "type-unknown", message)
    }
}
