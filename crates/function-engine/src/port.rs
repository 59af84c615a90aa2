//! What the engine needs from the world. Each trait is implemented by one other crate and met only in the binary.

use std::future::Future;
use std::pin::Pin;

pub mod artifacts;
pub mod attempt;
pub mod failure;
pub mod kept;
pub mod keyvalue;
pub mod outbound;
pub mod profiles;
pub mod registry;
pub mod runtime;
pub mod secrets;
pub mod workflows;

pub use artifacts::{Artifacts, Compiled, Receiving, StorageError, Stored};
pub use attempt::Attempt;
pub use failure::{Failure, Loss};
pub use kept::{Change, CrashLoop, Decided, InstanceState, InstanceUsage, Kept, KeptInstance, Losses};
pub use keyvalue::KeyValue;
pub use outbound::{Gateway, Outbound, OutboundBody, OutboundError, Patience, Reach};
pub use profiles::{Origin, ProfileStore, Written};
pub use registry::{Added, NewVersion, Registry, RegistryError};
pub use runtime::{
    Admitted, Body, BodyError, Call, CallContext, Code, FanOut, Host, ImportBinding, Instance, Load,
    LoadError, LogSink, Most, PrepareError, Reply, Runtime, Standing, Stream, Tier, TraceContext,
};
pub use secrets::{NoSecrets, Secrets};
pub use workflows::Workflows;

/// A boxed future of a port.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
