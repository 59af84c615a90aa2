//! Arguments of which some do not come from their image.

use super::lower::part;
use super::{GuestMemory, Root};
use crate::Type;
use crate::image::Image;

/// What a guest gets for a parameter instead of what the image says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead<'a> {
    /// These elements of a `list<u8>`.
    Bytes(&'a [u8]),
    /// A handle: where `passed` has a `u32` for it.
    Handle(u32),
}

/// As [`lower`](super::lower()), for the record `params` of a call's parameters: of those that `instead` answers for, what the
/// image says is left alone. The root that is given is one of `passed`, a record that differs from `params` in having a `u32`
/// where a handle is passed. `image` must be an image of `params`.
///
/// # Errors
/// Where the guest could not allocate.
pub fn lower_arguments<'a, M: GuestMemory>(
    (params, passed): (&Type, &Type),
    image: &Image,
    instead: impl Fn(usize) -> Option<Instead<'a>>,
    memory: &mut M,
) -> Result<Root, M::Error> {
    let mut root = Root::zeroed(passed.layout().size as usize);
    let fields = params.fields().unwrap_or_default();
    let places = passed.fields().unwrap_or_default();
    for (index, (field, place)) in fields.iter().zip(places).enumerate() {
        let to = place.offset as usize;
        match instead(index) {
            Some(Instead::Handle(handle)) => root[to..][..4].copy_from_slice(&handle.to_le_bytes()),
            Some(Instead::Bytes(bytes)) => {
                let address = place_bytes(bytes, memory)?;
                root[to..][..4].copy_from_slice(&address.to_le_bytes());
                // Arguments stay below 4 GiB.
                root[to + 4..][..4].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
            }
            None => {
                let (at, size) = (field.offset as usize, field.ty.layout().size as usize);
                root[to..][..size].copy_from_slice(&image.payload()[at..][..size]);
                part(&field.ty, (image, at), memory, (&mut root, to))?;
            }
        }
    }
    Ok(root)
}

/// Where the bytes were put: as for any block, at the alignment where there are none.
fn place_bytes<M: GuestMemory>(bytes: &[u8], memory: &mut M) -> Result<u32, M::Error> {
    if bytes.is_empty() {
        return Ok(1);
    }
    let address = memory.allocate(1, bytes.len() as u32)?;
    memory.memory()[address as usize..][..bytes.len()].copy_from_slice(bytes);
    Ok(address)
}
