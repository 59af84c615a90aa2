//! Mapping compiled code and making it ready to be instantiated.
#![allow(unsafe_code)]

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use wasmtime::component::{Component, Linker};
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use weft_function_engine::port::{Compiled, Load, LoadError};
use weft_types::version::Flavor;
use weft_types::{Digest, Signature};

use crate::code::{Entry, Loaded};
use crate::engine::{Engines, Tiered};
use crate::heavy::Heavy;
use crate::host::{HostState, Version};
use crate::imports;
use crate::outbound::Client;

pub(crate) mod exports;

/// Maps the compiled code of a version.
///
/// # Errors
/// Where the file is not what was written for this engine, or an import cannot be satisfied.
pub(crate) fn load(
    engines: &Engines,
    heavy: &Arc<Heavy>,
    client: &Arc<Client>,
    load: Load<'_>,
) -> Result<Loaded, LoadError> {
    let tiered = engines
        .tier(load.tier)
        .map_err(|error| LoadError::Unsatisfied(format!("{error:#}")))?;
    if !load.verified {
        verify(load.compiled)?;
    }
    let component = map(tiered, &load.compiled.path)?;
    let entry = entry(tiered, &component, &load)?;
    let version = Version::new(load.version, load.host, client);
    Ok(Loaded::new(
        tiered.engine.clone(),
        version,
        entry,
        load.reuse,
        heavy.clone(),
    ))
}

fn verify(compiled: &Compiled) -> Result<(), LoadError> {
    let hash = || -> std::io::Result<Digest> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(&compiled.path)?)?;
        Ok(Digest::from_bytes(hasher.finalize().into()))
    };
    match hash() {
        Ok(found) if found == compiled.digest => Ok(()),
        Ok(found) => {
            let wanted = compiled.digest;
            Err(LoadError::NotIntact(format!(
                "its hash is {found} and should be {wanted}"
            )))
        }
        Err(error) => Err(LoadError::NotIntact(format!("it could not be read: {error}"))),
    }
}

fn map(tiered: &Tiered, path: &Path) -> Result<Component, LoadError> {
    // SAFETY: the file must be the output of this version of wasmtime, unchanged. It is written by this platform's own
    // compiler process only, into a directory that nothing else writes to; its hash was recorded when it was kept and
    // compared in this process before it is mapped for the first time. The header that wasmtime checks here holds the
    // version and settings of the engine that compiled it.
    let component = unsafe { Component::deserialize_file(&tiered.engine, path) };
    component.map_err(|error| LoadError::NotIntact(format!("{error:#}")))
}

fn entry(tiered: &Tiered, component: &Component, load: &Load<'_>) -> Result<Entry, LoadError> {
    let unsatisfied = |error: wasmtime::Error| LoadError::Unsatisfied(format!("{error:#}"));
    let pre = if load.bindings.is_empty() {
        tiered.linker.instantiate_pre(component)
    } else {
        with_bindings(tiered, load).and_then(|linker| linker.instantiate_pre(component))
    };
    let pre = pre.map_err(unsatisfied)?;
    let inspection = &load.version.inspection;
    Ok(match inspection.flavor {
        Flavor::Exports => {
            let callees = exports::find(&tiered.engine, component, &inspection.exports)?;
            Entry::Exports { pre, callees }
        }
        Flavor::Http => Entry::Http(ProxyPre::new(pre).map_err(unsatisfied)?),
        Flavor::Command => Entry::Command {
            pre: CommandPre::new(pre).map_err(unsatisfied)?,
            signature: Arc::new(command_signature(load)?),
        },
        Flavor::Workflow => return Err(LoadError::Unsatisfied("a workflow has no code to load".into())),
    })
}

fn with_bindings(tiered: &Tiered, load: &Load<'_>) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = tiered.linker.clone();
    imports::add_to_linker(&mut linker, &load.bindings)?;
    Ok(linker)
}

fn command_signature(load: &Load<'_>) -> Result<Signature, LoadError> {
    let signature = load
        .version
        .inspection
        .exports
        .iter()
        .find_map(|export| export.signature());
    signature
        .cloned()
        .ok_or_else(|| LoadError::NotIntact("a command without a callable export".into()))
}
