//! Cursors of lists: texts that clients hand back as they got them.
//!
//! Hexadecimal, so that nobody is tempted to make one up, and what it is made of may change.

use weft_function_engine::{LogCursor, PoolId};
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

/// The cursor behind a pool profile.
pub(super) fn of_profile(name: &str) -> String {
    of_text(name)
}

/// The cursor behind a pool.
pub(super) fn of_pool(id: &PoolId) -> String {
    of_text(&id.to_string())
}

/// The cursor behind a change.
pub(super) fn of_change(number: u64) -> String {
    of_text(&number.to_string())
}

/// The cursor behind a version's number.
pub(super) fn of_version(number: u32) -> String {
    of_text(&number.to_string())
}

/// A cursor of a log.
pub(super) fn of_line(cursor: LogCursor) -> String {
    of_text(&format!("{}.{}", cursor.log, cursor.seq))
}

/// Reads a cursor of a log.
pub(super) fn parse_line(cursor: &str) -> Result<LogCursor, Problem> {
    let parts = text(cursor).and_then(|text| {
        let (log, seq) = text.split_once('.')?;
        Some(LogCursor {
            log: log.parse().ok()?,
            seq: seq.parse().ok()?,
        })
    });
    parts.ok_or_else(no_cursor)
}

/// Reads a cursor made of a name or an id.
pub(super) fn parse<T: std::str::FromStr>(cursor: &str) -> Result<T, Problem> {
    text(cursor)
        .and_then(|text| text.parse().ok())
        .ok_or_else(no_cursor)
}

fn text(cursor: &str) -> Option<String> {
    String::from_utf8(decode_vec(cursor.as_bytes())?).ok()
}

fn no_cursor() -> Problem {
    invalid(
        "after",
        "is not a cursor; take it from the answer before, or leave it out",
    )
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
        assert_eq!(parse::<u32>(&of_version(u32::MAX)).unwrap(), u32::MAX);
        let line = LogCursor {
            log: u64::MAX,
            seq: 7,
        };
        assert_eq!(parse_line(&of_line(line)).unwrap(), line);
        assert!(parse_line(&of_text("7")).is_err());
        for text in ["", "zz", "6", "2d", &of_text("No Name"), &"61".repeat(200)] {
            assert!(parse::<FunctionName>(text).is_err(), "{text}");
        }
    }
}
