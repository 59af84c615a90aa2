//! What a server answers to requests.

use serde::{Deserialize, Serialize};

use super::{Failure, Header, StreamId};

/// The answer to a [`Request`](super::Request), of the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The key has a value, the body.
    Got,
    /// The key has none.
    Absent,
    /// Set or deleted.
    Done,
    /// The keys.
    Keys(Vec<String>),
    /// The sum; none where the value is no number.
    Sum(Option<i64>),
    /// The function returned; where it has a result, the body is its image.
    Returned {
        /// Whether there is a result.
        result: bool,
    },
    /// The call of the function failed.
    Failed(Failure),
    /// An HTTP response.
    Http {
        /// Its status.
        status: u16,
        /// Its fields.
        headers: Vec<Header>,
        /// Where its body comes; none where it has none. The server opens it.
        body: Option<StreamId>,
    },
    /// The HTTP request failed, or was not let through.
    HttpFailed {
        /// A case of WASI's `error-code`, by its name.
        code: String,
        /// What that case says beside its name.
        detail: Option<String>,
    },
    /// It was not done.
    Refused(Refusal),
}

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The version was not granted it: what was asked, and what the grant would be.
    NotGranted(String),
    /// It is not something that can be asked.
    Invalid(String),
    /// The disk is full.
    Full,
    /// The project has no room left: of what, and what makes room, in words for the guest.
    Quota(String),
    /// It could not be done now.
    Unavailable(String),
}
