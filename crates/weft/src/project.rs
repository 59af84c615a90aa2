//! A function's Rust project on disk: what Cargo knows of it, and building it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;
use serde_json::Value;

use crate::failure::{Exit, Failure};
use crate::output::Output;

/// The one target that all functions are built for.
pub(crate) const TARGET: &str = "wasm32-wasip2";
/// Settings of the function, beside its Cargo.toml.
pub(crate) const SETTINGS: &str = "function.toml";

/// A package that can be built into a function.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// Where its Cargo.toml is.
    pub(crate) directory: PathBuf,
    /// The package's name, which the function gets unless told otherwise.
    pub(crate) name: String,
    target: String,
}

impl Project {
    /// Reads the project in a directory.
    pub(crate) fn open(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join("Cargo.toml");
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::usage(format!("{} cannot be read: {error}", path.display()))
                .hint("`weft new NAME` starts a project; or name its directory")
        })?;
        let manifest: toml::Table =
            toml::from_str(&text).with_context(|| format!("{} is not valid", path.display()))?;
        let package = manifest.get("package").and_then(toml::Value::as_table);
        let name = package
            .and_then(|package| package.get("name"))
            .and_then(toml::Value::as_str);
        let name = name.ok_or_else(|| {
            Failure::usage(format!("{} describes no package", path.display()))
                .hint("name the directory of one package, not of a workspace")
        })?;
        Ok(Self {
            directory: directory.to_owned(),
            name: name.to_owned(),
            target: target(&manifest).to_owned(),
        })
    }

    /// Its settings file, where there is one.
    pub(crate) fn settings(&self) -> Option<PathBuf> {
        let path = self.directory.join(SETTINGS);
        path.is_file().then_some(path)
    }

    /// Builds it with Cargo, whose output is shown as it comes, and answers where the wasm is.
    pub(crate) fn build(&self, release: bool, output: Output) -> anyhow::Result<PathBuf> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args([
                "build",
                "--target",
                &self.target,
                "--message-format",
                "json-render-diagnostics",
            ])
            .args(release.then_some("--release"))
            .current_dir(&self.directory)
            .stdout(Stdio::piped());
        if output.is_json() {
            cargo.arg("--quiet");
        }
        let mut child = cargo.spawn().map_err(|error| {
            Failure::new(Exit::Error, format!("cargo cannot be started: {error}"))
                .hint("functions are built with Rust; https://rustup.rs installs it")
        })?;
        let messages = child.stdout.take().map(BufReader::new);
        let artifact = messages
            .into_iter()
            .flat_map(BufRead::lines)
            .map_while(Result::ok)
            .filter_map(artifact)
            .last();
        let status = child.wait().context("waiting for cargo failed")?;
        if !status.success() {
            return Err(self.failed().into());
        }
        artifact.ok_or_else(|| {
            Failure::new(Exit::Error, format!("`{}` builds no .wasm file", self.name))
                .hint("a function is a library with `crate-type = [\"cdylib\"]`, or a program")
                .into()
        })
    }

    fn failed(&self) -> Failure {
        Failure::new(Exit::Error, format!("`{}` does not build", self.name)).hint(format!(
            "cargo says why above; `rustup target add {}` installs the target",
            self.target
        ))
    }
}

/// What the project asks to be built for: `package.metadata.weft.target`, else [`TARGET`].
fn target(manifest: &toml::Table) -> &str {
    let metadata = manifest
        .get("package")
        .and_then(|package| package.get("metadata"));
    let target = metadata
        .and_then(|metadata| metadata.get("weft"))
        .and_then(|weft| weft.get("target"));
    target.and_then(toml::Value::as_str).unwrap_or(TARGET)
}

/// The `.wasm` file that a message of Cargo tells of.
fn artifact(message: String) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(&message).ok()?;
    if message.get("reason")? != "compiler-artifact" {
        return None;
    }
    let mut files = message
        .get("filenames")?
        .as_array()?
        .iter()
        .filter_map(Value::as_str);
    files.find(|file| file.ends_with(".wasm")).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_artifact_is_read_from_cargos_messages() {
        let message =
            |reason: &str, file: &str| format!(r#"{{"reason":"{reason}","filenames":["/x/a.d","{file}"]}}"#);
        assert_eq!(
            artifact(message("compiler-artifact", "/x/a.wasm")),
            Some("/x/a.wasm".into())
        );
        assert_eq!(artifact(message("compiler-artifact", "/x/a.rlib")), None);
        assert_eq!(artifact(message("build-finished", "/x/a.wasm")), None);
        assert_eq!(artifact("not json".into()), None);
    }

    #[test]
    fn a_project_may_name_another_target() {
        let manifest: toml::Table =
            toml::from_str("[package]\nname = 'a'\n[package.metadata.weft]\ntarget = 'wasm32-wasip1'")
                .unwrap();
        assert_eq!(target(&manifest), "wasm32-wasip1");
        assert_eq!(target(&toml::Table::new()), TARGET);
    }
}
