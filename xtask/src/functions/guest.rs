//! The guests, as Cargo describes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{process, repository};

const DEFAULT_TARGET: &str = "wasm32-wasip2";

/// One package of the workspace `functions/`.
#[derive(Clone)]
pub struct Guest {
    name: String,
    /// Its folder.
    directory: PathBuf,
    /// What it is built for: `package.metadata.weft.target` or [`DEFAULT_TARGET`].
    target: String,
    /// Functions that are deployed before it: `package.metadata.weft.after`.
    after: Vec<String>,
}

impl Guest {
    /// All of them, examples before fixtures, each by name.
    pub fn all() -> Result<Vec<Self>> {
        let text = process::output(&mut cargo(&[
            "metadata",
            "--no-deps",
            "--format-version=1",
            "--quiet",
        ]))?;
        let metadata: Value =
            serde_json::from_str(&text).context("cargo metadata printed what is not JSON")?;
        let packages = metadata["packages"]
            .as_array()
            .context("cargo metadata names no packages")?;
        let mut guests = packages.iter().map(Self::read).collect::<Result<Vec<_>>>()?;
        guests.sort_by_key(|guest| (guest.is_fixture(), guest.name.clone()));
        Ok(guests)
    }

    fn read(package: &Value) -> Result<Self> {
        let name = package["name"].as_str().context("a guest has no name")?;
        let manifest = package["manifest_path"]
            .as_str()
            .context("a guest has no manifest")?;
        let directory = Path::new(manifest)
            .parent()
            .context("a manifest lies in no folder")?;
        let weft = &package["metadata"]["weft"];
        let after = weft["after"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        Ok(Self {
            name: name.to_owned(),
            directory: directory.to_owned(),
            target: weft["target"].as_str().unwrap_or(DEFAULT_TARGET).to_owned(),
            after: after.map(str::to_owned).collect(),
        })
    }

    /// Its name, which is also that of the function deployed from it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The functions that are deployed before it.
    pub fn after(&self) -> &[String] {
        &self.after
    }

    /// Whether it exists for the tests rather than for people.
    pub fn is_fixture(&self) -> bool {
        self.directory
            .parent()
            .is_some_and(|parent| parent.ends_with("fixtures"))
    }

    /// Its settings, a file that may be missing.
    pub fn settings(&self) -> PathBuf {
        self.directory.join("function.toml")
    }

    /// Where its code is put.
    pub fn file(&self) -> PathBuf {
        repository::guests().join(self.path())
    }

    /// The same, below `target/functions/`.
    pub fn path(&self) -> String {
        let folder = if self.is_fixture() { "fixtures/" } else { "" };
        format!("{folder}{}.wasm", self.name)
    }
}

/// Builds guests, one Cargo run per target, and answers where each was built.
pub fn build(guests: &[Guest]) -> Result<Vec<(Guest, PathBuf)>> {
    let mut artifacts = BTreeMap::new();
    for (target, packages) in by_target(guests) {
        let mut command = cargo(&[
            "build",
            "--release",
            "--message-format=json-render-diagnostics",
            "--target",
            target,
        ]);
        let messages = process::output(command.args(packages))?;
        artifacts.extend(messages.lines().filter_map(artifact));
    }
    let built = guests.iter().map(|guest| {
        let artifact = artifacts
            .remove(&guest.name)
            .with_context(|| format!("`{}` builds no .wasm file", guest.name))?;
        Ok((guest.clone(), artifact))
    });
    built.collect()
}

/// Checks guests with clippy, one run per target.
pub fn clippy(guests: &[Guest]) -> Result<()> {
    for (target, packages) in by_target(guests) {
        let mut command = cargo(&["clippy", "--release", "--target", target]);
        process::run(command.args(packages).args(["--", "-D", "warnings"]))?;
    }
    Ok(())
}

/// The arguments that name the guests of each target.
fn by_target(guests: &[Guest]) -> BTreeMap<&str, Vec<String>> {
    let mut targets = BTreeMap::<_, Vec<_>>::new();
    for guest in guests {
        targets
            .entry(guest.target.as_str())
            .or_default()
            .push(format!("--package={}", guest.name));
    }
    targets
}

/// The guest and the file that a message of Cargo tells of.
fn artifact(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message["reason"] != "compiler-artifact" {
        return None;
    }
    let mut files = message["filenames"].as_array()?.iter().filter_map(Value::as_str);
    let file = files.find(|file| file.ends_with(".wasm"))?;
    let name = message["target"]["name"].as_str()?.replace('_', "-");
    Some((name, file.into()))
}

/// Cargo in `functions/`. What is set for building the platform is not meant for guests.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = process::cargo(arguments);
    command
        .current_dir(repository::root().join("functions"))
        .stdin(Stdio::null());
    for variable in [
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
    ] {
        command.env_remove(variable);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_read_from_messages() {
        let message = r#"{"reason":"compiler-artifact","target":{"name":"csv_stats"},"filenames":["/t/csv_stats.wasm"]}"#;
        assert_eq!(
            artifact(message),
            Some(("csv-stats".to_owned(), "/t/csv_stats.wasm".into()))
        );
        assert_eq!(artifact(&message.replace(".wasm", ".rlib")), None);
        assert_eq!(artifact("not JSON"), None);
    }

    #[test]
    fn fixtures_lie_apart() {
        let guest = |directory: &str| Guest {
            name: "a".into(),
            directory: directory.into(),
            target: String::new(),
            after: Vec::new(),
        };
        assert_eq!(guest("/r/functions/a").path(), "a.wasm");
        assert_eq!(guest("/r/functions/fixtures/a").path(), "fixtures/a.wasm");
    }
}
