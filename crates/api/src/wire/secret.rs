//! Secrets of projects.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A secret, without its text, which is never shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Secret {
    /// What it is called.
    #[schema(example = "API_KEY")]
    pub name: String,
    /// When it was first set.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last set.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// The text of a secret that is to be set.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NewSecret {
    /// 1 to 8,192 visible ASCII characters, and spaces between them.
    #[schema(write_only, min_length = 1, max_length = 8192)]
    pub value: String,
}

/// Without what must not be seen.
impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewSecret { … }")
    }
}

impl From<&weft_secrets::Secret> for Secret {
    fn from(secret: &weft_secrets::Secret) -> Self {
        Self {
            name: secret.name.to_string(),
            created_at: secret.created_at,
            updated_at: secret.updated_at,
        }
    }
}
