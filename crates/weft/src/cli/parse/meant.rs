//! What was probably meant by a command line that cannot be read: by what a word means, not by what it looks like.

use std::any::TypeId;
use std::net::AddrParseError;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Error};
use weft_workflow::nearest::nearest;

use crate::cli::Cli;
use crate::reference::Reference;

/// Words that other commands have, and what does the same here.
const WORDS: [(&[&str], &str); 13] = [
    (
        &["list", "ls", "ps"],
        "`weft functions` lists functions, `weft runs` runs of workflows, `weft pools` what executes them",
    ),
    (
        &["get", "info", "inspect", "status"],
        "`weft describe FUNCTION` shows a function, `weft show RUN` a run",
    ),
    (&["workflows"], "`weft functions --kind workflow` lists them"),
    (
        &["invoke", "exec", "execute"],
        "`weft call FUNCTION` calls a function",
    ),
    (
        &["start", "up"],
        "`weft run WORKFLOW` starts a run of a workflow, `weft serve` the server",
    ),
    (&["stop", "kill", "abort"], "`weft cancel RUN` ends a run"),
    (
        &["apply", "create", "publish", "push", "register", "upload"],
        "`weft deploy` uploads a function or a workflow",
    ),
    (&["init"], "`weft new NAME` starts a function"),
    (
        &["remove", "rm", "undeploy"],
        "`weft delete FUNCTION` deletes a function",
    ),
    (
        &["rollback", "use"],
        "`weft activate FUNCTION VERSION` has another version answer calls",
    ),
    (&["log"], "`weft logs FUNCTION` shows what a function wrote"),
    (
        &["login", "auth"],
        "WEFT_TOKEN takes a token, which `weft token create` makes",
    ),
    (
        &["version"],
        "`weft --version` tells it; `weft versions FUNCTION` lists those of a function",
    ),
];

/// Tells what would be right, where that is known.
pub(super) fn told(mut error: Error) -> Error {
    match error.kind() {
        ErrorKind::InvalidSubcommand => of_command(&mut error),
        ErrorKind::UnknownArgument => of_argument(&mut error),
        ErrorKind::ValueValidation => of_value(&mut error),
        _ => {}
    }
    error
}

fn of_command(error: &mut Error) {
    let (Some(word), Some((command, is_whole))) =
        (text(error, ContextKind::InvalidSubcommand), command(error))
    else {
        return;
    };
    error.remove(ContextKind::SuggestedSubcommand);
    let known = WORDS
        .iter()
        .find(|(words, _)| is_whole && words.contains(&&*word));
    if let Some((_, tip)) = known {
        return tell(error, tip);
    }
    let names = command.get_subcommands().map(Command::get_name);
    if let Some(name) = nearest(&word, names) {
        let name = ContextValue::String(name.to_owned());
        error.insert(ContextKind::SuggestedSubcommand, name);
    }
}

/// A version that is given as a flag, or as a word of its own.
fn of_argument(error: &mut Error) {
    let (Some(argument), Some((command, _))) = (text(error, ContextKind::InvalidArg), command(error)) else {
        return;
    };
    let is_number = !argument.is_empty() && argument.bytes().all(|byte| byte.is_ascii_digit());
    let number = match &*argument {
        "--version" | "-V" => "1",
        number if is_number => number,
        _ => return,
    };
    let takes_version = command
        .get_positionals()
        .any(|positional| positional.get_value_parser().type_id() == TypeId::of::<Reference>());
    if takes_version {
        tell(
            error,
            &format!("a version is named behind the function, as NAME@{number}"),
        );
    } else if !is_number {
        tell(error, "`weft --version` tells the version of weft");
    }
}

/// An address that lacks its host or port, or names a host.
fn of_value(error: &mut Error) {
    let is_address = std::error::Error::source(error).is_some_and(|source| source.is::<AddrParseError>());
    if is_address {
        tell(
            error,
            "write the number of an address and a port, such as 127.0.0.1:8080 or [::1]:8080",
        );
    }
}

fn tell(error: &mut Error, tip: &str) {
    error.remove(ContextKind::SuggestedArg);
    let tips = vec![tip.to_owned().into()];
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
}

fn text(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// The command that was read so far, and whether it is `weft` itself.
fn command(error: &Error) -> Option<(Command, bool)> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else {
        return None;
    };
    let usage = usage.to_string();
    let (mut command, mut is_whole) = (Cli::command(), true);
    for word in usage
        .split_whitespace()
        .skip_while(|word| *word != "weft")
        .skip(1)
    {
        match command.find_subcommand(word) {
            Some(below) => (command, is_whole) = (below.clone(), false),
            None => break,
        }
    }
    Some((command, is_whole))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// What is told of a command line, in one line.
    fn told_of(line: &str) -> String {
        let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
        let told = super::told(error).render().to_string();
        told.split("Usage:")
            .next()
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn words_of_other_commands_lead_to_ours() {
        for (line, tip) in [
            ("weft list", "tip: `weft functions` lists functions, `weft runs`"),
            ("weft rm f", "tip: `weft delete FUNCTION`"),
            ("weft login", "tip: WEFT_TOKEN takes a token"),
            ("weft verions f", "tip: a similar subcommand exists: 'versions'"),
            ("weft token creat", "tip: a similar subcommand exists: 'create'"),
        ] {
            let told = told_of(line);
            assert!(
                told.starts_with("error: unrecognized subcommand") && told.contains(tip),
                "{line}: {told}"
            );
            assert_eq!(told.matches("tip:").count(), 1, "{line}: {told}");
        }
        for line in ["weft xyzzy", "weft token list-all-of-them", "weft token ps"] {
            assert!(!told_of(line).contains("tip:"), "{line}: {}", told_of(line));
        }
    }

    #[test]
    fn our_words_are_not_explained_as_those_of_others() {
        let ours = Cli::command();
        for (words, tip) in WORDS {
            for word in words {
                assert!(ours.find_subcommand(word).is_none(), "{word}");
            }
            for command in tip.split("`weft ").skip(1) {
                let name = command.split([' ', '`']).next().unwrap();
                assert!(
                    name == "--version" || ours.find_subcommand(name).is_some(),
                    "{tip}"
                );
            }
        }
    }

    #[test]
    fn an_address_has_an_example() {
        for value in ["18403", "localhost:18403"] {
            let told = told_of(&format!("weft serve --listen {value}"));
            assert!(told.contains("such as 127.0.0.1:8080"), "{told}");
        }
    }

    #[test]
    fn a_version_is_part_of_the_name() {
        for (line, tip) in [
            (
                "weft describe f --version 7",
                "tip: a version is named behind the function, as NAME@1",
            ),
            ("weft describe f --version=7", "as NAME@1"),
            ("weft describe f 7", "as NAME@7"),
            ("weft delete f 7", "as NAME@7"),
            ("weft run f -V", "as NAME@1"),
            (
                "weft logs f --version",
                "tip: `weft --version` tells the version of weft",
            ),
        ] {
            let told = told_of(line);
            assert!(
                told.starts_with("error: unexpected argument") && told.contains(tip),
                "{line}: {told}"
            );
            assert_eq!(told.matches("tip:").count(), 1, "{line}: {told}");
        }
    }
}
