//! Building types: every way to a [`Type`] passes through [`Type::from_shape`], which computes the layout and checks
//! the bounds.

use super::layout::{self, Layout};
use super::members::ByName;
use super::{Case, Cases, Either, Field, Payload, Shape, Slot, Type, cache};

/// Why a shape is not a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypeError {
    /// Nested beyond [`Type::MAX_DEPTH`].
    #[error("the type nests {0} deep, at most {max} is supported", max = Type::MAX_DEPTH)]
    TooDeep(u32),
    /// Larger than [`Type::MAX_SIZE`].
    #[error("a value of the type takes {0} bytes, at most {max} is supported", max = Type::MAX_SIZE)]
    TooLarge(u32),
    /// Written with more than [`Type::MAX_NODES`] types and names.
    #[error("the type is written with {0} types and names, at most {max} are supported", max = Type::MAX_NODES)]
    TooManyNodes(u32),
    /// More than [`Type::MAX_MEMBERS`] fields, cases or flags.
    #[error("the type has {0} members, at most {max} are supported", max = Type::MAX_MEMBERS)]
    TooManyMembers(usize),
    /// A variant, enum or record with nothing in it, which WIT does not have.
    #[error("a {0} needs at least one member")]
    Empty(&'static str),
    /// The same name twice in one type.
    #[error("the name `{0}` stands twice in one type")]
    DuplicateName(String),
    /// A name that WIT does not have, or longer than [`Type::MAX_NAME`].
    #[error("`{0}` is not a name: expected letters, digits and hyphens, at most {max}", max = Type::MAX_NAME)]
    Name(String),
}

impl Type {
    /// Computes the layout of `shape`; whatever offsets it carries are replaced.
    ///
    /// # Errors
    /// Where a bound of [`Type`] is exceeded or a name stands twice.
    pub fn from_shape(mut shape: Shape) -> Result<Self, TypeError> {
        let by_name = ByName::new(&shape)?;
        let layout = lay_out(&mut shape);
        if layout.depth > Self::MAX_DEPTH {
            return Err(TypeError::TooDeep(layout.depth));
        }
        if layout.nodes > Self::MAX_NODES {
            return Err(TypeError::TooManyNodes(layout.nodes));
        }
        if layout.size > Self::MAX_SIZE {
            return Err(TypeError::TooLarge(layout.size));
        }
        Ok(Self {
            shape,
            layout,
            by_name,
            digest: cache::Digest::default(),
        })
    }

    /// `list<element>`.
    ///
    /// # Errors
    /// Where it nests too deep.
    pub fn list(element: Type) -> Result<Self, TypeError> {
        Self::from_shape(Shape::List(Box::new(element)))
    }

    /// `record { fields }`; with no fields it is the parameter record of a function without parameters.
    ///
    /// # Errors
    /// As [`Type::from_shape`].
    pub fn record<N: Into<Box<str>>>(fields: impl IntoIterator<Item = (N, Type)>) -> Result<Self, TypeError> {
        let fields = fields.into_iter().map(|(name, ty)| Field {
            name: name.into(),
            ty,
            offset: 0,
        });
        Self::from_shape(Shape::Record(fields.collect()))
    }

    /// `tuple<members>`.
    ///
    /// # Errors
    /// As [`Type::from_shape`].
    pub fn tuple(members: impl IntoIterator<Item = Type>) -> Result<Self, TypeError> {
        Self::from_shape(Shape::Tuple(
            members.into_iter().map(|ty| Slot { ty, offset: 0 }).collect(),
        ))
    }

    /// `variant { cases }`.
    ///
    /// # Errors
    /// As [`Type::from_shape`].
    pub fn variant<N: Into<Box<str>>>(
        cases: impl IntoIterator<Item = (N, Option<Type>)>,
    ) -> Result<Self, TypeError> {
        let cases = cases
            .into_iter()
            .map(|(name, ty)| Case {
                name: name.into(),
                ty,
            })
            .collect();
        Self::from_shape(Shape::Variant(Cases { cases, payload: 0 }))
    }

    /// `enum { names }`.
    ///
    /// # Errors
    /// As [`Type::from_shape`].
    pub fn enumeration<N: Into<Box<str>>>(names: impl IntoIterator<Item = N>) -> Result<Self, TypeError> {
        Self::from_shape(Shape::Enum(names.into_iter().map(Into::into).collect()))
    }

    /// `flags { names }`.
    ///
    /// # Errors
    /// As [`Type::from_shape`].
    pub fn flags<N: Into<Box<str>>>(names: impl IntoIterator<Item = N>) -> Result<Self, TypeError> {
        Self::from_shape(Shape::Flags(names.into_iter().map(Into::into).collect()))
    }

    /// `option<ty>`.
    ///
    /// # Errors
    /// As [`Type::from_shape`].
    pub fn option(ty: Type) -> Result<Self, TypeError> {
        Self::from_shape(Shape::Option(Payload {
            ty: Box::new(ty),
            payload: 0,
        }))
    }

    /// `result<ok, err>`.
    ///
    /// # Errors
    /// As [`Type::from_shape`].
    pub fn result(ok: Option<Type>, err: Option<Type>) -> Result<Self, TypeError> {
        Self::from_shape(Shape::Result(Either {
            ok: ok.map(Box::new),
            err: err.map(Box::new),
            payload: 0,
        }))
    }
}

/// Writes the offsets of the parts into `shape` and gives the layout of the whole.
fn lay_out(shape: &mut Shape) -> Layout {
    match shape {
        Shape::Bool | Shape::S8 | Shape::U8 => Layout::scalar(1),
        Shape::S16 | Shape::U16 => Layout::scalar(2),
        Shape::S32 | Shape::U32 | Shape::F32 | Shape::Char => Layout::scalar(4),
        Shape::S64 | Shape::U64 | Shape::F64 => Layout::scalar(8),
        Shape::String => Layout::STRING,
        Shape::List(element) => Layout::list(&element.layout),
        Shape::Record(fields) => {
            let (whole, offsets) = layout::sequence(fields.iter().map(|f| &f.ty.layout));
            fields
                .iter_mut()
                .zip(offsets)
                .for_each(|(field, offset)| field.offset = offset);
            whole
        }
        Shape::Tuple(slots) => {
            let (whole, offsets) = layout::sequence(slots.iter().map(|s| &s.ty.layout));
            slots
                .iter_mut()
                .zip(offsets)
                .for_each(|(slot, offset)| slot.offset = offset);
            whole
        }
        Shape::Variant(v) => {
            let payloads = v.cases.iter().filter_map(|c| c.ty.as_ref()).map(|ty| &ty.layout);
            let (whole, payload) = layout::union(v.cases.len(), payloads);
            v.payload = payload;
            whole.with_names(v.cases.len())
        }
        Shape::Enum(names) => Layout::scalar(layout::discriminant_size(names.len())).with_names(names.len()),
        Shape::Option(option) => {
            let (whole, payload) = layout::union(2, std::iter::once(&option.ty.layout));
            option.payload = payload;
            whole
        }
        Shape::Result(either) => {
            let payloads = [&either.ok, &either.err]
                .into_iter()
                .flatten()
                .map(|ty| &ty.layout);
            let (whole, payload) = layout::union(2, payloads);
            either.payload = payload;
            whole
        }
        Shape::Flags(names) => Layout::flags(names.len()).with_names(names.len()),
    }
}
