//! Who runs versions that are graphs of calls.

use std::sync::Arc;

use weft_types::VersionRecord;
use weft_types::image::Image;

use super::{Boxed, CallContext, Failure, Reply};

/// Runs workflows for callers that see them as functions.
pub trait Workflows: Send + Sync + 'static {
    /// Runs a version to its end. Dropping the future cancels what would not outlive a caller.
    fn call<'a>(
        &'a self,
        version: &'a Arc<VersionRecord>,
        arguments: Image,
        context: &'a CallContext,
    ) -> Boxed<'a, Result<Reply, Failure>>;
}
