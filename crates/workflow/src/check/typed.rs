//! Parts of conditions and what they come to.

use weft_types::Type;
use weft_types::ty::Shape;

use crate::evaluate::Formula;

/// A part of a condition whose own types fit.
pub(super) struct Typed<'n> {
    pub(super) formula: Formula,
    pub(super) kind: Kind<'n>,
    /// The type of the value that it is, where it is one.
    pub(super) ty: Option<&'n Type>,
}

/// What a part of a condition comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'n> {
    Bool,
    /// A whole number of any width.
    Whole,
    /// A float of either width.
    Real,
    Text,
    Char,
    /// A case of this enum.
    Enum(&'n Type),
}

impl<'n> Typed<'n> {
    pub(super) fn new(formula: Formula, kind: Kind<'n>) -> Self {
        let ty = None;
        Self { formula, kind, ty }
    }

    /// The type, as it is told to people.
    pub(super) fn shown(&self) -> String {
        match (self.ty, &self.formula) {
            (Some(ty), _) => super::shown(ty),
            (None, Formula::Whole(value)) => format!("the number {value}"),
            (None, Formula::Real(value)) => format!("the number {value:?}"),
            (None, Formula::Text(_)) => "a text".to_owned(),
            (None, _) => self.kind.name().to_owned(),
        }
    }
}

impl<'n> Kind<'n> {
    /// What values of a type are; none for those that are looked at in parts only.
    pub(super) fn of(ty: &'n Type) -> Option<Self> {
        match ty.shape() {
            Shape::Bool => Some(Self::Bool),
            Shape::S8 | Shape::U8 | Shape::S16 | Shape::U16 => Some(Self::Whole),
            Shape::S32 | Shape::U32 | Shape::S64 | Shape::U64 => Some(Self::Whole),
            Shape::F32 | Shape::F64 => Some(Self::Real),
            Shape::Char => Some(Self::Char),
            Shape::String => Some(Self::Text),
            Shape::Enum(_) => Some(Self::Enum(ty)),
            Shape::List(_) | Shape::Record(_) | Shape::Tuple(_) | Shape::Variant(_) => None,
            Shape::Option(_) | Shape::Result(_) | Shape::Flags(_) => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Whole => "a whole number",
            Self::Real => "a float",
            Self::Text => "string",
            Self::Char => "char",
            Self::Enum(_) => "an enum",
        }
    }
}
