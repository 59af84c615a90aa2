//! Reading a value, or any part of it, where it lies.

use std::fmt;

use super::Image;
use super::read::{self, Union};
use crate::Type;
use crate::ty::Shape;

mod scalar;

/// A value in an image: the whole of it or any part. Costs nothing to make and to copy.
///
/// What is asked of a value that its type does not have, such as a field of a list, is not there: the answer is none.
/// Since every image was checked, or built by the same rules, nothing here fails or panics.
#[derive(Clone, Copy)]
pub struct View<'a> {
    ty: &'a Type,
    image: &'a Image,
    /// Where the fixed part lies in the payload.
    at: usize,
}

/// Which case a value is, and what it carries.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// The place of the case in its type, from 0: none and ok are 0, some and err are 1.
    pub index: usize,
    /// The name of the case; `none`, `some`, `ok` and `err` for options and results.
    pub name: &'a str,
    /// What it carries.
    pub payload: Option<View<'a>>,
}

impl Image {
    /// The value as a whole.
    ///
    /// # Panics
    /// Where the image is of another type than `ty`, which is compared by digest: no other reading would make sense.
    #[must_use]
    pub fn view<'a>(&'a self, ty: &'a Type) -> View<'a> {
        assert_eq!(self.type_digest(), ty.digest(), "{self:?} is no image of {ty}");
        View {
            ty,
            image: self,
            at: 0,
        }
    }
}

impl<'a> View<'a> {
    /// The type of this value.
    #[must_use]
    pub fn ty(self) -> &'a Type {
        self.ty
    }

    /// The field of a record.
    #[must_use]
    pub fn field(self, name: &str) -> Option<Self> {
        match self.ty.shape() {
            Shape::Record(_) => self.member(self.ty.member(name)?),
            _ => None,
        }
    }

    /// A field of a record or a slot of a tuple by its place, from 0.
    #[must_use]
    pub fn member(self, index: usize) -> Option<Self> {
        match self.ty.shape() {
            Shape::Record(fields) => fields.get(index).map(|field| self.part(&field.ty, field.offset)),
            Shape::Tuple(slots) => slots.get(index).map(|slot| self.part(&slot.ty, slot.offset)),
            _ => None,
        }
    }

    /// How many elements a list has.
    #[must_use]
    pub fn length(self) -> Option<usize> {
        self.ty.element()?;
        let (_, length) = read::pointer(self.fixed());
        Some(length as usize)
    }

    /// An element of a list by its place, from 0.
    #[must_use]
    pub fn element(self, index: usize) -> Option<Self> {
        // Not by way of `elements`, whose `nth` takes as many steps as it passes over.
        let ty = self.ty.element()?;
        let (start, length) = read::pointer(self.fixed());
        let size = ty.layout().size as usize;
        (index < length as usize).then(|| Self {
            ty,
            image: self.image,
            at: start as usize + index * size,
        })
    }

    /// The elements of a list, in order.
    #[must_use]
    pub fn elements(self) -> Option<impl ExactSizeIterator<Item = Self>> {
        let ty = self.ty.element()?;
        let (start, length) = read::pointer(self.fixed());
        let size = ty.layout().size as usize;
        let image = self.image;
        Some((0..length as usize).map(move |index| Self {
            ty,
            image,
            at: start as usize + index * size,
        }))
    }

    /// The case of a variant, enum, option or result.
    #[must_use]
    pub fn choice(self) -> Option<Choice<'a>> {
        let (index, payload) = match self.ty.shape() {
            Shape::Variant(cases) => self.carried(cases),
            Shape::Option(option) => self.carried(option),
            Shape::Result(either) => self.carried(either),
            Shape::Enum(_) => {
                let size = self.ty.layout().size;
                (read::discriminant(self.fixed(), size) as usize, None)
            }
            _ => return None,
        };
        Some(Choice {
            index,
            name: read::case_name(self.ty, index)?,
            payload,
        })
    }

    /// What an option, result or variant carries, in whichever case it is.
    #[must_use]
    pub fn payload(self) -> Option<Self> {
        self.choice()?.payload
    }

    /// Whether it is all of its image.
    pub(super) fn is_whole(self) -> bool {
        // A type never contains itself.
        self.at == 0 && self.ty.digest() == self.image.type_digest()
    }

    /// The image it lies in.
    pub(super) fn image(self) -> &'a Image {
        self.image
    }

    /// Where its fixed part lies in the payload.
    pub(super) fn at(self) -> usize {
        self.at
    }

    /// About how many bytes it takes in an image of its own, found without a walk.
    pub(super) fn expected(self) -> usize {
        if self.is_whole() {
            return self.image.payload().len();
        }
        let block = match self.ty.shape() {
            Shape::String => self.block(1).len(),
            Shape::List(element) => self.block(element.layout().size as usize).len(),
            _ => 0,
        };
        self.ty.layout().size as usize + block
    }

    fn part(self, ty: &'a Type, offset: u32) -> Self {
        Self {
            ty,
            image: self.image,
            at: self.at + offset as usize,
        }
    }

    fn carried(self, union: &'a impl Union) -> (usize, Option<Self>) {
        let index = read::discriminant(self.fixed(), union.discriminant_size()) as usize;
        let carried = union.carried(index);
        (index, carried.map(|ty| self.part(ty, union.payload())))
    }

    /// The bytes of the value itself.
    fn fixed(self) -> &'a [u8] {
        &self.image.payload()[self.at..][..self.ty.layout().size as usize]
    }

    /// The bytes that a string or a list of elements of `size` bytes points to.
    pub(super) fn block(self, size: usize) -> &'a [u8] {
        let (start, length) = read::pointer(self.fixed());
        &self.image.payload()[start as usize..][..length as usize * size]
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "View({} at {} of {:?})", self.ty, self.at, self.image)
    }
}
