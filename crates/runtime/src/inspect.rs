//! What an uploaded component is, read from the component itself.
//!
//! Inspection never runs code. It has three steps, so that what is cheap to refuse is refused before it is compiled:
//! [`survey`] reads the outline of the binary, [`imports::check`] judges the names of what it imports, and
//! [`inspect`] reads the types of the compiled component.

#[cfg(feature = "server")]
use wasmtime::Engine;
#[cfg(feature = "server")]
use wasmtime::component::Component;
#[cfg(feature = "server")]
use weft_types::version::{Flavor, Inspection};

#[cfg(feature = "server")]
use crate::adapt::Refused;

#[cfg(feature = "server")]
mod exports;
#[cfg(feature = "server")]
pub(crate) mod imports;
#[cfg(feature = "server")]
pub(crate) mod survey;
#[cfg_attr(not(feature = "server"), expect(dead_code, reason = "workers convert less"))]
pub(crate) mod value;
#[cfg(feature = "server")]
pub(crate) mod wit;

/// The interface whose presence makes a component an HTTP function, without its version.
#[cfg(feature = "server")]
pub(crate) const HTTP_HANDLER: &str = "wasi:http/incoming-handler";
/// The interface of a command, without its version.
#[cfg(feature = "server")]
pub(crate) const CLI_RUN: &str = "wasi:cli/run";

/// Reads what `component`, compiled from `bytes`, offers and wants.
///
/// # Errors
/// Where nothing in it can be called, or it imports what nothing here provides.
#[cfg(feature = "server")]
pub(crate) fn inspect(engine: &Engine, component: &Component, bytes: &[u8]) -> Result<Inspection, Refused> {
    let ty = component.component_type();
    let mut types = value::Converter::new(value::Resources::of(engine, &ty));
    let capabilities = imports::capabilities(engine, &ty, &mut types)?;
    let exports = exports::read(engine, &ty, &mut types)?;
    Ok(Inspection {
        flavor: exports.flavor,
        exports: exports.callables,
        imports: ty.imports(engine).map(|(name, _)| name.to_owned()).collect(),
        capabilities,
        wit: wit::text(bytes)?,
    })
}

/// The part of an interface's name before `@`, and the version behind it.
pub(crate) fn split_version(name: &str) -> (&str, Option<&str>) {
    match name.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (name, None),
    }
}

/// Whether `version` is one of the WASI 0.2 line, final or release candidate.
#[cfg(feature = "server")]
pub(crate) fn is_wasi_0_2(version: Option<&str>) -> bool {
    version.is_some_and(|version| version.starts_with("0.2."))
}

/// What decides how a component is called: HTTP before typed exports before commands.
#[cfg(feature = "server")]
fn flavor(http: bool, typed: bool, command: bool) -> Option<Flavor> {
    match (http, typed, command) {
        (true, _, _) => Some(Flavor::Http),
        (false, true, _) => Some(Flavor::Exports),
        (false, false, true) => Some(Flavor::Command),
        (false, false, false) => None,
    }
}

#[cfg(test)]
mod tests;
