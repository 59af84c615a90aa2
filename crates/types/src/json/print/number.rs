//! Numbers as JSON: whole numbers exactly, floats as the shortest digits that read back the same.

/// The largest whole number that every reader of JSON keeps: 2^53 - 1.
const MAX_SAFE: u64 = (1 << 53) - 1;

pub(super) fn integer(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// A string beyond 2^53 - 1, since many readers of JSON hold numbers as floats.
pub(super) fn wide_unsigned(value: u64, out: &mut Vec<u8>) {
    match value <= MAX_SAFE {
        true => integer(value, out),
        false => quoted(itoa::Buffer::new().format(value), out),
    }
}

/// As [`wide_unsigned`], beyond it in either direction.
pub(super) fn wide_signed(value: i64, out: &mut Vec<u8>) {
    match value.unsigned_abs() <= MAX_SAFE {
        true => integer(value, out),
        false => quoted(itoa::Buffer::new().format(value), out),
    }
}

pub(super) fn float32(value: f32, out: &mut Vec<u8>) {
    match value.is_finite() {
        true => out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes()),
        false => not_finite(f64::from(value), out),
    }
}

pub(super) fn float64(value: f64, out: &mut Vec<u8>) {
    match value.is_finite() {
        true => out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes()),
        false => not_finite(value, out),
    }
}

fn not_finite(value: f64, out: &mut Vec<u8>) {
    let name = match value {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    };
    quoted(name, out);
}

fn quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}
