//! How many values an image becomes, before room is made for them.

use weft_types::Type;
use weft_types::ty::Shape;

use super::read::{discriminant, extent};

/// Whether the value of type `ty` that a payload begins with holds at most `most` values, itself included. Takes time in
/// proportion to `most`, whatever the payload holds.
pub(super) fn within(ty: &Type, payload: &[u8], most: usize) -> bool {
    Count { payload, left: most }.value(ty, 0).is_some()
}

struct Count<'a> {
    payload: &'a [u8],
    left: usize,
}

impl Count<'_> {
    /// Counts the value at `at`; none where that is too much.
    fn value(&mut self, ty: &Type, at: usize) -> Option<()> {
        self.take(1)?;
        match ty.shape() {
            Shape::Bool | Shape::S8 | Shape::U8 | Shape::S16 | Shape::U16 | Shape::S32 | Shape::U32 => {
                Some(())
            }
            Shape::S64 | Shape::U64 | Shape::F32 | Shape::F64 | Shape::Char | Shape::String => Some(()),
            Shape::Enum(_) => Some(()),
            Shape::Flags(names) => self.take(names.len()),
            Shape::List(element) => self.list(element, at),
            Shape::Record(fields) => fields
                .iter()
                .try_for_each(|field| self.value(&field.ty, at + field.offset as usize)),
            Shape::Tuple(slots) => slots
                .iter()
                .try_for_each(|slot| self.value(&slot.ty, at + slot.offset as usize)),
            Shape::Variant(variant) => {
                let case = discriminant(self.payload, at, variant.cases.len());
                self.carried(variant.cases[case].ty.as_ref(), at + variant.payload as usize)
            }
            Shape::Option(option) => {
                let carried = (self.payload[at] != 0).then_some(&*option.ty);
                self.carried(carried, at + option.payload as usize)
            }
            Shape::Result(either) => {
                let carried = if self.payload[at] == 0 {
                    &either.ok
                } else {
                    &either.err
                };
                self.carried(carried.as_deref(), at + either.payload as usize)
            }
        }
    }

    fn carried(&mut self, ty: Option<&Type>, at: usize) -> Option<()> {
        ty.map_or(Some(()), |ty| self.value(ty, at))
    }

    fn list(&mut self, element: &Type, at: usize) -> Option<()> {
        let (begin, length) = extent(self.payload, at);
        if element.layout().nodes == 1 {
            return self.take(length);
        }
        let size = element.layout().size as usize;
        (0..length).try_for_each(|index| self.value(element, begin + index * size))
    }

    fn take(&mut self, values: usize) -> Option<()> {
        self.left = self.left.checked_sub(values)?;
        Some(())
    }
}
