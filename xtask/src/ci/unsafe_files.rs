//! The list of files that may hold unsafe code, checked both ways.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use super::sources;
use crate::{report, repository};

const LIST: &str = ".ci/unsafe-files.txt";

/// Guests are sandboxed, and their bindings are generated: the list is about the platform.
const GUESTS: &str = "functions/";

/// Checks that exactly the listed files say `allow(unsafe_code)`, and that each is argued.
pub fn check() -> Result<()> {
    let text = std::fs::read_to_string(repository::root().join(LIST))
        .with_context(|| format!("cannot read {LIST}"))?;
    let mut listed = parse(&text)?;
    let mut wrong = Vec::new();
    let total = listed.len();
    let sources = sources::all()?;
    for source in sources
        .iter()
        .filter(|source| !source.path.starts_with(GUESTS) && allows(&source.text))
    {
        if listed.remove(source.shown().as_str()).is_none() {
            wrong.push(format!(
                "{} allows unsafe code and is not in {LIST}",
                source.shown()
            ));
        }
    }
    wrong.extend(
        listed
            .keys()
            .map(|path| format!("{path} is in {LIST} and allows no unsafe code")),
    );
    if !wrong.is_empty() {
        bail!("the list of unsafe files is not exact:\n  {}", wrong.join("\n  "));
    }
    report::note(&format!(
        "{total} files may hold unsafe code, each argued in {LIST}"
    ));
    Ok(())
}

/// Whether the text lifts the workspace's ban on unsafe code, for all of a file or a part.
fn allows(text: &str) -> bool {
    attributes(text)
        .iter()
        .filter(|attribute| attribute.contains("unsafe_code"))
        .any(|attribute| attribute.contains("allow") || attribute.contains("expect"))
}

/// The attributes that begin a line, each as one line however many it has.
fn attributes(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines().map(str::trim) {
        match found.last_mut().filter(|_| open) {
            Some(attribute) => attribute.push_str(line),
            None if line.starts_with("#[") || line.starts_with("#![") => found.push(line.to_owned()),
            None => continue,
        }
        open = found
            .last()
            .is_some_and(|attribute| attribute.matches('[').count() > attribute.matches(']').count());
    }
    found
}

/// Paths and arguments: `path: argument` a line; empty lines and those that begin with `#` say nothing.
fn parse(text: &str) -> Result<BTreeMap<&str, &str>> {
    let lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(argued).collect()
}

fn argued(line: &str) -> Result<(&str, &str)> {
    let (path, argument) = line
        .split_once(": ")
        .with_context(|| format!("`{line}` in {LIST} is not `path: argument`"))?;
    if argument.split_whitespace().count() < 3 {
        bail!("{path} in {LIST} is not argued: say why it cannot do without unsafe code");
    }
    Ok((path, argument))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_attributes_count() {
        assert!(allows("//! x\n#![allow(unsafe_code)]\n"));
        assert!(allows("mod a {\n    #[expect(unsafe_code, reason = \"x\")]\n}"));
        assert!(allows(
            "#![allow(\n    clippy::todo,\n    unsafe_code\n)]\nfn f() {}\n"
        ));
        assert!(!allows(
            "#![deny(\n    unsafe_code\n)]\n#[allow(dead_code)]\nfn f() {}\n"
        ));
        assert!(!allows("#![forbid(unsafe_code)]\n// #![allow(unsafe_code)]\n"));
    }

    #[test]
    fn every_line_is_argued() {
        assert_eq!(parse("# list\n\na.rs: it maps a file\n").unwrap().len(), 1);
        assert!(parse("a.rs").is_err());
        assert!(parse("a.rs: needed").is_err());
    }
}
