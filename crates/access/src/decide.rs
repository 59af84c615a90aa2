//! The one decision.

use crate::directory::{Grant, Rejected, Subject};
use crate::{Need, Role, Visibility};

#[cfg(test)]
mod tests;

/// As whom a request that is allowed is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody is asked who they are: no token was ever made, and only this machine reaches the server.
    Open,
    /// One of the platform.
    Admin,
    /// One of the project, with this role; or one with a token, where no project is concerned.
    Member(Role),
    /// One of another project, at a function that is public.
    Outsider,
    /// Nobody known, at what is for everybody.
    Anonymous,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Who asks is not known: there is no token, or one that is not taken.
    Unknown(Option<Rejected>),
    /// Who asks may know of it, but not do this.
    Forbidden {
        /// Their role where they asked.
        has: Option<Role>,
    },
    /// Who asks may not know whether it exists.
    Hidden,
}

/// Whether a request is allowed, and as whose.
///
/// `project` is the one that the path names. `visibility` is asked for only where it matters: not for those who have the role they need.
///
/// # Errors
/// The exact refusal.
pub fn decide(
    subject: &Subject,
    need: Need,
    project: Option<&str>,
    visibility: impl FnOnce() -> Visibility,
) -> Result<Standing, Refusal> {
    if need == Need::Anyone {
        return Ok(Standing::Anonymous);
    }
    let entry = match subject {
        Subject::Open => return Ok(Standing::Open),
        Subject::Rejected(rejected) => return Err(Refusal::Unknown(Some(*rejected))),
        Subject::Nobody => None,
        Subject::Known(entry) => Some(entry),
    };
    let Some(entry) = entry else {
        let is_for_all = matches!(need, Need::Function(_)) && visibility() == Visibility::Anonymous;
        return match is_for_all {
            true => Ok(Standing::Anonymous),
            false => Err(Refusal::Unknown(None)),
        };
    };
    let (own, has) = match entry.grant() {
        Grant::Admin => return Ok(Standing::Admin),
        Grant::Project { project, role } => (project.as_str(), *role),
    };
    let is_own = project == Some(own);
    match need {
        Need::Anyone => Ok(Standing::Anonymous),
        Need::Token => Ok(Standing::Member(has)),
        Need::Platform => Err(Refusal::Forbidden { has: None }),
        Need::Project(needs) if is_own => enough(has, needs),
        Need::Project(_) => Err(Refusal::Hidden),
        Need::Function(needs) if is_own && has >= needs => Ok(Standing::Member(has)),
        Need::Function(needs) => match visibility() {
            Visibility::Anonymous => Ok(Standing::Anonymous),
            Visibility::Public if !is_own && has >= needs => Ok(Standing::Outsider),
            Visibility::Public => Err(Refusal::Forbidden { has: Some(has) }),
            Visibility::Private if is_own => Err(Refusal::Forbidden { has: Some(has) }),
            Visibility::Private => Err(Refusal::Hidden),
        },
    }
}

fn enough(has: Role, needs: Role) -> Result<Standing, Refusal> {
    match has >= needs {
        true => Ok(Standing::Member(has)),
        false => Err(Refusal::Forbidden { has: Some(has) }),
    }
}
