//! What a scalar without quotes is: YAML's core schema.

/// What a text without quotes stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    Null,
    Bool(bool),
    Number,
    String,
}

pub(super) fn resolve(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Plain::Null,
        "true" | "True" | "TRUE" => Plain::Bool(true),
        "false" | "False" | "FALSE" => Plain::Bool(false),
        _ if is_number(text) => Plain::Number,
        _ => Plain::String,
    }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, |byte| byte.is_ascii_hexdigit());
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |byte| (b'0'..=b'7').contains(&byte));
    }
    is_decimal(unsigned)
}

/// Digits, a fraction, an exponent: at least a digit before or behind the point.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
    let digit = |byte: u8| byte.is_ascii_digit();
    let whole = match mantissa.split_once('.') {
        None => all(mantissa, digit),
        Some(("", fraction)) => all(fraction, digit),
        Some((whole, fraction)) => all(whole, digit) && fraction.bytes().all(digit),
    };
    whole && exponent.is_none_or(|exponent| all(exponent, digit))
}

/// Whether there is at least one byte and all are so.
fn all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::{Plain, resolve};

    #[test]
    fn the_core_schema() {
        let check = |texts: &[&str], expected: Plain| {
            for text in texts {
                assert_eq!(resolve(text), expected, "{text}");
            }
        };
        check(&["", "~", "null", "NULL"], Plain::Null);
        check(&["true", "True"], Plain::Bool(true));
        check(&["FALSE"], Plain::Bool(false));
        check(
            &[
                "0", "-7", "+7", "007", "1.5", ".5", "1.", "1e5", "-1.5E+3", "0x1F", "0o17", "-.inf", ".NaN",
            ],
            Plain::Number,
        );
        check(
            &[
                "yes", "on", "nUll", "-", "+", ".", "e5", "1e", "1e+", "1.2.3", "1_000", "0x", "0xg", "0o8",
                "-0x1", "+.nan", "inf", "1 2", "30s", "$x", "1:30",
            ],
            Plain::String,
        );
    }
}
