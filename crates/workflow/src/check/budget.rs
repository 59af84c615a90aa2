//! What a definition may grow to when it is checked.

use weft_types::Type;
use weft_types::image::Bounds;

/// What is left of the bounds on a plan's size, which a short definition could exceed: it names types many times, and short
/// literals can be large values.
pub(super) struct Budget {
    types: u64,
    most_types: u64,
    bytes: usize,
}

impl Budget {
    /// At most so many types and names, and bytes of constants.
    pub(super) fn new(types: u64, bytes: usize) -> Self {
        Self {
            types,
            most_types: types,
            bytes,
        }
    }

    /// Takes room for one more copy of a type: whether there is any.
    pub(super) fn take_types(&mut self, ty: &Type) -> bool {
        match self.types.checked_sub(ty.layout().nodes.into()) {
            Some(left) => self.types = left,
            None => return false,
        }
        true
    }

    /// What is told where there is no room for a type.
    pub(super) fn types_told(&self) -> String {
        format!(
            "the types of all nodes together are written with more than {} types and names",
            self.most_types
        )
    }

    /// How large the next constant may be.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            bytes: self.bytes,
            elements: self.bytes,
        }
    }

    /// Takes room for a constant, which was within [`Budget::bounds`].
    pub(super) fn take_bytes(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}
