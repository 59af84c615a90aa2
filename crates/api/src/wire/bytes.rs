//! Bytes that are no JSON.

use utoipa::ToSchema;

/// Bytes as they are.
// A list of numbers otherwise, which no answer is.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Bytes(pub Vec<u8>);
