//! What the engine needs from the world. Each trait is implemented by one other crate and met only in the binary.

use std::future::Future;
use std::pin::Pin;

pub mod blob_store;
pub mod blobs;
pub mod calls;
pub mod clock;
pub mod hold;
pub mod journal;
pub mod records;
pub mod workflows;

/// A boxed future of a port.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
