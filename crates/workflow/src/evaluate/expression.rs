//! How a value is put together from others.

use std::cell::OnceCell;
use std::sync::Arc;

use weft_types::image::{Bounds, Conversion, Image, Piece};
use weft_types::{Type, json};

use super::path::Path;
use super::{EvaluationError, Scope};

/// How a value is put together, or a part of it.
#[derive(Clone, Debug)]
pub(crate) enum Expression {
    /// Always this.
    Constant(Image),
    /// A part of another value. Where that is not there, an option is none; where no option belongs, it is an error.
    Part {
        path: Path,
        conversion: Conversion,
        optional: bool,
    },
    /// The place of the item: from this type, `u32`, to what belongs here.
    Index(Arc<Type>, Conversion),
    /// A record or tuple.
    Members(Box<[Expression]>),
    /// A list.
    List(Box<[Expression]>),
    /// An option with a value.
    Some(Box<Expression>),
    /// This case of a variant or result, with what it carries.
    Case(u32, Box<Expression>),
}

/// What a value is put together in.
struct Context<'a> {
    scope: &'a dyn Scope,
    /// The place of the item as an image, once it was asked for.
    index: OnceCell<Image>,
}

impl Expression {
    /// Shows `look` every way into another value.
    pub(crate) fn each_path<'a>(&'a self, look: &mut dyn FnMut(&'a Path)) {
        match self {
            Self::Constant(_) | Self::Index(..) => {}
            Self::Part { path, .. } => look(path),
            Self::Members(parts) | Self::List(parts) => parts.iter().for_each(|part| part.each_path(look)),
            Self::Some(inner) | Self::Case(_, inner) => inner.each_path(look),
        }
    }

    /// The same, as a constant where nothing in it depends on a run and it is within `bounds`.
    pub(crate) fn folded(self, ty: &Type, bounds: Bounds) -> Self {
        match self.fixed().map(|piece| Image::assemble(ty, &piece, bounds)) {
            Some(Ok(image)) => Self::Constant(image),
            _ => self,
        }
    }

    /// The piece, where nothing in it depends on a run.
    fn fixed(&self) -> Option<Piece<'_>> {
        Some(match self {
            Self::Constant(image) => Piece::Image(image),
            Self::Part { .. } | Self::Index(..) => return None,
            Self::Members(parts) => Piece::Members(parts.iter().map(Self::fixed).collect::<Option<_>>()?),
            Self::List(parts) => Piece::List(parts.iter().map(Self::fixed).collect::<Option<_>>()?),
            Self::Some(inner) => Piece::Some(Box::new(inner.fixed()?)),
            Self::Case(index, inner) => Piece::Case(*index as usize, Some(Box::new(inner.fixed()?))),
        })
    }

    /// The value, of type `ty`.
    pub(super) fn evaluate(
        &self,
        ty: &Type,
        scope: &dyn Scope,
        bounds: Bounds,
    ) -> Result<Image, EvaluationError> {
        match self {
            Self::Constant(image) => Ok(image.clone()),
            _ => {
                let index = OnceCell::new();
                let cx = Context { scope, index };
                Ok(Image::assemble(ty, &self.piece(&cx)?, bounds)?)
            }
        }
    }

    /// As [`evaluate`](Self::evaluate), with empty lists in these places of a record.
    pub(super) fn evaluate_without(
        &self,
        ty: &Type,
        left_out: &[usize],
        scope: &dyn Scope,
        bounds: Bounds,
    ) -> Result<Image, EvaluationError> {
        let Self::Members(parts) = self else {
            return self.evaluate(ty, scope, bounds);
        };
        let index = OnceCell::new();
        let cx = Context { scope, index };
        let pieces = parts
            .iter()
            .enumerate()
            .map(|(index, part)| match left_out.contains(&index) {
                true => Ok(Piece::List(Vec::new())),
                false => part.piece(&cx),
            });
        let pieces = pieces.collect::<Result<_, _>>()?;
        Ok(Image::assemble(ty, &Piece::Members(pieces), bounds)?)
    }

    fn piece<'a>(&'a self, cx: &'a Context<'a>) -> Result<Piece<'a>, EvaluationError> {
        let pieces = |parts: &'a [Self]| parts.iter().map(|part| part.piece(cx)).collect::<Result<_, _>>();
        Ok(match self {
            Self::Constant(image) => Piece::Image(image),
            Self::Part {
                path,
                conversion,
                optional: true,
            } => match path.follow(cx.scope)? {
                Some(view) => Piece::View(view, conversion),
                None => Piece::None,
            },
            Self::Part { path, conversion, .. } => Piece::View(path.require(cx.scope)?, conversion),
            Self::Index(ty, conversion) => Piece::View(cx.index(ty)?.view(ty), conversion),
            Self::Members(parts) => Piece::Members(pieces(parts)?),
            Self::List(parts) => Piece::List(pieces(parts)?),
            Self::Some(inner) => Piece::Some(Box::new(inner.piece(cx)?)),
            Self::Case(index, inner) => Piece::Case(*index as usize, Some(Box::new(inner.piece(cx)?))),
        })
    }
}

impl Context<'_> {
    /// The place of the item as an image of `ty`, a `u32`.
    fn index(&self, ty: &Type) -> Result<&Image, EvaluationError> {
        let unfit = || EvaluationError::Unfit("$index".to_owned());
        if self.index.get().is_none() {
            let digits = self.scope.item().ok_or_else(unfit)?.to_string();
            let bounds = Bounds {
                bytes: 4,
                elements: 0,
            };
            let image = json::parse(ty, digits.as_bytes(), bounds).map_err(|_| unfit())?;
            self.index.get_or_init(|| image);
        }
        self.index.get().ok_or_else(unfit)
    }
}
