//! Mapping compiled code and making it ready to be instantiated.
#![allow(unsafe_code)]

use std::path::Path;
use std::sync::Arc;

use wasmtime::component::{Component, Linker};
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi_http::p2::bindings::ProxyIndices;
use weft_function_engine::port::{ImportBinding, LoadError};
use weft_types::version::Flavor;
use weft_types::{Signature, VersionRecord};

use crate::code::Entry;
use crate::engine::Tiered;
use crate::host::HostState;
use crate::imports;

pub(crate) mod exports;

#[cfg(feature = "server")]
mod whole;

#[cfg(feature = "server")]
pub(crate) use whole::load;

/// Maps compiled code.
///
/// # Errors
/// Where it was written for another engine, or cannot be read.
pub(crate) fn map(tiered: &Tiered, path: &Path) -> Result<Component, LoadError> {
    // SAFETY: the file must be the output of this version of wasmtime, unchanged. It is written by this platform's own
    // compiler process only, into a directory that nothing else writes to; its hash was recorded when it was kept and
    // compared in this process before it is mapped for the first time. The header that wasmtime checks here holds the
    // version and settings of the engine that compiled it.
    let component = unsafe { Component::deserialize_file(&tiered.engine, path) };
    component.map_err(|error| LoadError::NotIntact(format!("{error:#}")))
}

/// Makes code ready to be instantiated.
///
/// # Errors
/// Where an import cannot be satisfied, or the code is not that of the version.
pub(crate) fn entry(
    tiered: &Tiered,
    component: &Component,
    version: &VersionRecord,
    bindings: &[ImportBinding],
) -> Result<Entry, LoadError> {
    let unsatisfied = |error: wasmtime::Error| LoadError::Unsatisfied(format!("{error:#}"));
    let pre = if bindings.is_empty() {
        tiered.linker.instantiate_pre(component)
    } else {
        with_bindings(tiered, bindings).and_then(|linker| linker.instantiate_pre(component))
    };
    let pre = pre.map_err(unsatisfied)?;
    let inspection = &version.inspection;
    Ok(match inspection.flavor {
        Flavor::Exports => {
            let callees = exports::find(&tiered.engine, component, &inspection.exports)?;
            Entry::Exports { pre, callees }
        }
        Flavor::Http => Entry::Http {
            indices: ProxyIndices::new(&pre).map_err(unsatisfied)?,
            pre,
        },
        Flavor::Command => Entry::Command {
            pre: CommandPre::new(pre).map_err(unsatisfied)?,
            signature: Arc::new(command_signature(version)?),
        },
        Flavor::Workflow => return Err(LoadError::Unsatisfied("a workflow has no code to load".into())),
    })
}

fn with_bindings(tiered: &Tiered, bindings: &[ImportBinding]) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = tiered.linker.clone();
    imports::add_to_linker(&mut linker, bindings)?;
    Ok(linker)
}

fn command_signature(version: &VersionRecord) -> Result<Signature, LoadError> {
    let exports = &version.inspection.exports;
    let signature = exports.iter().find_map(|export| export.signature());
    signature
        .cloned()
        .ok_or_else(|| LoadError::NotIntact("a command without a callable export".into()))
}
