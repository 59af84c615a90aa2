use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args as ClapArgs, ValueEnum};
use serde_json::json;
use weft_types::FunctionName;

use super::Session;
use crate::failure::{Exit, Failure};

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// Name of the function.
    #[arg(value_parser = name)]
    name: FunctionName,
    /// What kind of function.
    #[arg(long, value_enum, default_value = "component")]
    template: Template,
    /// Directory to create, instead of ./NAME.
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Template {
    /// A component with typed exports, described in WIT.
    Component,
    /// A component that answers HTTP requests.
    Http,
    /// A program from standard input to standard output.
    Command,
}

/// A file of a template: where it goes and its text, `{{name}}` and `{{module}}` standing for the function's name.
type TemplateFile = (&'static str, &'static str);

impl Template {
    fn files(self) -> &'static [TemplateFile] {
        match self {
            Self::Component => &[
                (
                    "Cargo.toml",
                    include_str!("../../templates/component/Cargo.toml.in"),
                ),
                (
                    "wit/world.wit",
                    include_str!("../../templates/component/world.wit.in"),
                ),
                ("src/lib.rs", include_str!("../../templates/component/lib.rs.in")),
                ("function.toml", include_str!("../../templates/function.toml.in")),
                (".gitignore", include_str!("../../templates/gitignore.in")),
            ],
            Self::Http => &[
                ("Cargo.toml", include_str!("../../templates/http/Cargo.toml.in")),
                ("src/lib.rs", include_str!("../../templates/http/lib.rs.in")),
                ("function.toml", include_str!("../../templates/function.toml.in")),
                (".gitignore", include_str!("../../templates/gitignore.in")),
            ],
            Self::Command => &[
                (
                    "Cargo.toml",
                    include_str!("../../templates/command/Cargo.toml.in"),
                ),
                ("src/main.rs", include_str!("../../templates/command/main.rs.in")),
                ("function.toml", include_str!("../../templates/function.toml.in")),
                (".gitignore", include_str!("../../templates/gitignore.in")),
            ],
        }
    }

    fn try_it(self, name: &FunctionName) -> String {
        match self {
            Self::Component => format!("weft call {name} name=you"),
            Self::Http => format!("curl http://127.0.0.1:8081/default/{name}/"),
            Self::Command => format!("echo hello | weft call {name} --raw -"),
        }
    }
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<()> {
    let directory = args
        .path
        .clone()
        .unwrap_or_else(|| PathBuf::from(args.name.as_str()));
    refuse_existing(&directory)?;
    let mut written = Vec::new();
    for (path, text) in args.template.files() {
        let path = directory.join(path);
        write(&path, &fill(text, args.name.as_str()))?;
        written.push(path);
    }
    let text = format!(
        "created {dir}\n\n  cd {dir}\n  weft deploy\n  {try_it}\n\nor let `weft dev` build and deploy at every change",
        dir = directory.display(),
        try_it = args.template.try_it(&args.name),
    );
    session
        .output
        .result(&json!({"directory": directory, "files": written}), text)?;
    Ok(())
}

fn name(text: &str) -> Result<FunctionName, String> {
    text.parse().map_err(|error| format!("{error}"))
}

fn refuse_existing(directory: &Path) -> Result<(), Failure> {
    let occupied =
        fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) || directory.is_file();
    if occupied {
        return Err(
            Failure::new(Exit::Error, format!("{} exists already", directory.display()))
                .hint("choose another name, or another directory with --path"),
        );
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("{} cannot be created", parent.display()))?;
    }
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

fn fill(text: &str, name: &str) -> String {
    text.replace("{{name}}", name)
        .replace("{{module}}", &name.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_leave_no_placeholder_and_are_valid_toml() {
        for template in Template::value_variants() {
            for (path, text) in template.files() {
                let text = fill(text, "a-function");
                assert!(!text.contains("{{"), "{template:?} {path}");
                if path.ends_with(".toml") {
                    toml::from_str::<toml::Table>(&text).unwrap();
                }
            }
        }
    }
}
