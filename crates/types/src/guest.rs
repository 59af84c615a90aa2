//! Values in a guest's linear memory: lowering an image into it and lifting one out of it, checking everything.

use crate::Type;
use crate::image::{Bounds, Image};

mod arguments;
mod flat;
mod lift;
mod lower;
mod root;

pub use arguments::{Instead, lower_arguments};
pub use root::Root;

/// The linear memory of a guest and its allocator.
pub trait GuestMemory {
    /// Why the guest could not allocate.
    type Error;

    /// Allocates `size` bytes aligned to `align` by the guest's own `realloc`. The implementation answers only blocks
    /// that are aligned and lie within [`memory`](Self::memory), whatever the guest said: it is where a guest's answer
    /// is checked.
    fn allocate(&mut self, align: u32, size: u32) -> Result<u32, Self::Error>;

    /// The whole memory. An allocation may have moved it.
    fn memory(&mut self) -> &mut [u8];
}

/// Places the blocks of `image` in guest memory, each by one allocation and one copy, a list before what its elements
/// point to, as the canonical ABI does; gives the root value with its pointers patched, ready to be flattened (see
/// [`flatten`]) or stored. Blocks of no bytes are not allocated: their pointer is the alignment, which is what the
/// allocators of guests answer for them. `image` must be an image of `ty`.
///
/// # Errors
/// Where the guest could not allocate.
pub fn lower<M: GuestMemory>(ty: &Type, image: &Image, memory: &mut M) -> Result<Root, M::Error> {
    lower::lower(ty, image, memory)
}

/// Spreads a root value over core values, each zero-extended to 64 bits, as the canonical ABI passes it flat. Answers how
/// many; `ty`'s `layout().flat` must be at most 16.
pub fn flatten(ty: &Type, root: &[u8], out: &mut [u64; 16]) -> usize {
    flat::flatten(ty, root, out)
}

/// The root value of a type whose `layout().flat` is 1 from its one core value: what [`lift()`] wants for a result that the
/// guest passed flat.
///
/// # Errors
/// Where the core value is no discriminant of the type.
pub fn unflatten(ty: &Type, value: u64) -> Result<Root, LiftError> {
    flat::unflatten(ty, value)
}

/// Copies a value out of guest memory: `root` is the value itself (from `memory`, or the bytes of a flat result, see
/// [`unflatten`]), whose pointers lead into `memory`. Alignment, bounds, UTF-8, discriminants and characters are checked;
/// `bool`s and NaNs are made canonical. Time and space are bounded by `bounds`, also where lists share their elements.
///
/// # Errors
/// Where memory does not hold a value of the type, or a larger one than `bounds` allows.
pub fn lift(ty: &Type, memory: &[u8], root: &[u8], bounds: Bounds) -> Result<Image, LiftError> {
    lift::lift(ty, memory, root, bounds)
}

/// Why a guest's memory does not hold a value of the type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LiftError {
    /// Larger than the bounds.
    #[error("the value is larger than {0} bytes")]
    TooLarge(usize),
    /// More elements than the bounds.
    #[error("the value has more than {0} elements in its lists")]
    TooManyElements(usize),
    /// Not a value.
    #[error("{what} at address {at}")]
    Invalid {
        /// What is wrong.
        what: &'static str,
        /// The guest's address; for the root value itself, the offset in it.
        at: u32,
    },
}
