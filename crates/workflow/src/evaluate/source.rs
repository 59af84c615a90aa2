//! Looking at a source without evaluating it.

use weft_types::Type;
use weft_types::image::{Bounds, Image};

use super::expression::Expression;
use super::path::{Hop, Path, Read, Root};
use super::{EvaluationError, Scope};
use crate::plan::{Condition, Source};

/// A value that is another as it stands, so that an address of the one serves the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The other.
    pub root: Root,
    /// Whether their types are the same. Otherwise one of them, or each, is a record or tuple around the only value that it
    /// has, in any depth: the payloads of their images are equal, the headers are not, and the bytes of a `list<u8>` in it
    /// are the same bytes.
    pub same_type: bool,
}

impl Source {
    pub(crate) fn new(ty: std::sync::Arc<Type>, expression: Expression) -> Self {
        let mut reads = Vec::new();
        expression.each_path(&mut |path| add(&mut reads, path));
        Self {
            ty,
            expression,
            reads: reads.into(),
        }
    }

    /// The type of the value.
    #[must_use]
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// What it is put together from, each once.
    #[must_use]
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// The value that it is as it stands, if it is one: what a function with one parameter gets from `$node`, what a
    /// workflow answers that passes a result on. Takes no longer for long values.
    #[must_use]
    pub fn whole(&self) -> Option<Whole> {
        whole(&self.expression, &self.ty)
    }

    /// The members of a record that are a `list<u8>` and another value as it stands, by their place: what a function's
    /// parameter gets from `$node`, beside others.
    #[must_use]
    pub fn whole_bytes(&self) -> Vec<(usize, Whole)> {
        let members = self.parts().filter(|(_, _, ty)| ty.is_bytes());
        let whole = members.filter_map(|(index, part, ty)| Some((index, whole(part, ty)?)));
        whole.collect()
    }

    /// What it is put together from, each once, where these members of a record are left out.
    #[must_use]
    pub fn reads_without(&self, left_out: &[usize]) -> Vec<Read> {
        let mut reads = Vec::new();
        for (index, part, _) in self.parts() {
            if !left_out.contains(&index) {
                part.each_path(&mut |path| add(&mut reads, path));
            }
        }
        reads
    }

    /// The value, if it is the same in every run.
    #[must_use]
    pub fn constant(&self) -> Option<&Image> {
        match &self.expression {
            Expression::Constant(image) => Some(image),
            _ => None,
        }
    }

    /// The members of a record that is put together from them.
    pub(super) fn parts(&self) -> impl Iterator<Item = (usize, &Expression, &Type)> {
        let parts = match &self.expression {
            Expression::Members(parts) => &**parts,
            _ => &[],
        };
        let fields = self.ty.fields().unwrap_or_default();
        let members = parts.iter().zip(fields).enumerate();
        members.map(|(index, (part, field))| (index, part, &field.ty))
    }

    pub(super) fn evaluate(&self, scope: &dyn Scope, bounds: Bounds) -> Result<Image, EvaluationError> {
        self.expression.evaluate(&self.ty, scope, bounds)
    }

    /// The way to the value, where it is a part of another as it stands.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.expression {
            Expression::Part {
                path,
                conversion,
                optional: false,
            } if conversion.is_identity() => Some(path),
            _ => None,
        }
    }
}

impl Condition {
    pub(crate) fn new(text: Box<str>, formula: super::Formula) -> Self {
        let mut reads = Vec::new();
        formula.each_path(&mut |path| add(&mut reads, path));
        Self {
            text,
            formula,
            reads: reads.into(),
        }
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it looks at, each once.
    #[must_use]
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }
}

fn add(reads: &mut Vec<Read>, path: &Path) {
    if reads.iter().all(|read| read.root != path.root) {
        let (root, ty) = (path.root, path.ty.clone());
        reads.push(Read { root, ty });
    }
}

/// The value that an expression of type `ty` is as it stands.
fn whole(expression: &Expression, ty: &Type) -> Option<Whole> {
    let path = only_part(expression)?;
    let mut part = &*path.ty;
    for hop in &path.hops {
        match hop {
            Hop::Member(0) => part = only_member(part)?,
            Hop::Member(_) | Hop::Element(_) | Hop::Item | Hop::Case(_) => return None,
        }
    }
    Some(Whole {
        root: path.root,
        same_type: path.ty.digest() == ty.digest(),
    })
}

/// The part that is all there is to a value, unchanged.
fn only_part(expression: &Expression) -> Option<&Path> {
    match expression {
        Expression::Part {
            path,
            conversion,
            optional: false,
        } if conversion.is_identity() => Some(path),
        Expression::Members(parts) => match &**parts {
            [only] => only_part(only),
            _ => None,
        },
        _ => None,
    }
}

fn only_member(ty: &Type) -> Option<&Type> {
    use weft_types::ty::Shape;
    match ty.shape() {
        Shape::Record(fields) => match &**fields {
            [only] => Some(&only.ty),
            _ => None,
        },
        Shape::Tuple(slots) => match &**slots {
            [only] => Some(&only.ty),
            _ => None,
        },
        _ => None,
    }
}
