//! Reading the command line, and telling what is wrong with it.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use super::Cli;
use crate::failure::{Exit, Failure};
use crate::output::{Format, Output};

mod meant;

/// Reads the command line. What is wrong with it is told in the form that it asks for; help and versions are printed.
pub(crate) fn parse() -> Result<Cli, ExitCode> {
    Cli::try_parse().map_err(meant::told).map_err(|error| {
        let variable = std::env::var_os("WEFT_OUTPUT");
        if !error.use_stderr() || !json_wanted(std::env::args_os(), variable) {
            error.exit();
        }
        let failure = Failure::usage(message(&error.render().to_string())).hint("--help tells what there is");
        Output::new(Format::Json).failure(&failure.into());
        ExitCode::from(Exit::Usage as u8)
    })
}

/// Whether a command line that cannot be read asks for JSON.
fn json_wanted(arguments: impl Iterator<Item = OsString>, variable: Option<OsString>) -> bool {
    let mut wanted = variable.is_some_and(|value| value == "json");
    let mut before = OsString::new();
    for argument in arguments {
        match argument.to_str().and_then(|text| text.strip_prefix("--output=")) {
            Some(format) => wanted = format == "json",
            None if before == "--output" => wanted = argument == "json",
            None => {}
        }
        before = argument;
    }
    wanted
}

/// What is wrong, without what is printed around it.
fn message(told: &str) -> String {
    let first = told.split("\n\nUsage:").next().unwrap_or(told);
    let first = first.split("\n\nFor more information").next().unwrap_or(first);
    first.trim().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_asked_for_by_flag_or_variable() {
        for (line, variable, wanted) in [
            ("weft call --output json", None, true),
            ("weft --output=json call", None, true),
            ("weft call", Some("json"), true),
            ("weft call --output text", Some("json"), false),
            ("weft call output json", None, false),
            ("weft call", None, false),
        ] {
            let arguments = line.split(' ').map(OsString::from);
            assert_eq!(
                json_wanted(arguments, variable.map(OsString::from)),
                wanted,
                "{line}"
            );
        }
    }

    #[test]
    fn only_what_is_wrong_is_told() {
        let error = Cli::try_parse_from(["weft", "activate", "a", "--nope"]).unwrap_err();
        let message = message(&error.render().to_string());
        assert!(
            message.contains("--nope") && !message.contains("Usage"),
            "{message}"
        );
        assert!(!message.starts_with("error"), "{message}");
    }
}
