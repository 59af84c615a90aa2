//! Server-sent events.

use utoipa::ToSchema;

/// One event of a stream, which is nothing but such events, and comments between them.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
pub struct StreamEvent {
    /// Where to go on behind it, for `Last-Event-ID`.
    pub id: Option<String>,
    /// What it is about.
    pub event: Option<String>,
    /// JSON.
    pub data: String,
}
