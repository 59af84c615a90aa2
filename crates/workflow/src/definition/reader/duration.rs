//! Durations: `200ms`, `5s`, `2m`, `1h`, `1d`.

use std::time::Duration;

use super::Reader;
use crate::definition::bounds::Bounds;
use crate::definition::place::Spot;
use crate::definition::quote::quoted;
use crate::definition::tree::Data;

/// What is right.
pub(in crate::definition) const EXPECTED: &str =
    "a duration: a whole number and `ms`, `s`, `m`, `h` or `d`, such as `30s`";

/// What is allowed of a duration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::definition) enum Least {
    /// None is a duration too.
    Zero,
    /// A millisecond at least.
    Millisecond,
}

impl Reader<'_> {
    /// A duration of at most [`Bounds::MAX_DURATION`].
    pub(in crate::definition) fn duration(&mut self, spot: Spot, least: Least) -> Option<Duration> {
        if let Data::Number(number) = self.data(spot) {
            let number = self.tree().str(*number);
            let message = format!(
                "{} has no unit: write `{number}ms` or `{number}s`",
                quoted(number)
            );
            self.tell(spot, "duration", message);
            return None;
        }
        let text = self.string(spot, EXPECTED)?;
        let Some(duration) = parse(text) else {
            self.tell(spot, "duration", format!("{} is not {EXPECTED}", quoted(text)));
            return None;
        };
        let too_short = least == Least::Millisecond && duration.is_zero();
        if too_short || duration > Bounds::MAX_DURATION {
            let least = if least == Least::Zero { "0ms" } else { "1ms" };
            self.tell(
                spot,
                "out-of-range",
                format!("expected a duration from {least} to 366d, found {}", quoted(text)),
            );
            return None;
        }
        Some(duration)
    }
}

/// A number and a unit; saturates far beyond the bound.
fn parse(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return None;
    }
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        _ => return None,
    };
    // Only too many digits are an error here.
    let number: u64 = number.parse().unwrap_or(u64::MAX);
    Some(Duration::from_millis(number.saturating_mul(milliseconds)))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers_with_units() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(
                parse(text).map(|found| found.as_millis()),
                expected.map(u128::from),
                "{text}"
            );
        };
        check("0ms", Some(0));
        check("200ms", Some(200));
        check("5s", Some(5000));
        check("2m", Some(120_000));
        check("1h", Some(3_600_000));
        check("1d", Some(86_400_000));
        check("99999999999999999999999d", Some(u64::MAX));
        for text in [
            "", "s", "5", "5 s", "-5s", "1.5s", "5sec", "1h30m", "5S", " 5s", "٣s",
        ] {
            check(text, None);
        }
    }
}
