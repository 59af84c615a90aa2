//! The way from a value that is there as a whole to a part of it.

use std::sync::Arc;

use weft_types::image::View;
use weft_types::ty::Shape;
use weft_types::{Digest, Type};

use super::{EvaluationError, Scope};
use crate::plan::NodeIndex;

/// A value that is there as a whole before anything is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Root {
    /// The arguments of the run: a record.
    Input,
    /// The global parameters: a record.
    Globals,
    /// The output of a node.
    Node(NodeIndex),
    /// The list that the node goes over, where it had to be put together first.
    List,
    /// What is stored under an address that the definition names: the elements of a `list<u8>`, or a whole image.
    Blob(Digest),
}

/// A value that is read, as a whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Which.
    pub root: Root,
    /// The type of the whole.
    pub ty: Arc<Type>,
}

/// The way from a root to a part of its value.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(crate) root: Root,
    /// The type of the root's value.
    pub(crate) ty: Arc<Type>,
    pub(crate) hops: Box<[Hop]>,
    /// As it is written.
    pub(crate) text: Box<str>,
}

/// A step to a part. That the type has it was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    /// To a member of a record or tuple.
    Member(u32),
    /// To an element of a list.
    Element(u32),
    /// To the element of a list that the node is executed for.
    Item,
    /// To what a case carries, where it is the present one.
    Case(u32),
}

impl Hop {
    /// The type of the part of a value of type `ty` that it leads to.
    fn into_type(self, ty: &Type) -> Option<&Type> {
        match (self, ty.shape()) {
            (Self::Member(index), Shape::Record(fields)) => fields.get(index as usize).map(|it| &it.ty),
            (Self::Member(index), Shape::Tuple(slots)) => slots.get(index as usize).map(|it| &it.ty),
            (Self::Element(_) | Self::Item, Shape::List(element)) => Some(element),
            (Self::Case(1), Shape::Option(option)) => Some(&option.ty),
            (Self::Case(0), Shape::Result(either)) => either.ok.as_deref(),
            (Self::Case(1), Shape::Result(either)) => either.err.as_deref(),
            (Self::Case(index), Shape::Variant(cases)) => cases.cases.get(index as usize)?.ty.as_ref(),
            (Self::Member(_) | Self::Element(_) | Self::Item | Self::Case(_), _) => None,
        }
    }
}

impl Path {
    /// The part; none where a case on the way is not the present one, or the root was skipped.
    pub(crate) fn follow<'a>(&'a self, scope: &'a dyn Scope) -> Result<Option<View<'a>>, EvaluationError> {
        let image = match self.root {
            Root::Input => Some(scope.input()),
            Root::Globals => scope.globals(),
            Root::Node(node) => scope.output(node),
            Root::List => scope.list(),
            Root::Blob(digest) => scope.blob(&digest),
        };
        let Some(image) = image else {
            return Ok(None);
        };
        if image.type_digest() != self.ty.digest() {
            return Err(self.unfit());
        }
        let mut view = image.view(&self.ty);
        for hop in &self.hops {
            match self.hop(view, *hop, scope)? {
                Some(part) => view = part,
                None => return Ok(None),
            }
        }
        Ok(Some(view))
    }

    /// The part, which must be there.
    pub(crate) fn require<'a>(&'a self, scope: &'a dyn Scope) -> Result<View<'a>, EvaluationError> {
        let missing = || EvaluationError::Missing(self.text.to_string());
        self.follow(scope)?.ok_or_else(missing)
    }

    /// The type of the part.
    pub(crate) fn target(&self) -> &Type {
        let mut ty = &*self.ty;
        for hop in &self.hops {
            // Every hop was checked to lead somewhere.
            ty = hop.into_type(ty).unwrap_or(ty);
        }
        ty
    }

    fn hop<'a>(
        &self,
        view: View<'a>,
        hop: Hop,
        scope: &dyn Scope,
    ) -> Result<Option<View<'a>>, EvaluationError> {
        match hop {
            Hop::Member(index) => view.member(index as usize).map(Some).ok_or_else(|| self.unfit()),
            Hop::Element(index) => self.element(view, index).map(Some),
            Hop::Item => self
                .element(view, scope.item().ok_or_else(|| self.unfit())?)
                .map(Some),
            Hop::Case(index) => {
                let choice = view.choice().ok_or_else(|| self.unfit())?;
                let present = choice.index == index as usize;
                Ok(choice.payload.filter(|_| present))
            }
        }
    }

    fn element<'a>(&self, list: View<'a>, index: u32) -> Result<View<'a>, EvaluationError> {
        list.element(index as usize)
            .ok_or_else(|| EvaluationError::OutOfRange {
                reference: self.text.to_string(),
                index,
                length: list.length().unwrap_or_default(),
            })
    }

    fn unfit(&self) -> EvaluationError {
        EvaluationError::Unfit(self.text.to_string())
    }
}
