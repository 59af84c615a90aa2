//! Which numbers are numbers of another type, exactly.

use crate::image::read::{self, NAN_64};
use crate::ty::Shape;

/// A type of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::image) enum Number {
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
    F32,
    F64,
}

impl Number {
    pub(super) fn of(shape: &Shape) -> Option<Self> {
        match shape {
            Shape::S8 => Some(Self::S8),
            Shape::U8 => Some(Self::U8),
            Shape::S16 => Some(Self::S16),
            Shape::U16 => Some(Self::U16),
            Shape::S32 => Some(Self::S32),
            Shape::U32 => Some(Self::U32),
            Shape::S64 => Some(Self::S64),
            Shape::U64 => Some(Self::U64),
            Shape::F32 => Some(Self::F32),
            Shape::F64 => Some(Self::F64),
            _ => None,
        }
    }

    /// Whether each of its values is exactly one of `wider`.
    pub(super) fn fits(self, wider: Self) -> bool {
        let digits = self.digits() <= wider.digits();
        let sign = wider.is_signed() || !self.is_signed();
        let fraction = wider.is_float() || !self.is_float();
        digits && sign && fraction
    }

    /// Bytes of a value.
    pub(in crate::image) fn size(self) -> usize {
        match self {
            Self::S8 | Self::U8 => 1,
            Self::S16 | Self::U16 => 2,
            Self::S32 | Self::U32 | Self::F32 => 4,
            Self::S64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// The number that `value` begins with as one of `wider`, which it [fits](Self::fits), in its first bytes.
    pub(in crate::image) fn widen(self, wider: Self, value: &[u8]) -> [u8; 8] {
        let integer: i64 = match self {
            Self::S8 => i8::from_le_bytes(read::bytes(value)).into(),
            Self::U8 => u8::from_le_bytes(read::bytes(value)).into(),
            Self::S16 => i16::from_le_bytes(read::bytes(value)).into(),
            Self::U16 => u16::from_le_bytes(read::bytes(value)).into(),
            Self::S32 => i32::from_le_bytes(read::bytes(value)).into(),
            Self::U32 => u32::from_le_bytes(read::bytes(value)).into(),
            Self::F32 => return widen_float(f32::from_le_bytes(read::bytes(value))),
            // Nothing is wider.
            Self::S64 | Self::U64 | Self::F64 => return read::bytes(value),
        };
        match wider {
            Self::F32 => {
                let mut bytes = [0; 8];
                bytes[..4].copy_from_slice(&(integer as f32).to_le_bytes());
                bytes
            }
            Self::F64 => (integer as f64).to_le_bytes(),
            Self::S8 | Self::U8 | Self::S16 | Self::U16 => integer.to_le_bytes(),
            Self::S32 | Self::U32 | Self::S64 | Self::U64 => integer.to_le_bytes(),
        }
    }

    /// How many binary digits, beside the sign, all whole numbers have that it holds exactly and without a gap.
    fn digits(self) -> u32 {
        match self {
            Self::S8 => 7,
            Self::U8 => 8,
            Self::S16 => 15,
            Self::U16 => 16,
            Self::F32 => f32::MANTISSA_DIGITS,
            Self::S32 => 31,
            Self::U32 => 32,
            Self::F64 => f64::MANTISSA_DIGITS,
            Self::S64 => 63,
            Self::U64 => 64,
        }
    }

    fn is_signed(self) -> bool {
        match self {
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => false,
            Self::S8 | Self::S16 | Self::S32 | Self::S64 | Self::F32 | Self::F64 => true,
        }
    }

    fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }
}

fn widen_float(value: f32) -> [u8; 8] {
    match value.is_nan() {
        true => NAN_64.to_le_bytes(),
        false => f64::from(value).to_le_bytes(),
    }
}
