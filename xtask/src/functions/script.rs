//! Guests that are not in Rust: one in JavaScript and one in Python.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::{process, repository};

use super::toolchain;

/// An example below `functions/`.
#[derive(Clone, Copy)]
pub struct Script {
    language: Language,
    /// Its folder in that of its language; its name, also that of the component.
    pub name: &'static str,
}

#[derive(Clone, Copy)]
enum Language {
    JavaScript,
    Python,
}

impl Script {
    pub const REDACT: Self = Self {
        language: Language::JavaScript,
        name: "redact",
    };
    pub const TREND: Self = Self {
        language: Language::Python,
        name: "trend",
    };

    /// Where its source is.
    pub fn directory(self) -> PathBuf {
        let functions = repository::root().join("functions");
        functions.join(self.language.folder()).join(self.name)
    }

    /// Builds it in a copy beside its toolchain, as its page does, so that nothing is left in the source; answers where it is.
    pub fn build(self) -> Result<PathBuf> {
        let tools = toolchain::directory(self.language.folder());
        for file in self.language.sources() {
            let to = tools.join(file);
            std::fs::create_dir_all(to.parent().unwrap_or(&to))?;
            toolchain::copy(&self.directory().join(file), &to)?;
        }
        let mut command = self.language.builder(&tools);
        process::run(command.current_dir(&tools))?;
        Ok(tools.join(format!("{}.wasm", self.name)))
    }
}

impl Language {
    fn folder(self) -> &'static str {
        match self {
            Self::JavaScript => "javascript",
            Self::Python => "python",
        }
    }

    /// What a component is built from, beside what the toolchain was installed from.
    fn sources(self) -> [&'static str; 2] {
        match self {
            Self::JavaScript => ["redact.js", "wit/world.wit"],
            Self::Python => ["app.py", "wit/world.wit"],
        }
    }

    fn builder(self, tools: &Path) -> Command {
        match self {
            Self::JavaScript => {
                let mut npm = Command::new("npm");
                npm.args(["run", "--silent", "build"]);
                npm
            }
            Self::Python => {
                let mut builder = Command::new(tools.join("bin/componentize-py"));
                builder.args(["--quiet", "-d", "wit", "componentize", "app", "-o", "trend.wasm"]);
                builder
            }
        }
    }
}
