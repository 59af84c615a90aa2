//! From uploaded bytes to a component: components pass, core commands are wrapped, everything else is refused with what
//! was found and what would work.

use std::borrow::Cow;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_component::ComponentEncoder;

mod module;
mod recognize;

use module::CoreModule;
use recognize::Form;

/// Why bytes cannot run here: what was found, and what would work. Its text is for the person who uploaded them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub(crate) String);

/// What to upload instead; ends most refusals.
pub(crate) const ACCEPTED: &str = "upload a WASI 0.2 component (`cargo build --target wasm32-wasip2` makes one) or a core \
                                   WASI preview 1 command (`--target wasm32-wasip1`)";

/// Gives the component that `bytes` are, or that they become when wrapped.
///
/// # Errors
/// Where they are no WebAssembly, or a core module that is neither a command nor carries component types.
pub(crate) fn to_component(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Refused> {
    match recognize::form(bytes)? {
        Form::Component => Ok(Cow::Borrowed(bytes)),
        Form::Module => wrap(bytes).map(Cow::Owned),
    }
}

/// Wraps a core module whose component type is known: it embeds one, or it is a preview 1 command.
fn wrap(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let module = CoreModule::read(bytes)?;
    let adapter = if module.is_command() {
        WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER
    } else if module.embeds_types {
        WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER
    } else {
        return Err(module.refusal());
    };
    encode(bytes, adapter, module.imports_preview1()).map_err(|error| Refused(format!(
        "the core module could not be made a component: {error:#}; build it for `wasm32-wasip2`, or run `wasm-tools \
         component new` on it to see what is missing"
    )))
}

fn encode(module: &[u8], adapter: &[u8], needs_adapter: bool) -> Result<Vec<u8>, impl std::fmt::Display> {
    let encoder = ComponentEncoder::default().module(module)?;
    let encoder = match needs_adapter {
        true => encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter)?,
        false => encoder,
    };
    // The engine validates the whole component anyway.
    encoder.validate(false).encode()
}

#[cfg(test)]
mod tests;
