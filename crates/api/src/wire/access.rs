//! Projects' members, and tokens.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access as access;

/// What a new project is made with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct NewProject {
    /// Who becomes its owner; who asks, where they are known and nothing is said.
    pub owner: Option<String>,
}

/// What members may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// See functions, versions, code and definitions.
    Viewer,
    /// Call functions, start and steer runs, read values and logs.
    Invoker,
    /// Upload, change, activate and delete functions.
    Developer,
    /// Have members and tokens in hand, and delete the project.
    Owner,
}

/// Who belongs to a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Member {
    /// Who.
    #[schema(example = "ada@example.com")]
    pub user: String,
    /// As what.
    pub role: Role,
    /// Since when, with this role.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// What somebody is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Membership {
    /// The role.
    pub role: Role,
}

/// A token of a project that is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NewToken {
    /// For whom it acts: a member. Who asks, where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The most it may do; never more than that member.
    pub role: Role,
    /// What it is for; at most 256 bytes.
    #[serde(default)]
    pub note: String,
    /// How long it is taken, in seconds; 90 days where nothing is said, and for ever where it is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_seconds: Option<u32>,
}

/// A token of the platform that is to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct NewAdminToken {
    /// For whom it acts. Who asks, where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What it is for; at most 256 bytes.
    pub note: String,
    /// How long it is taken, in seconds; 90 days where nothing is said, and for ever where it is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime_seconds: Option<u32>,
}

/// A token, without the text that opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Token {
    /// What it is called.
    #[schema(example = "0123456789abcdef")]
    pub id: String,
    /// For whom it acts.
    pub user: String,
    /// Whether it may do everything everywhere.
    pub admin: bool,
    /// The project that it acts in, else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The most it may do there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What it is for.
    pub note: String,
    /// Whether it is taken, expired or revoked.
    pub state: TokenState,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it ceases to be taken; never where it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub used_at: Option<Timestamp>,
}

/// How a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenState {
    /// It is taken, as long as its holder is a member.
    Live,
    /// Its time is over.
    Expired,
    /// Somebody revoked it.
    Revoked,
}

/// A token that was made, with the text that opens it: it is shown this once and kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CreatedToken {
    /// What to send as `Authorization: Bearer …`.
    pub secret: String,
    /// The token.
    pub token: Token,
}

/// Who asks, as the server sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Myself {
    /// Who; none where the server asks nobody who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The id of the token that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Whether everything is allowed everywhere.
    pub admin: bool,
    /// The project that the token acts in, else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// What it may do there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// A change that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// Its number; later ones have higher ones.
    pub number: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// By whom; `anonymous` where nobody is asked and nobody said.
    pub who: String,
    /// With which token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// From which address: that of a proxy, where there is one.
    pub source: String,
    /// What, as the route that did it.
    #[schema(example = "PUT /v1/projects/{project}/members/{user}")]
    pub action: String,
    /// In which project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// On what: the path that was asked for.
    pub target: String,
    /// How it was answered.
    pub status: u16,
}

impl From<&access::Recorded> for Change {
    fn from(recorded: &access::Recorded) -> Self {
        let access::Recorded { number, deed } = recorded;
        Self {
            number: *number,
            at: deed.at,
            who: deed.who.clone(),
            token: deed.token.map(|id| id.to_string()),
            source: deed.source.clone(),
            action: deed.action.clone(),
            project: deed.project.as_ref().map(ToString::to_string),
            target: deed.target.clone(),
            status: deed.status,
        }
    }
}

impl From<access::Role> for Role {
    fn from(role: access::Role) -> Self {
        match role {
            access::Role::Viewer => Self::Viewer,
            access::Role::Invoker => Self::Invoker,
            access::Role::Developer => Self::Developer,
            access::Role::Owner => Self::Owner,
        }
    }
}

impl From<Role> for access::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Invoker => Self::Invoker,
            Role::Developer => Self::Developer,
            Role::Owner => Self::Owner,
        }
    }
}

impl From<&access::Member> for Member {
    fn from(member: &access::Member) -> Self {
        Self {
            user: member.user.to_string(),
            role: member.role.into(),
            since: member.since,
        }
    }
}

impl Token {
    /// A token as it stands now.
    #[must_use]
    pub fn new(token: &access::Token, now: Timestamp) -> Self {
        let (project, role) = match &token.scope {
            access::Scope::Platform => (None, None),
            access::Scope::Project { project, role } => (Some(project.to_string()), Some((*role).into())),
        };
        let state = match token.revoked_at {
            Some(_) => TokenState::Revoked,
            None if token.is_live(now) => TokenState::Live,
            None => TokenState::Expired,
        };
        Self {
            id: token.id.to_string(),
            user: token.holder.to_string(),
            admin: project.is_none(),
            project,
            role,
            note: token.note.clone(),
            state,
            created_at: token.created_at,
            created_by: token.created_by.clone(),
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
            used_at: token.used_at,
        }
    }
}
