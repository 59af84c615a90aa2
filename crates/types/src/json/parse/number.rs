//! Integers and floats.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::context::Context;
use crate::image::build::Builder;
use crate::image::read::{NAN_32, NAN_64};

/// An integer type of WIT.
pub(super) trait Integer: TryFrom<u64> + TryFrom<i64> + FromStr + fmt::Display {
    const NAME: &str;
    const MIN: Self;
    const MAX: Self;
    /// Whether it has values that a JSON number, as most programs read it, cannot hold; a string is as good then.
    const WIDE: bool;

    fn put(self, builder: &mut Builder, at: usize);
}

/// A float type of WIT.
pub(super) trait Float: FromStr {
    const NAME: &str;
    const NAN: Self;
    const INFINITY: Self;
    const NEG_INFINITY: Self;

    fn is_infinite(&self) -> bool;
    fn put(self, builder: &mut Builder, at: usize);
}

macro_rules! integers {
    ($($ty:ident $name:literal $wide:literal,)*) => {$(
        impl Integer for $ty {
            const NAME: &str = $name;
            const MIN: Self = $ty::MIN;
            const MAX: Self = $ty::MAX;
            const WIDE: bool = $wide;

            fn put(self, builder: &mut Builder, at: usize) {
                builder.put(at, self.to_le_bytes());
            }
        }
    )*};
}

integers! {
    i8 "s8" false,
    u8 "u8" false,
    i16 "s16" false,
    u16 "u16" false,
    i32 "s32" false,
    u32 "u32" false,
    i64 "s64" true,
    u64 "u64" true,
}

macro_rules! floats {
    ($($ty:ident $name:literal $nan:ident,)*) => {$(
        impl Float for $ty {
            const NAME: &str = $name;
            const NAN: Self = $ty::from_bits($nan);
            const INFINITY: Self = $ty::INFINITY;
            const NEG_INFINITY: Self = $ty::NEG_INFINITY;

            fn is_infinite(&self) -> bool {
                $ty::is_infinite(*self)
            }

            fn put(self, builder: &mut Builder, at: usize) {
                builder.put(at, self.to_bits().to_le_bytes());
            }
        }
    )*};
}

floats! {
    f32 "f32" NAN_32,
    f64 "f64" NAN_64,
}

pub(super) fn integer<'de, T: Integer, D: Deserializer<'de>>(
    cx: &mut Context,
    at: usize,
    json: D,
) -> Result<(), D::Error> {
    let value: T = parse_integer(json)?;
    value.put(&mut cx.builder, at);
    Ok(())
}

/// Reads an integer that goes nowhere yet.
pub(super) fn parse_integer<'de, T: Integer, D: Deserializer<'de>>(json: D) -> Result<T, D::Error> {
    let visitor = Whole(PhantomData);
    match T::WIDE {
        true => json.deserialize_any(visitor),
        false => json.deserialize_u64(visitor),
    }
}

struct Whole<T>(PhantomData<T>);

/// Up to here every whole number is a float of its own.
const EXACT: f64 = 9_007_199_254_740_991.0;

impl<T: Integer> Visitor<'_> for Whole<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, a whole number from {} to {}", T::NAME, T::MIN, T::MAX)?;
        if T::WIDE {
            f.write_str(", as a number or a string of digits")?;
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        T::try_from(value).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        T::try_from(value).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
    }

    /// JSON knows one kind of number: `3.0` and `3e0` are as whole as `3`.
    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        let whole = (value.abs() <= EXACT && value.fract() == 0.0).then_some(value as i64);
        whole
            .and_then(|value| T::try_from(value).ok())
            .ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let value = if plain { text.parse().ok() } else { None };
        value.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// Reads a float from its digits, since a way over another float type, or an inexact one, could change its last bit.
pub(super) fn float<'de, T: Float, D: Deserializer<'de>>(
    cx: &mut Context,
    at: usize,
    json: D,
) -> Result<(), D::Error> {
    let text = <&RawValue>::deserialize(json)?.get();
    let value: Option<T> = match text {
        "\"NaN\"" => Some(T::NAN),
        "\"Infinity\"" => Some(T::INFINITY),
        "\"-Infinity\"" => Some(T::NEG_INFINITY),
        _ if text.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) => {
            text.parse().ok().filter(|value: &T| !value.is_infinite())
        }
        _ => None,
    };
    let value = value.ok_or_else(|| not_a_float(text, T::NAME))?;
    value.put(&mut cx.builder, at);
    Ok(())
}

fn not_a_float<E: Error>(text: &str, name: &str) -> E {
    let found = match text.as_bytes().first() {
        Some(b'"') => "string",
        Some(b'[') => "array",
        Some(b'{') => "object",
        Some(b'n') => "null",
        Some(b't' | b'f') => "boolean",
        _ => "number",
    };
    let shown = match found {
        "array" | "object" | "null" => String::new(),
        _ => format!(" `{}`", text.chars().take(80).collect::<String>()),
    };
    let expected = "a number it can hold, or \"NaN\", \"Infinity\" or \"-Infinity\"";
    E::custom(format_args!(
        "invalid value: {found}{shown}, expected {name}, {expected}"
    ))
}
