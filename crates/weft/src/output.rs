//! Everything the command writes: results to standard output, the rest to standard error.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};

mod progress;
mod table;

pub(crate) use progress::Progress;
pub(crate) use table::Table;

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// Text and tables for people.
    #[default]
    Text,
    /// JSON for programs.
    Json,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// Where a command writes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: Format,
}

impl Output {
    /// Writes in this format.
    pub(crate) fn new(format: Format) -> Self {
        Self { format }
    }

    /// Whether programs read along.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Writes a result: `value` for programs, `text` for people.
    pub(crate) fn result(self, value: &impl Serialize, text: impl fmt::Display) -> io::Result<()> {
        match self.format {
            Format::Json => self.line(serde_json::to_string_pretty(value)?),
            Format::Text => self.line(text),
        }
    }

    /// Writes a line of a result.
    pub(crate) fn line(self, line: impl fmt::Display) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()
    }

    /// Writes a result that is bytes.
    pub(crate) fn bytes(self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Tells people what is going on; programs read only the result.
    pub(crate) fn note(self, note: impl fmt::Display) {
        if self.format == Format::Text {
            // Nobody can be told that nobody can be told.
            let _ = writeln!(io::stderr().lock(), "{note}");
        }
    }

    /// A bar or spinner on a terminal, nothing elsewhere.
    pub(crate) fn progress(self) -> Progress {
        Progress::new(self.format == Format::Text && io::stderr().is_terminal())
    }

    /// Writes why the command failed.
    pub(crate) fn failure(self, error: &anyhow::Error) {
        let text = match self.format {
            Format::Text => failure_text(error),
            Format::Json => failure_json(error).to_string(),
        };
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// The code to exit with after an error.
pub(crate) fn exit_code(error: &anyhow::Error) -> Exit {
    error.downcast_ref::<Failure>().map_or(Exit::Error, Failure::exit)
}

/// Whether the reader of standard output went away, which is no failure: `weft logs | head`.
pub(crate) fn reader_left(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn failure_text(error: &anyhow::Error) -> String {
    let hint = error.downcast_ref::<Failure>().and_then(Failure::as_hint);
    let mut text = format!("error: {}", in_words(error));
    if let Some(hint) = hint {
        text.push_str("\n hint: ");
        text.push_str(hint);
    }
    text
}

/// An error with its causes; those that it tells itself are not told again.
fn in_words(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn failure_json(error: &anyhow::Error) -> Value {
    let failure = error.downcast_ref::<Failure>();
    json!({
        "error": in_words(error),
        "hint": failure.and_then(Failure::as_hint),
        "exit": exit_code(error) as u8,
        "run": failure.and_then(Failure::as_run),
        "problem": failure.and_then(Failure::as_details),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_its_hint_in_both_formats() {
        let error = anyhow::Error::from(Failure::new(Exit::NotFound, "no such thing").hint("look elsewhere"));
        assert_eq!(
            failure_text(&error),
            "error: no such thing\n hint: look elsewhere"
        );
        assert_eq!(
            failure_json(&error),
            json!({"error": "no such thing", "hint": "look elsewhere", "exit": 4, "run": null, "problem": null})
        );
        assert_eq!(exit_code(&error), Exit::NotFound);
    }

    #[test]
    fn a_cause_is_told_once() {
        let cause = || anyhow::anyhow!("not a directory");
        for (error, told) in [
            (cause(), "not a directory"),
            (
                cause().context("a cannot be used"),
                "a cannot be used: not a directory",
            ),
            (
                cause().context("a cannot be used: not a directory"),
                "a cannot be used: not a directory",
            ),
        ] {
            assert_eq!(in_words(&error), told);
        }
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let closed = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).context("writing");
        assert!(reader_left(&closed));
        assert!(!reader_left(&anyhow::anyhow!("something else")));
    }
}
