//! Secrets of projects, for the headers of requests that guests send.

use weft_types::{ProjectName, SecretName, SecretText};

/// Finds secrets at the moment when they are to be sent.
pub trait Secrets: Send + Sync + 'static {
    /// The text of a project's secret; none where there is none. Does not wait.
    fn text(&self, project: &ProjectName, name: &SecretName) -> Option<SecretText>;
}

/// For those who have none.
#[derive(Clone, Copy, Debug)]
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn text(&self, _: &ProjectName, _: &SecretName) -> Option<SecretText> {
        None
    }
}
