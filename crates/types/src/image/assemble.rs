//! Putting an image together from parts of others.

use super::build::{Builder, OpenList, TooLarge};
use super::convert::{Route, shown};
use super::read::Union;
use super::{Bounds, Conversion, Image, View, copy};
use crate::Type;
use crate::ty::Shape;

mod convert;

/// What a value, or a part of it, is made from.
#[derive(Clone, Debug)]
pub enum Piece<'a> {
    /// A value that lies in another image, converted to the type that belongs here.
    View(View<'a>, &'a Conversion),
    /// The value of an image, which is of the very type that belongs here.
    Image(&'a Image),
    /// A string.
    Text(&'a str),
    /// A record or tuple: its members in the order of its type.
    Members(Vec<Piece<'a>>),
    /// A list: its elements.
    List(Vec<Piece<'a>>),
    /// An option without a value.
    None,
    /// An option with a value.
    Some(Box<Piece<'a>>),
    /// The success of a result, with what it carries.
    Ok(Option<Box<Piece<'a>>>),
    /// The failure of a result, with what it carries.
    Err(Option<Box<Piece<'a>>>),
    /// A case of a variant, enum, option or result by its place, from 0, with what it carries.
    Case(usize, Option<Box<Piece<'a>>>),
}

/// Why pieces do not make a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// Larger than the bounds.
    #[error("the value is larger than {0} bytes")]
    TooLarge(usize),
    /// More elements than the bounds.
    #[error("the value has more than {0} elements in its lists")]
    TooManyElements(usize),
    /// A piece is not of the type that belongs in its place, or is converted for another.
    #[error("{found} stands where {expected} belongs")]
    Misfit {
        /// What was given.
        found: String,
        /// The type that belongs there.
        expected: String,
    },
}

impl Image {
    /// Puts a value of type `ty` together. A whole image that needs no conversion is given back as it is, sharing its
    /// bytes; only its length is held against `bounds` then, since its elements were counted when it was made.
    ///
    /// # Errors
    /// Where a piece does not fit its place, or the value is larger than `bounds`.
    pub fn assemble(ty: &Type, piece: &Piece<'_>, bounds: Bounds) -> Result<Self, AssembleError> {
        if let Some(image) = as_it_is(ty, piece) {
            return match image.payload().len() <= bounds.bytes {
                true => Ok(image.clone()),
                false => Err(AssembleError::TooLarge(bounds.bytes)),
            };
        }
        let mut assembler = Assembler(Builder::new(ty, bounds, expected(piece))?);
        assembler.piece(ty, piece, 0)?;
        Ok(assembler.0.finish())
    }

    /// Puts a list of type `ty` together from its elements, without holding them all.
    ///
    /// # Errors
    /// Where `ty` is no list, an element does not fit, or the list is larger than `bounds`.
    pub fn list<'a>(
        ty: &Type,
        elements: impl IntoIterator<Item = Piece<'a>>,
        bounds: Bounds,
    ) -> Result<Self, AssembleError> {
        let Some(element) = ty.element() else {
            return Err(misfit("a list".to_owned(), ty));
        };
        let mut assembler = Assembler(Builder::new(ty, bounds, 0)?);
        let mut list = assembler.0.open(element);
        for piece in elements {
            assembler.element(&mut list, element, &piece)?;
        }
        assembler.0.close(0, list)?;
        Ok(assembler.0.finish())
    }

    /// A part as an image of its own. What is all of its image already shares its bytes, as in
    /// [`assemble`](Self::assemble).
    ///
    /// # Errors
    /// Where the part is larger than `bounds`. In an image of its own a part takes at most 7 bytes more than in the one
    /// it lies in.
    pub fn extract(part: View<'_>, bounds: Bounds) -> Result<Self, AssembleError> {
        Self::assemble(part.ty(), &Piece::View(part, &Conversion::IDENTITY), bounds)
    }
}

/// The image that is the value already.
fn as_it_is<'a>(ty: &Type, piece: &Piece<'a>) -> Option<&'a Image> {
    let image = match piece {
        Piece::View(view, conversion) if conversion.is_identity() && view.is_whole() => view.image(),
        Piece::Image(image) => image,
        _ => return None,
    };
    (image.type_digest() == ty.digest()).then_some(image)
}

/// About how many bytes the value will take: room that need not be found while it is being written.
fn expected(piece: &Piece<'_>) -> usize {
    match piece {
        Piece::View(view, _) => view.expected(),
        Piece::Image(image) => image.payload().len(),
        Piece::Text(text) => 8 + text.len(),
        Piece::Members(pieces) | Piece::List(pieces) => pieces.iter().map(expected).sum(),
        Piece::None | Piece::Ok(None) | Piece::Err(None) | Piece::Case(_, None) => 0,
        Piece::Some(piece) | Piece::Ok(Some(piece)) => 8 + expected(piece),
        Piece::Err(Some(piece)) | Piece::Case(_, Some(piece)) => 8 + expected(piece),
    }
}

/// Writes pieces into an image. Each level of pieces is one of the type, which bounds the depth.
struct Assembler(Builder);

type Written = Result<(), AssembleError>;

impl Assembler {
    /// Writes a value of type `ty` at `at` in the frames.
    fn piece(&mut self, ty: &Type, piece: &Piece<'_>, at: usize) -> Written {
        match (piece, ty.shape()) {
            (Piece::View(view, conversion), _) => self.view(ty, *view, conversion, at),
            (Piece::Image(image), _) if image.type_digest() == ty.digest() => {
                Ok(copy::value(&mut self.0, ty, image.payload(), 0, at)?)
            }
            (Piece::Text(text), Shape::String) => Ok(self.0.block(at, text.as_bytes())?),
            (Piece::Members(pieces), Shape::Record(fields)) if pieces.len() == fields.len() => {
                let members = fields.iter().map(|field| (&field.ty, field.offset));
                self.members(members, pieces, at)
            }
            (Piece::Members(pieces), Shape::Tuple(slots)) if pieces.len() == slots.len() => {
                let members = slots.iter().map(|slot| (&slot.ty, slot.offset));
                self.members(members, pieces, at)
            }
            (Piece::List(pieces), Shape::List(element)) => self.list(element, pieces, at),
            (Piece::None, Shape::Option(_)) => Ok(()),
            (Piece::Some(piece), Shape::Option(option)) => self.case(ty, option, 1, Some(piece), at),
            (Piece::Ok(piece), Shape::Result(either)) => self.case(ty, either, 0, piece.as_deref(), at),
            (Piece::Err(piece), Shape::Result(either)) => self.case(ty, either, 1, piece.as_deref(), at),
            (Piece::Case(case, piece), Shape::Variant(cases)) if *case < cases.cases.len() => {
                self.case(ty, cases, *case, piece.as_deref(), at)
            }
            (Piece::Case(case @ (0 | 1), piece), Shape::Option(option)) => {
                self.case(ty, option, *case, piece.as_deref(), at)
            }
            (Piece::Case(case @ (0 | 1), piece), Shape::Result(either)) => {
                self.case(ty, either, *case, piece.as_deref(), at)
            }
            (Piece::Case(case, None), Shape::Enum(names)) if *case < names.len() => {
                self.0.put_discriminant(at, ty.layout().size, *case);
                Ok(())
            }
            _ => Err(misfit(describe(piece), ty)),
        }
    }

    fn view(&mut self, ty: &Type, view: View<'_>, conversion: &Conversion, at: usize) -> Written {
        let payload = view.image().payload();
        match conversion.route(view.ty(), ty) {
            Some(Route::Same) => Ok(copy::value(&mut self.0, ty, payload, view.at(), at)?),
            Some(Route::Step(step)) => Ok(convert::value(&mut self.0, step, payload, view.at(), at)?),
            None => Err(misfit(shown(view.ty()), ty)),
        }
    }

    fn members<'t>(
        &mut self,
        members: impl Iterator<Item = (&'t Type, u32)>,
        pieces: &[Piece<'_>],
        at: usize,
    ) -> Written {
        members
            .zip(pieces)
            .try_for_each(|((ty, offset), piece)| self.piece(ty, piece, at + offset as usize))
    }

    fn list(&mut self, element: &Type, pieces: &[Piece<'_>], at: usize) -> Written {
        let mut list = self.0.open(element);
        for piece in pieces {
            self.element(&mut list, element, piece)?;
        }
        Ok(self.0.close(at, list)?)
    }

    fn element(&mut self, list: &mut OpenList, ty: &Type, piece: &Piece<'_>) -> Written {
        let at = self.0.push(list)?;
        self.piece(ty, piece, at)
    }

    fn case(
        &mut self,
        ty: &Type,
        union: &impl Union,
        case: usize,
        piece: Option<&Piece<'_>>,
        at: usize,
    ) -> Written {
        self.0.put_discriminant(at, union.discriminant_size(), case);
        match (union.carried(case), piece) {
            (None, None) => Ok(()),
            (Some(ty), Some(piece)) => self.piece(ty, piece, at + union.payload() as usize),
            (Some(_), None) => Err(misfit("a case without a value".to_owned(), ty)),
            (None, Some(_)) => Err(misfit("a case with a value".to_owned(), ty)),
        }
    }
}

#[cold]
fn misfit(found: String, expected: &Type) -> AssembleError {
    AssembleError::Misfit {
        found,
        expected: shown(expected),
    }
}

fn describe(piece: &Piece<'_>) -> String {
    match piece {
        Piece::View(view, _) => shown(view.ty()),
        Piece::Image(image) => format!("an image of the type {}", image.type_digest()),
        Piece::Text(_) => "a string".to_owned(),
        Piece::Members(pieces) => format!("a record or tuple of {} members", pieces.len()),
        Piece::List(_) => "a list".to_owned(),
        Piece::None => "none".to_owned(),
        Piece::Some(_) => "some value".to_owned(),
        Piece::Ok(_) => "an ok".to_owned(),
        Piece::Err(_) => "an err".to_owned(),
        Piece::Case(case, _) => format!("case {case}"),
    }
}

impl From<TooLarge> for AssembleError {
    fn from(error: TooLarge) -> Self {
        match error {
            TooLarge::Bytes(bytes) => Self::TooLarge(bytes),
            TooLarge::Elements(elements) => Self::TooManyElements(elements),
        }
    }
}
