//! What is refused of secrets, as problems.

use weft_secrets::{Error, StoreError};
use weft_types::SecretNameError;

use super::{Kind, Problem};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NoSecret { .. } => Kind::NotFoundSecret,
            Error::TooMany(_) => Kind::TooManySecrets,
            Error::Undecryptable { .. } | Error::Unencrypted(_) => Kind::PlatformFault,
            Error::Store(StoreError::Full) => Kind::StorageFull,
            Error::Store(StoreError::Failed(_)) => Kind::StorageFailed,
        };
        if matches!(kind, Kind::PlatformFault | Kind::StorageFailed) {
            tracing::error!(%error, "a secret could not be changed");
        }
        Problem::new(kind, error.to_string())
    }
}

impl From<SecretNameError> for Problem {
    fn from(error: SecretNameError) -> Self {
        Problem::new(Kind::InvalidName, error.to_string())
    }
}
