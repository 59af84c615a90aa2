//! Refusals as problems.

use http::{HeaderValue, header};
use weft_access::{Refusal, TooFast};

use super::Asked;
use crate::problem::{Kind, Problem};

const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"weft\"");
const INVALID: HeaderValue = HeaderValue::from_static("Bearer realm=\"weft\", error=\"invalid_token\"");

pub(super) fn too_fast(fast: TooFast) -> Problem {
    let seconds = u32::try_from(fast.wait.as_secs().saturating_add(1)).unwrap_or(u32::MAX);
    Problem::new(Kind::RateLimited, fast.to_string()).retry_after(seconds)
}

pub(super) fn problem(refusal: Refusal, asked: Asked<'_>, presented: Option<&[u8]>) -> Problem {
    let Asked { need, project, .. } = asked;
    match refusal {
        Refusal::Unknown(None) => Problem::new(
            Kind::Unauthorized,
            "this needs a token: send it as `Authorization: Bearer weft_…`",
        )
        .with_header(header::WWW_AUTHENTICATE, CHALLENGE),
        Refusal::Unknown(Some(_)) if presented.is_some_and(<[u8]>::is_empty) => Problem::new(
            Kind::Unauthorized,
            "no token was found in what was sent: send it once, behind the word `Bearer`, as `Authorization: Bearer weft_…`",
        )
        .with_header(header::WWW_AUTHENTICATE, INVALID),
        Refusal::Unknown(Some(rejected)) => Problem::new(Kind::Unauthorized, rejected.to_string())
            .with_header(header::WWW_AUTHENTICATE, INVALID),
        Refusal::Forbidden { has: None } => Problem::new(Kind::Forbidden, format!("this needs {need}")),
        Refusal::Forbidden { has: Some(role) } => Problem::new(
            Kind::Forbidden,
            format!("this needs {need}, and the token has the role `{role}`"),
        )
        .with("role", role.name()),
        Refusal::Hidden => {
            let name: String = project.unwrap_or_default().chars().take(80).collect();
            Problem::new(
                Kind::NotFoundProject,
                format!(
                    "there is no project `{}`, or none that this token may know of",
                    name.escape_debug()
                ),
            )
        }
    }
}
