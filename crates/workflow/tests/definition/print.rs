//! Writing a JSON value as YAML, each part in one of the ways in which it can be written.

use std::fmt::Write as _;

use serde_json::Value;

/// Chooses among ways of writing, over and over.
pub(crate) struct Choices<'a> {
    choices: &'a [u8],
    at: usize,
}

impl<'a> Choices<'a> {
    pub(crate) fn new(choices: &'a [u8]) -> Self {
        Self { choices, at: 0 }
    }

    fn next(&mut self, count: u8) -> u8 {
        self.at += 1;
        let choice = self.choices.get(self.at % self.choices.len().max(1));
        choice.copied().unwrap_or(0) % count
    }
}

/// The value as a document.
pub(crate) fn yaml(value: &Value, choices: &mut Choices<'_>) -> String {
    let mut text = String::new();
    block(&mut text, value, 0, choices);
    text.push('\n');
    text
}

/// Writes what stands behind `key:` or `-`, or the whole.
fn block(text: &mut String, value: &Value, indent: usize, choices: &mut Choices<'_>) {
    let flow = indent > 0 && choices.next(3) == 0;
    match value {
        Value::Object(members) if !members.is_empty() && !flow => {
            for (at, (key, value)) in members.iter().enumerate() {
                line(text, indent, indent > 0 || at > 0);
                scalar(text, key, choices);
                text.push_str(": ");
                block(text, value, indent + 2, choices);
            }
        }
        Value::Array(items) if !items.is_empty() && !flow => {
            for item in items {
                line(text, indent, true);
                text.push_str("- ");
                block(text, item, indent + 2, choices);
            }
        }
        Value::String(string) if is_block(string) && choices.next(2) == 0 => {
            text.push_str("|-");
            for part in string.lines() {
                line(text, indent + 2, true);
                text.push_str(part);
            }
        }
        Value::String(string) => scalar(text, string, choices),
        Value::Null => text.push_str(["null", "~", ""][usize::from(choices.next(3))]),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) | Value::Array(_) => {
            text.push_str(&serde_json::to_string(value).unwrap());
        }
    }
}

fn line(text: &mut String, indent: usize, new: bool) {
    if new {
        text.push('\n');
    }
    text.extend(std::iter::repeat_n(' ', indent));
}

/// A string on one line.
fn scalar(text: &mut String, string: &str, choices: &mut Choices<'_>) {
    match choices.next(3) {
        0 if is_plain(string) => text.push_str(string),
        1 if !string.contains(is_special) => {
            text.push('\'');
            text.push_str(&string.replace('\'', "''"));
            text.push('\'');
        }
        _ => quoted(text, string),
    }
}

fn quoted(text: &mut String, string: &str) {
    text.push('"');
    for char in string.chars() {
        match char {
            '"' | '\\' => text.extend(['\\', char]),
            '\n' => text.push_str("\\n"),
            char if is_special(char) => write!(text, "\\U{:08x}", u32::from(char)).unwrap(),
            char => text.push(char),
        }
    }
    text.push('"');
}

/// Characters that are not written as they are.
fn is_special(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Whether a string may stand without quotes.
fn is_plain(string: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b" ._/$-".contains(&byte);
    let words = ["null", "true", "false"];
    string.starts_with(|first: char| first.is_ascii_alphabetic() || first == '$')
        && string.ends_with(|last: char| last.is_ascii_alphanumeric())
        && string.bytes().all(inner)
        && !words.contains(&string.to_ascii_lowercase().as_str())
}

/// Whether a string may stand as an indented block that ends without a line break.
fn is_block(string: &str) -> bool {
    let lines = || string.split('\n');
    !string.replace('\n', "").contains(is_special)
        && lines().all(|line| line == line.trim())
        && lines().next().is_some_and(|first| !first.is_empty())
        && lines().next_back().is_some_and(|last| !last.is_empty())
}
