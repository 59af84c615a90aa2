//! Values by address.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_workflow_engine::port::blob_store::Stored;

/// A blob that was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Blob {
    /// The hash of its bytes, which is its address.
    #[schema(example = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262")]
    pub digest: String,
    /// How many bytes there are.
    pub length: u64,
}

impl From<Stored> for Blob {
    fn from(stored: Stored) -> Self {
        Self {
            digest: stored.digest.to_string(),
            length: stored.length,
        }
    }
}
