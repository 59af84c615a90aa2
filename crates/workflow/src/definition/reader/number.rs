//! Numbers.

use std::ops::RangeInclusive;

use super::Reader;
use crate::definition::place::Spot;
use crate::definition::tree::Data;

impl Reader<'_> {
    /// A whole number within `range`.
    pub(in crate::definition) fn whole(&mut self, spot: Spot, range: RangeInclusive<u64>) -> Option<u64> {
        let expected = match *range.end() {
            u64::MAX => format!("a whole number of at least {}", range.start()),
            end => format!("a whole number from {} to {end}", range.start()),
        };
        let text = self.number(spot, &expected)?;
        // A number with a sign or beyond 64 bits is out of range; one with a fraction is of the wrong type.
        let digits = text.strip_prefix('-').unwrap_or(&text);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            self.wrong_type(spot, &expected);
            return None;
        }
        let found = text.parse().ok().filter(|number| range.contains(number));
        if found.is_none() {
            self.out_of_range(spot, &expected);
        }
        found
    }

    /// A whole number within a range of 32 bits.
    pub(in crate::definition) fn small(&mut self, spot: Spot, range: RangeInclusive<u32>) -> Option<u32> {
        let range = u64::from(*range.start())..=u64::from(*range.end());
        self.whole(spot, range)
            .and_then(|number| u32::try_from(number).ok())
    }

    /// A number of at most two decimals within `range`, in hundredths.
    pub(in crate::definition) fn hundredths(
        &mut self,
        spot: Spot,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let (start, end) = (f64::from(*range.start()) / 100.0, f64::from(*range.end()) / 100.0);
        let expected = format!("a number from {start} to {end}");
        let number: f64 = self.number(spot, &expected)?.parse().unwrap_or(f64::NAN);
        let hundredths = (number * 100.0).round();
        if !(f64::from(*range.start())..=f64::from(*range.end())).contains(&hundredths) {
            self.out_of_range(spot, &expected);
            return None;
        }
        // Within a range of `u32`.
        Some(hundredths as u32)
    }

    fn out_of_range(&mut self, spot: Spot, expected: &str) {
        if let Some(found) = self.found(spot) {
            self.tell(
                spot,
                "out-of-range",
                format!("expected {expected}, found {found}"),
            );
        }
    }

    /// A number as JSON spells it.
    fn number(&mut self, spot: Spot, expected: &str) -> Option<String> {
        let Data::Number(text) = self.data(spot) else {
            self.wrong_type(spot, expected);
            return None;
        };
        let json = json_number(self.tree().str(*text));
        if json.is_none() {
            self.wrong_type(spot, expected);
        }
        json
    }
}

/// A number of YAML as JSON spells it, digit for digit: `+1` is `1`, `007` is `7`, `.5` is `0.5`, `0x10` is `16`. None for what
/// JSON has no number for (`.inf`, `.nan`), and for hexadecimal and octal ones beyond 128 bits.
pub(in crate::definition) fn json_number(text: &str) -> Option<String> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return u128::from_str_radix(digits, radix)
                .ok()
                .map(|number| number.to_string());
        }
    }
    let (sign, unsigned) = match text.as_bytes().first() {
        Some(b'-') => ("-", &text[1..]),
        Some(b'+') => ("", &text[1..]),
        _ => ("", text),
    };
    if unsigned.starts_with(".i") || unsigned.starts_with(".I") || unsigned.eq_ignore_ascii_case(".nan") {
        return None;
    }
    let end = unsigned.find(['e', 'E']).unwrap_or(unsigned.len());
    let (mantissa, exponent) = unsigned.split_at(end);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}{exponent}"))
}

#[cfg(test)]
mod tests {
    use super::json_number;

    #[test]
    fn numbers_as_json_spells_them() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(json_number(text).as_deref(), expected, "{text}");
            if let Some(json) = expected {
                assert!(serde_json::from_str::<serde_json::Number>(json).is_ok(), "{json}");
            }
        };
        check("0", Some("0"));
        check("-0", Some("-0"));
        check("+7", Some("7"));
        check("007", Some("7"));
        check("1.50", Some("1.50"));
        check(".5", Some("0.5"));
        check("-.5e-3", Some("-0.5e-3"));
        check("1.", Some("1"));
        check("1.e5", Some("1e5"));
        check("1E+5", Some("1E+5"));
        check(
            "340282366920938463463374607431768211456",
            Some("340282366920938463463374607431768211456"),
        );
        check("0x10", Some("16"));
        check("0o17", Some("15"));
        check("0xfffffffffffffffffffffffffffffffff", None);
        check(".inf", None);
        check("-.Inf", None);
        check(".NaN", None);
    }
}
