//! Loading for execution in this process.

use std::fs::File;
use std::sync::Arc;

use weft_function_engine::port::{Compiled, Load, LoadError};
use weft_types::Digest;

use super::{entry, map};
use crate::code::Loaded;
use crate::engine::Engines;
use crate::heavy::Heavy;
use crate::host::Version;
use crate::memory::Memory;
use crate::outbound::Client;
use crate::restore::Restorer;

/// Maps the compiled code of a version and makes it ready.
///
/// # Errors
/// Where the file is not what was written for this engine, or an import cannot be satisfied.
pub(crate) fn load(
    engines: &Engines,
    heavy: &Arc<Heavy>,
    (client, memory): (&Arc<Client>, &Arc<Memory>),
    load: Load<'_>,
) -> Result<Loaded, LoadError> {
    let tiered = engines
        .tier(load.tier)
        .map_err(|error| LoadError::Unsatisfied(format!("{error:#}")))?;
    if !load.verified {
        verify(load.compiled)?;
    }
    let component = map(tiered, &load.compiled.path)?;
    let entry = entry(tiered, &component, load.version, &load.bindings)?;
    let version = Version::new(load.version, load.host, Some(Arc::clone(memory)), client);
    Ok(Loaded::new(
        tiered.engine.clone(),
        version,
        entry,
        load.reuse,
        Restorer::of(&component),
        Some(Arc::clone(heavy)),
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
