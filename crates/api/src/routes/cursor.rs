//! Cursors of lists: texts that clients hand back as they got them.
//!
//! Hexadecimal, so that nobody is tempted to make one up, and what it is made of may change.

use weft_types::{FunctionName, ProjectName, RunId};

use crate::problem::Problem;
use crate::query::invalid;
use crate::trace::{decode_vec, hex};

/// The cursor behind `name`.
pub(super) fn of_name(name: &FunctionName) -> String {
    of_text(name.as_str())
}

/// The cursor behind a project.
pub(super) fn of_project(name: &ProjectName) -> String {
    of_text(name.as_str())
}

/// The cursor behind a run.
pub(super) fn of_run(run: RunId) -> String {
    of_text(&run.to_string())
}

/// The cursor behind a number.
pub(super) fn of_number(number: u64) -> String {
    of_text(&number.to_string())
}

/// Reads a cursor made of a name or a number.
pub(super) fn parse<T: std::str::FromStr>(cursor: &str) -> Result<T, Problem> {
    decode_vec(cursor.as_bytes())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| {
            invalid(
                "after",
                "is not a cursor; take it from the answer before, or leave it out",
            )
        })
}

fn of_text(text: &str) -> String {
    hex(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_went() {
        let name: FunctionName = "image-resize".parse().unwrap();
        assert_eq!(parse::<FunctionName>(&of_name(&name)).unwrap(), name);
        assert_eq!(parse::<u64>(&of_number(u64::MAX)).unwrap(), u64::MAX);
        for text in ["", "zz", "6", "2d", &of_text("No Name"), &"61".repeat(200)] {
            assert!(parse::<FunctionName>(text).is_err(), "{text}");
        }
    }
}
