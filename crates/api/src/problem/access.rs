//! What is refused of tokens and members, as problems.

use weft_access::{Error, StoreError, UserNameError};

use super::{Kind, Problem};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NoToken(_) => Kind::NotFoundToken,
            Error::NoMember { .. } => Kind::NotFoundMember,
            Error::LastOwner { .. } => Kind::LastOwner,
            Error::TooManyTokens => Kind::TooManyTokens,
            Error::TooManyMembers(_) => Kind::TooManyMembers,
            Error::AdminFirst => Kind::AdminFirst,
            Error::Lifetime | Error::Note => Kind::InvalidRequest,
            Error::Random(_) => Kind::PlatformFault,
            Error::Store(StoreError::Full) => Kind::StorageFull,
            Error::Store(StoreError::Failed(_)) => Kind::StorageFailed,
        };
        if matches!(kind, Kind::PlatformFault | Kind::StorageFailed) {
            tracing::error!(%error, "tokens or members could not be changed");
        }
        Problem::new(kind, error.to_string())
    }
}

impl From<UserNameError> for Problem {
    fn from(error: UserNameError) -> Self {
        Problem::new(Kind::InvalidName, error.to_string())
    }
}
