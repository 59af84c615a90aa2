//! Types of numbers that are written out.

use weft_types::ty::Shape;

/// Which types numbers have that are written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::check) enum Numbers {
    /// `s64`, or `u64` beyond it, and `f64`: another number of the same kind does not change the type.
    Widest,
    /// The smallest whole type that holds them, which widens to all larger ones: for values that are used with a known type.
    Smallest,
}

/// The type that holds all of the numbers, spelled as JSON spells them.
pub(super) fn shape<'s>(numbers: impl Iterator<Item = &'s str>, types: Numbers) -> Shape {
    let mut bounds: Option<(i128, i128)> = None;
    for digits in numbers {
        let Ok(value) = digits.parse::<i128>() else {
            return Shape::F64;
        };
        let (least, greatest) = bounds.unwrap_or((value, value));
        bounds = Some((least.min(value), greatest.max(value)));
    }
    let (least, greatest) = bounds.unwrap_or((0, 0));
    let smallest = match types {
        Numbers::Smallest => small(least, greatest),
        Numbers::Widest => None,
    };
    smallest.unwrap_or_else(|| wide(least, greatest))
}

fn small(least: i128, greatest: i128) -> Option<Shape> {
    let bits = |bits: u32| 1_i128 << bits;
    let unsigned = [(Shape::U8, 8), (Shape::U16, 16), (Shape::U32, 32)];
    let signed = [(Shape::S8, 7), (Shape::S16, 15), (Shape::S32, 31)];
    let unsigned = unsigned.map(|(shape, n)| (shape, 0, bits(n) - 1));
    let signed = signed.map(|(shape, n)| (shape, -bits(n), bits(n) - 1));
    let mut types = unsigned.into_iter().chain(signed);
    let found = types.find(|&(_, low, high)| low <= least && greatest <= high);
    found.map(|(shape, ..)| shape)
}

fn wide(least: i128, greatest: i128) -> Shape {
    if least >= i64::MIN.into() && greatest <= i64::MAX.into() {
        Shape::S64
    } else if least >= 0 && greatest <= u64::MAX.into() {
        Shape::U64
    } else {
        Shape::F64
    }
}
