//! Numbers in conditions: whole ones are exact, floats as IEEE 754 has them.

use std::cmp::Ordering;

use super::EvaluationError;
use crate::expression::Arithmetic;

/// Bounds of whole numbers: what an `s64` or a `u64` holds.
pub(crate) const LEAST: i128 = i64::MIN as i128;
/// See [`LEAST`].
pub(crate) const GREATEST: i128 = u64::MAX as i128;

/// What two whole numbers make. `at` is where the sign stands.
pub(crate) fn whole(sign: Arithmetic, at: usize, left: i128, right: i128) -> Result<i128, EvaluationError> {
    let result = match sign {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide | Arithmetic::Remainder if right == 0 => {
            return Err(EvaluationError::DivisionByZero { at });
        }
        Arithmetic::Divide => left.checked_div(right),
        Arithmetic::Remainder => left.checked_rem(right),
    };
    within(at, result)
}

/// The negative of a whole number. `at` is where the sign stands.
pub(crate) fn negated(at: usize, value: i128) -> Result<i128, EvaluationError> {
    within(at, value.checked_neg())
}

fn within(at: usize, value: Option<i128>) -> Result<i128, EvaluationError> {
    let value = value.filter(|it| (LEAST..=GREATEST).contains(it));
    value.ok_or(EvaluationError::Overflow { at })
}

/// What two floats make.
pub(super) fn real(sign: Arithmetic, left: f64, right: f64) -> f64 {
    match sign {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Remainder => left % right,
    }
}

/// How a whole number stands to a float, exactly; none where that is not a number.
pub(super) fn order(whole: i128, real: f64) -> Option<Ordering> {
    if real.is_nan() {
        return None;
    }
    // Beyond these every whole number of a condition lies on one side; within them the cast is exact.
    if real >= 1e30 {
        return Some(Ordering::Less);
    }
    if real <= -1e30 {
        return Some(Ordering::Greater);
    }
    let floor = real.floor();
    let fraction = if real > floor {
        Ordering::Less
    } else {
        Ordering::Equal
    };
    Some(whole.cmp(&(floor as i128)).then(fraction))
}
