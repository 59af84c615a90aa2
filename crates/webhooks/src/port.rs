//! What the world must do.

use std::time::Duration;

use bytes::Bytes;
pub use weft_function_engine::port::Boxed;
use weft_types::{ProjectName, RunId};

use crate::Target;

/// Sends requests.
pub trait Sender: Send + Sync + 'static {
    /// Posts `body`, JSON, and answers the status of the answer. Redirects are not followed. The addresses that the host's name
    /// stands for are checked with [`Allowed::reaches`](crate::Allowed::reaches) on every connection.
    fn post<'a>(&'a self, request: &'a Request<'a>) -> Boxed<'a, Result<u16, SendError>>;
}

/// A request.
#[derive(Debug)]
pub struct Request<'a> {
    /// Where to.
    pub target: &'a Target,
    /// The same for every attempt: the header `Idempotency-Key`.
    pub key: &'a str,
    /// The run: the header `Weft-Run`.
    pub run: RunId,
    /// The body, `application/json`.
    pub body: Bytes,
    /// How long it may take.
    pub timeout: Duration,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may not be sent there, now or later.
    #[error("{0}")]
    Refused(String),
    /// It could not be sent, or nothing came back.
    #[error("{0}")]
    Failed(String),
}

/// Tells of the end of runs.
pub trait Runs: Send + Sync + 'static {
    /// Waits until the end of a run is committed.
    fn ended<'a>(&'a self, project: &'a ProjectName, run: RunId) -> Boxed<'a, Result<(), Untold>>;

    /// A run as the API shows it, JSON.
    fn shown<'a>(&'a self, project: &'a ProjectName, run: RunId) -> Boxed<'a, Result<Bytes, Untold>>;

    /// Every project there is.
    fn projects(&self) -> Vec<ProjectName>;
}

/// Why nothing is told of a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// There is no such run, or its record was removed.
    #[error("there is no such run any longer")]
    Gone,
    /// The server shuts down, or cannot tell: to be asked again, by the next process if not by this one.
    #[error("{0}")]
    Unknown(String),
}
