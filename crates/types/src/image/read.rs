//! Reading the fixed parts of values.

use crate::Type;
use crate::ty::{Cases, Either, Payload, Shape, discriminant_size};

/// The canonical NaN of `f32`.
pub(crate) const NAN_32: u32 = 0x7fc0_0000;
/// The canonical NaN of `f64`.
pub(crate) const NAN_64: u64 = 0x7ff8_0000_0000_0000;

/// The first `N` bytes of a value, which its layout says are there.
pub(crate) fn bytes<const N: usize>(value: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&value[..N]);
    bytes
}

/// Pointer and length of a string or list.
pub(crate) fn pointer(value: &[u8]) -> (u32, u32) {
    (
        u32::from_le_bytes(bytes(value)),
        u32::from_le_bytes(bytes(&value[4..])),
    )
}

/// A number of 1, 2 or 4 bytes: which case is present.
pub(crate) fn discriminant(value: &[u8], size: u32) -> u32 {
    match size {
        1 => u32::from(value[0]),
        2 => u32::from(u16::from_le_bytes(bytes(value))),
        _ => u32::from_le_bytes(bytes(value)),
    }
}

/// Whether every pattern of bits is a value, and no other form of it is canonical.
pub(crate) fn is_plain(ty: &Type) -> bool {
    matches!(
        ty.shape(),
        Shape::S8 | Shape::U8 | Shape::S16 | Shape::U16 | Shape::S32 | Shape::U32 | Shape::S64 | Shape::U64
    )
}

/// The name of a case, `none` and `some`, `ok` and `err` for options and results.
pub(crate) fn case_name(ty: &Type, index: usize) -> Option<&str> {
    match ty.shape() {
        Shape::Variant(cases) => cases.cases.get(index).map(|case| &*case.name),
        Shape::Enum(names) => names.get(index).map(|name| &**name),
        Shape::Option(_) => ["none", "some"].get(index).copied(),
        Shape::Result(_) => ["ok", "err"].get(index).copied(),
        _ => None,
    }
}

/// A list of choices, one of which a value holds, and where its payload lies: a variant, option or result.
pub(crate) trait Union {
    /// How many cases.
    fn cases(&self) -> usize;
    /// What case `index` carries.
    fn carried(&self, index: usize) -> Option<&Type>;
    /// Where the payload lies.
    fn payload(&self) -> u32;

    /// Bytes of the discriminant.
    fn discriminant_size(&self) -> u32 {
        discriminant_size(self.cases())
    }
}

impl Union for Cases {
    fn cases(&self) -> usize {
        self.cases.len()
    }

    fn carried(&self, index: usize) -> Option<&Type> {
        self.cases.get(index)?.ty.as_ref()
    }

    fn payload(&self) -> u32 {
        self.payload
    }
}

impl Union for Payload {
    fn cases(&self) -> usize {
        2
    }

    fn carried(&self, index: usize) -> Option<&Type> {
        (index == 1).then_some(&self.ty)
    }

    fn payload(&self) -> u32 {
        self.payload
    }
}

impl Union for Either {
    fn cases(&self) -> usize {
        2
    }

    fn carried(&self, index: usize) -> Option<&Type> {
        match index {
            0 => self.ok.as_deref(),
            _ => self.err.as_deref(),
        }
    }

    fn payload(&self) -> u32 {
        self.payload
    }
}
