//! Compiling in this process: what the child does once it is confined, and what tests do directly.

use std::borrow::Cow;

use wasmparser::{Validator, WasmFeatures};
use wasmtime::Engine;
use wasmtime::component::Component;
use weft_function_engine::port::Tier;
use weft_types::version::{Flavor, Inspection};

use crate::adapt::{self, Refused};
use crate::engine::compile_config;
use crate::inspect::survey::{self, Survey};
use crate::inspect::{self, imports};
use crate::restore;

/// Compiled code and what it is.
#[derive(Debug)]
pub struct Compiled {
    /// What inspection found.
    pub inspection: Inspection,
    /// The engine's file for the tier asked for.
    pub bytes: Vec<u8>,
}

/// Why code was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// It is not code for this platform.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The compiler failed on valid code.
    #[error("{0}")]
    Failed(String),
}

/// Validates, inspects and compiles `code`, trusting the bounds of the process it runs in.
///
/// # Errors
/// Where `code` is not for this platform, or the compiler fails.
pub fn compile(code: &[u8], tier: Tier) -> Result<Compiled, CompileError> {
    let (component, survey) = outline(code)?;
    let engine = Engine::new(&compile_config(tier)).map_err(failed)?;
    let extended = restore::extend(&component).and_then(|extended| Component::new(&engine, extended).ok());
    let compiled = match extended {
        Some(compiled) => compiled,
        None => Component::new(&engine, &component).map_err(|error| diagnose(&component, &error))?,
    };
    let inspection = inspect::inspect(&engine, &compiled, &component)?;
    if survey.utf16 && inspection.flavor == Flavor::Exports {
        return Err(utf16().into());
    }
    let bytes = compiled.serialize().map_err(failed)?;
    Ok(Compiled { inspection, bytes })
}

/// Reads `code` as far as that goes without compiling it: its form, its outline, the names of its imports, whether it is valid, and
/// its world. For tests of what hostile bytes do here: [`compile`] judges the same, and more.
///
/// # Errors
/// Where `code` is not for this platform.
pub fn examine(code: &[u8]) -> Result<(), Refused> {
    let (component, _) = outline(code)?;
    Validator::new()
        .validate_all(&component)
        .map_err(|error| survey::broken(&error, component.len()))?;
    inspect::wit::text(&component).map(drop)
}

/// The component that code is or becomes, and its outline, which names nothing that is not provided.
fn outline(code: &[u8]) -> Result<(Cow<'_, [u8]>, Survey), Refused> {
    let component = adapt::to_component(code)?;
    let survey = survey::survey(&component, &survey::Bounds::default())?;
    imports::check(&survey.imports)?;
    Ok((component, survey))
}

fn failed(error: wasmtime::Error) -> CompileError {
    CompileError::Failed(format!("{error:#}"))
}

/// Typed calls copy strings as they are: UTF-8. Other kinds of functions may pass them as they like.
fn utf16() -> Refused {
    Refused(
        "the component's exports pass strings as UTF-16, and functions are called with UTF-8: have its bindings generated \
         with `--string-encoding utf8`, or the like for its language"
            .to_owned(),
    )
}

/// Tells invalid code from valid code of a kind that the engine does not run, and both from a failing compiler.
fn diagnose(component: &[u8], error: &wasmtime::Error) -> CompileError {
    let found = format!("{error:#}");
    match Validator::new_with_features(WasmFeatures::all()).validate_all(component) {
        Err(error) => survey::broken(&error, component.len()).into(),
        Ok(_) if Validator::new().validate_all(component).is_err() || found.contains("requires") => Refused(
            format!("the code uses a feature of WebAssembly that functions may not use: {found}"),
        )
        .into(),
        Ok(_) => CompileError::Failed(found),
    }
}
