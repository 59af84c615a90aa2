//! Why something was not changed.

use weft_types::ProjectName;

use super::making::{MAX_MEMBERS, MAX_TOKENS};
use crate::model::Token;
use crate::{StoreError, TokenId, UserName};

/// Why tokens or members were not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such token.
    #[error("there is no token `{0}`")]
    NoToken(TokenId),
    /// Not a member.
    #[error("`{user}` is no member of project `{project}`")]
    NoMember {
        /// The project.
        project: ProjectName,
        /// Who.
        user: UserName,
    },
    /// The last owner would be gone.
    #[error("`{user}` is the only owner of project `{project}`: make another member its owner first")]
    LastOwner {
        /// The project.
        project: ProjectName,
        /// Who.
        user: UserName,
    },
    /// The first token of all is not the platform's.
    #[error(
        "the first token must be one of the platform: from then on a token is needed, and no other could make more"
    )]
    AdminFirst,
    /// A lifetime that cannot be.
    #[error("a token's lifetime is at least a second, and ends before the year 10000")]
    Lifetime,
    /// A note that cannot be.
    #[error("a token's note is one line of at most {max} bytes without control characters", max = Token::MAX_NOTE)]
    Note,
    /// As many tokens as may be.
    #[error("there are {MAX_TOKENS} tokens that are in force, and no more are kept: revoke some first")]
    TooManyTokens,
    /// As many members as may be.
    #[error("project `{0}` has {MAX_MEMBERS} members, and no more are kept: remove some first")]
    TooManyMembers(ProjectName),
    /// The system gave no random bytes.
    #[error("no random bytes are to be had: {0}")]
    Random(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
