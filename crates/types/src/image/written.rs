//! Plain bytes that become a value only when they are complete.

use bytes::Bytes;

use super::{Image, header};
use crate::Type;
use crate::ty::Shape;

/// Bytes being written, with room kept before them for what an image begins with, whichever its type will be.
#[derive(Debug, Default)]
pub struct Written(Vec<u8>);

/// Room for a header and the root of most types.
const FRONT: usize = Image::HEADER + 64;

impl Written {
    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len().saturating_sub(FRONT)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends bytes. Keeping them within a sensible limit is the caller's part.
    pub fn extend(&mut self, data: &[u8]) {
        if self.0.is_empty() {
            self.0.reserve(FRONT + data.len());
            self.0.resize(FRONT, 0);
        }
        self.0.extend_from_slice(data);
    }

    /// The image of a `list<u8>`, or of a `result` that is ok and carries one, without a copy but where the type's root is
    /// unusually large. None for any other type, and where there would be 4 GiB.
    #[must_use]
    pub fn finish(mut self, ty: &Type) -> Option<Image> {
        let at = match ty.shape() {
            Shape::Result(either) if either.ok.as_ref().is_some_and(|ok| ok.is_bytes()) => {
                either.payload as usize
            }
            _ if ty.is_bytes() => 0,
            _ => return None,
        };
        let root = ty.layout().size as usize;
        let length = u32::try_from(self.len()).ok()?;
        length.checked_add(root as u32)?;
        let mut front = header(ty).to_vec();
        front.resize(Image::HEADER + root, 0);
        // The case of an ok is 0, and so is all padding.
        let pointer = if length == 0 { 0 } else { root as u32 };
        let place = &mut front[Image::HEADER + at..];
        place[..4].copy_from_slice(&pointer.to_le_bytes());
        place[4..8].copy_from_slice(&length.to_le_bytes());
        let Some(start) = FRONT.checked_sub(front.len()).filter(|_| length > 0) else {
            front.extend_from_slice(self.0.get(FRONT..).unwrap_or_default());
            return Some(Image::from_built(front));
        };
        self.0[start..FRONT].copy_from_slice(&front);
        let bytes = Bytes::from(self.0).slice(start..);
        Some(Image { bytes })
    }
}
