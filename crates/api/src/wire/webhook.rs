//! Somebody who is told of the end of a run.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_webhooks::{Delivery, State};

/// Somebody who is told of the end of a run, and how far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Webhook {
    /// Where to.
    pub url: String,
    /// `pending`, `delivered` or `failed`.
    #[schema(example = "delivered")]
    pub state: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When the last one ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub attempted_at: Option<Timestamp>,
    /// When the next one is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due: Option<Timestamp>,
    /// The status that the last one was answered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why the last one failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl From<Delivery> for Webhook {
    fn from(delivery: Delivery) -> Self {
        let state = match delivery.state {
            State::Pending => "pending",
            State::Delivered => "delivered",
            State::Failed => "failed",
        };
        Self {
            url: delivery.url,
            state: state.to_owned(),
            attempts: delivery.attempts,
            attempted_at: delivery.attempted_at,
            due: delivery.due,
            status: delivery.status,
            error: delivery.error,
        }
    }
}
