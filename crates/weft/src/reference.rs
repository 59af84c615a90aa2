//! How a function, one of its exports and one of its versions are named on the command line.

use std::str::FromStr;

use weft_types::{FunctionName, VersionNumber};

/// `NAME[#EXPORT][@VERSION]`, such as `pricing`, `pricing#total`, `pricing@3`,
/// `pricing#weft:pricing/api@0.1.0#total@3`. The version may be behind the name as well: `pricing@3#total`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The function.
    pub(crate) function: FunctionName,
    /// One of its exports; none where it has only one.
    pub(crate) export: Option<String>,
    /// One of its versions; none for the active one.
    pub(crate) version: Option<VersionNumber>,
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A version is digits after the last `@`; an interface's own version has dots and a `#` behind it.
        let (rest, version) = match text.rsplit_once('@') {
            Some((rest, digits)) if is_number(digits) => (rest, Some(number(digits)?)),
            _ => (text, None),
        };
        let (name, export) = match rest.split_once('#') {
            Some((_, "")) => return Err(format!("`{text}` names no export after `#`")),
            Some((name, export)) => (name, Some(export.to_owned())),
            None => (rest, None),
        };
        let (name, version) = match (name.split_once('@'), &export, version) {
            (Some((name, digits)), Some(_), None) if is_number(digits) => (name, Some(number(digits)?)),
            (Some((_, digits)), Some(_), Some(_)) if is_number(digits) => {
                return Err(format!(
                    "`{text}` names two versions: write one, such as `name#export@3`"
                ));
            }
            (_, _, version) => (name, version),
        };
        if name.contains('@') {
            return Err(format!(
                "`{text}` does not name a version: write a number after `@`, such as `name@3`"
            ));
        }
        let function = name.parse().map_err(|error| format!("{error}"))?;
        Ok(Self {
            function,
            export,
            version,
        })
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(digits: &str) -> Result<VersionNumber, String> {
    match digits.parse() {
        Ok(number) if number > 0 => Ok(VersionNumber(number)),
        _ => Err(format!(
            "{digits} is not the number of a version: they count from 1"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(text: &str, function: &str, export: Option<&str>, version: Option<u32>) {
        let expected = Reference {
            function: function.parse().unwrap(),
            export: export.map(str::to_owned),
            version: version.map(VersionNumber),
        };
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }

    #[test]
    fn references_are_read() {
        test("pricing", "pricing", None, None);
        test("pricing@3", "pricing", None, Some(3));
        test("pricing#total", "pricing", Some("total"), None);
        test("pricing#total@12", "pricing", Some("total"), Some(12));
        test(
            "pricing#weft:pricing/api@0.1.0#total",
            "pricing",
            Some("weft:pricing/api@0.1.0#total"),
            None,
        );
        test("pricing@12#total", "pricing", Some("total"), Some(12));
        test(
            "pricing@3#a:b/c@0.1.0#d",
            "pricing",
            Some("a:b/c@0.1.0#d"),
            Some(3),
        );
        test(
            "pricing#a:b/c@0.1.0#d@2",
            "pricing",
            Some("a:b/c@0.1.0#d"),
            Some(2),
        );
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for text in [
            "",
            "Pricing",
            "pricing#",
            "pricing@",
            "pricing@0",
            "pricing@latest",
            "pricing@latest#total",
            "pricing@0#total",
            "pricing@2#",
            "pricing@2#total@3",
            "pricing@2@3#total",
            "#total",
            "../x",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }
}
