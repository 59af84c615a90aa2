//! The terminal sessions of a page of documentation, done again.

use std::path::Path;
use std::process::{Output, Stdio};

use tokio::process::Command;

use crate::server::binary;
use crate::{Api, socket};

/// Where the pages say that the server is.
const API: &str = "127.0.0.1:8080";
const FUNCTIONS: &str = "127.0.0.1:8081";
/// Separates what the commands print; no command prints it.
const MARK: &str = "\u{1}mark ";
/// Stands for anything in what a page says is printed.
const ANYTHING: char = '…';

/// A command and what the page says it prints; empty where it says nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    command: String,
    expected: String,
}

/// The steps of a page's `console` blocks, in order.
#[must_use]
pub fn steps(page: &str) -> Vec<Step> {
    let blocks = page.split("```console\n").skip(1);
    let texts = blocks.filter_map(|block| block.split("```").next());
    texts.flat_map(of_block).collect()
}

fn of_block(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step {
                command: command.to_owned(),
                expected: String::new(),
            }),
            (None, Some(step)) if step.expected.is_empty() && is_open(&step.command) => {
                step.command = format!("{}\n{line}", step.command);
            }
            (None, Some(step)) => step.expected += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    steps
}

/// Whether a command goes on in the next line: within quotes, or behind a backslash.
fn is_open(command: &str) -> bool {
    command.matches('\'').count() % 2 == 1 || command.ends_with('\\')
}

/// Does the steps in one shell, whose first directory is `directory`, and answers what did not go as the page says.
/// `prepare` gives what has to be done before a command that the page takes for granted; none leaves the command out.
///
/// # Panics
/// Where there is no shell.
pub async fn perform(
    steps: &[Step],
    api: &Api,
    directory: &Path,
    variables: &[(&str, &str)],
    prepare: impl Fn(&str) -> Option<&'static str>,
) -> Vec<String> {
    let here = |text: &str| {
        text.replace(API, socket::authority(&api.base))
            .replace(FUNCTIONS, socket::authority(&api.functions))
    };
    let chosen: Vec<_> = steps
        .iter()
        .filter_map(|step| Some((step, prepare(&step.command)?)))
        .collect();
    let mut script = format!("weft() {{ '{}' \"$@\"; }}\n", binary().display());
    for (step, before) in &chosen {
        let command = here(&step.command);
        script += &format!("{before}\n{{ {command}\n}} 2>&1\nprintf '{MARK}%s\\n' $?\n");
    }
    let output = shell(&script, api, directory, variables).await;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut parts = printed.split(MARK);
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut wrong = Vec::new();
    for (step, _) in chosen {
        let Some((code, rest)) = parts.next().and_then(|part| part.split_once('\n')) else {
            wrong.push(format!("$ {}\ndid not end", step.command));
            break;
        };
        if !is_as_said(&here(&step.expected), &text, code) {
            wrong.push(format!(
                "$ {}\nprinted, with exit code {code}:\n{text}instead of:\n{}",
                step.command, step.expected
            ));
        }
        text = rest.to_owned();
    }
    wrong
}

/// Where nothing is said about what is printed, it succeeds.
fn is_as_said(expected: &str, printed: &str, code: &str) -> bool {
    match expected.trim() {
        "" => code == "0",
        expected => fits(expected, printed),
    }
}

async fn shell(script: &str, api: &Api, directory: &Path, variables: &[(&str, &str)]) -> Output {
    let curl = directory.join(".curlrc");
    std::fs::write(curl, "silent\nshow-error\n").expect("the directory can be written");
    Command::new("bash")
        .args(["-c", script])
        .current_dir(directory)
        .env("WEFT_SERVER", &api.base)
        .env("XDG_CONFIG_HOME", directory)
        .env("CURL_HOME", directory)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .await
        .expect("there is a shell")
}

/// Whether a text is as expected, where only spaces and line breaks may differ: pages break long lines.
fn fits(expected: &str, text: &str) -> bool {
    let dense = |text: &str| text.split_whitespace().collect::<String>();
    let (expected, text) = (dense(expected), dense(text));
    let mut pieces = expected.split(ANYTHING);
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else {
        return false;
    };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.is_empty() || expected.ends_with(ANYTHING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read() {
        let page = "a\n```console\n$ one 'a\n  b'\nout\nmore\n$ two \\\n  x\n```\n```text\n$ no\n```\n";
        let step = |command: &str, expected: &str| Step {
            command: command.to_owned(),
            expected: expected.to_owned(),
        };
        assert_eq!(
            steps(page),
            [step("one 'a\n  b'", "out\nmore\n"), step("two \\\n  x", "")]
        );
    }

    #[test]
    fn anything_fits_where_it_may() {
        for (expected, text, fitting) in [
            ("a b", "a\n b\n", true),
            ("a b", "a c", false),
            ("a … c", "a b c", true),
            ("a …", "a b c", true),
            ("a … d", "a b c", false),
            ("a", "a b", false),
        ] {
            assert_eq!(fits(expected, text), fitting, "{expected} {text}");
        }
    }
}
