//! Who runs versions that are graphs of calls.

use std::collections::BTreeSet;
use std::sync::Arc;

use weft_types::image::Image;
use weft_types::version::WorkflowSource;
use weft_types::{FunctionName, ProjectName, VersionNumber, VersionRecord};

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

    /// Every version of a workflow of a project of which a run is open. A version that is looked up after this was asked is in the
    /// next answer, or its run does not begin.
    fn open_versions(&self, project: &ProjectName) -> BTreeSet<(FunctionName, VersionNumber)>;

    /// A workflow was deleted: what was counted of it is forgotten.
    fn deleted(&self, project: &ProjectName, workflow: &FunctionName);

    /// The pool profiles that nodes of a workflow name. Reads the whole definition: for rare occasions.
    fn profiles(&self, source: &WorkflowSource) -> BTreeSet<String>;
}
