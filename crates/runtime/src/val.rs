//! Values between images and the engine's dynamic form.
//!
//! The dynamic form spends 40 bytes on every element, so calls of a function do without it. It serves where the engine offers
//! nothing else, in imports of functions, and as the second opinion that tests compare the fast path with.

use wasmtime::component::Val;
use weft_types::Type;
use weft_types::guest::{self, LiftError};
use weft_types::image::{Bounds, Image};

mod count;
mod read;
mod write;

use write::Heap;

/// Why a dynamic value has no image of a type.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It is of another type.
    #[error("a value of another type was passed where `{0}` is expected")]
    Mismatch(String),
    /// It is larger than its bounds.
    #[error(transparent)]
    Lift(#[from] LiftError),
}

/// The image of `values` as the fields of the record `ty`: a call's arguments.
///
/// # Errors
/// Where their number or a type differs, or a bound is exceeded.
pub(crate) fn arguments(ty: &Type, values: &[Val], bounds: Bounds) -> Result<Image, Error> {
    let fields = ty
        .fields()
        .filter(|fields| fields.len() == values.len())
        .ok_or_else(|| mismatch(ty))?;
    image(ty, bounds, |heap, root| {
        fields
            .iter()
            .zip(values)
            .try_for_each(|(field, value)| heap.write(&field.ty, value, root + field.offset as usize))
    })
}

/// The image of `value`.
///
/// # Errors
/// Where its type is not `ty`, or a bound is exceeded.
#[cfg(test)]
pub(crate) fn to_image(ty: &Type, value: &Val, bounds: Bounds) -> Result<Image, Error> {
    image(ty, bounds, |heap, root| heap.write(ty, value, root))
}

/// Most values within a dynamic value: as many as the engine takes of a guest in one call of the host. Each byte of a
/// `list<u8>` is one, a string is one.
pub(crate) const MAX_VALUES: usize = (128 << 20) / size_of::<Val>();

/// The dynamic form of `image`, which must be an image of `ty`; none where it would hold more than `most` values.
pub(crate) fn from_image(ty: &Type, image: &Image, most: usize) -> Option<Val> {
    count::within(ty, image.payload(), most).then(|| read::value(ty, image.payload(), 0))
}

/// Lays a value out as in a guest's memory and lifts it from there, which checks it and makes it canonical.
fn image(
    ty: &Type,
    bounds: Bounds,
    fill: impl FnOnce(&mut Heap, usize) -> Result<(), Error>,
) -> Result<Image, Error> {
    let mut heap = Heap::new(bounds.bytes);
    let root = heap.allocate(ty.layout().size as usize, 1)?;
    fill(&mut heap, root)?;
    let memory = heap.bytes();
    Ok(guest::lift(
        ty,
        memory,
        &memory[root..root + ty.layout().size as usize],
        bounds,
    )?)
}

fn mismatch(ty: &Type) -> Error {
    Error::Mismatch(ty.to_string())
}

#[cfg(test)]
mod tests;
