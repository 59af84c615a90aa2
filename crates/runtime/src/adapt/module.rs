//! What a core module offers and wants.

use std::collections::BTreeSet;

use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1;
use wasmparser::{ExternalKind, Parser, Payload};

use super::{ACCEPTED, Refused};
use crate::inspect::survey::broken;

/// Most names of each kind that are kept for a message.
const NAMED: usize = 8;

/// The outside of a core module, as far as it decides whether it can be wrapped.
#[derive(Debug, Default)]
pub(super) struct CoreModule {
    /// Modules it imports from.
    imports: BTreeSet<String>,
    /// Functions it exports, the first few.
    exports: Vec<String>,
    /// Whether it exports `_start`.
    starts: bool,
    /// Whether a `component-type` section describes it as a component.
    pub(super) embeds_types: bool,
}

impl CoreModule {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            module
                .add(payload.map_err(|error| broken(&error, bytes.len()))?)
                .map_err(|error| broken(&error, bytes.len()))?;
        }
        Ok(module)
    }

    fn add(&mut self, payload: Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.imports.insert(import?.module.to_owned());
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.add_export(export.name);
                    }
                }
            }
            Payload::CustomSection(section) if section.name().starts_with("component-type") => {
                self.embeds_types = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn add_export(&mut self, name: &str) {
        self.starts |= name == "_start";
        if self.exports.len() < NAMED {
            self.exports.push(name.to_owned());
        }
    }

    /// Whether it starts by itself and wants nothing but WASI preview 1.
    pub(super) fn is_command(&self) -> bool {
        self.starts
            && self
                .imports
                .iter()
                .all(|module| self.embeds_types || module == PREVIEW1)
    }

    pub(super) fn imports_preview1(&self) -> bool {
        self.starts || self.imports.contains(PREVIEW1)
    }

    /// Why it cannot be wrapped.
    pub(super) fn refusal(&self) -> Refused {
        let foreign: Vec<_> = self.imports.iter().filter(|module| *module != PREVIEW1).collect();
        let found = if let Some(module) = foreign.first() {
            format!("a core module that imports from `{module}`{}", maker(module))
        } else if self.exports.is_empty() {
            "a core module that exports no function".to_owned()
        } else {
            format!(
                "a core module without `_start`, so no command, and without component types, so the types of its exports \
                 ({}) are unknown",
                self.exports.join(", ")
            )
        };
        Refused(format!("this is {found}; {ACCEPTED}"))
    }
}

/// Who makes modules with such an import.
fn maker(module: &str) -> &'static str {
    match module {
        "wbg" | "__wbindgen_placeholder__" | "__wbindgen_externref_xform__" => {
            " (made by wasm-bindgen for JavaScript hosts)"
        }
        "go" | "gojs" => " (made by Go for JavaScript hosts: build with GOOS=wasip1)",
        "wasi_unstable" => " (WASI preview 0: rebuild it with a current toolchain)",
        "a" | "env" => " (made for a host of its own, such as Emscripten's JavaScript)",
        _ => "",
    }
}
