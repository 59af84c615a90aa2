//! Tokens for people.

use std::time::Duration;

use jiff::Timestamp;
use weft_api::wire::{Role, Token, TokenState};

use crate::output::Table;
use crate::units::Span;

/// How long a token is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Until it is revoked.
    Never,
    /// So many seconds.
    Seconds(u32),
}

impl Lifetime {
    /// In seconds, 0 for ever.
    pub(super) fn seconds(self) -> u32 {
        match self {
            Self::Never => 0,
            Self::Seconds(seconds) => seconds,
        }
    }
}

/// Reads a lifetime.
pub(super) fn lifetime(text: &str) -> Result<Lifetime, String> {
    if text == "never" {
        return Ok(Lifetime::Never);
    }
    let Span(span) = text.parse()?;
    if span < Duration::from_secs(1) {
        return Err("a token is taken for a second at least; `never` ends never".to_owned());
    }
    u32::try_from(span.as_secs())
        .map(Lifetime::Seconds)
        .map_err(|_| "a token is taken for 136 years at most; `never` ends never".to_owned())
}

/// What was made, beside the text that opens it.
pub(super) fn created(token: &Token) -> String {
    let until = token.expires_at.map_or_else(
        || "until it is revoked".to_owned(),
        |expires| format!("until {}", expires.strftime("%Y-%m-%d %H:%M UTC")),
    );
    format!(
        "token {} of {}, {}, {until}; it is not shown again",
        token.id,
        token.user,
        scope(token)
    )
}

/// One line a token.
pub(super) fn table(tokens: &[Token]) -> String {
    if tokens.is_empty() {
        return "no tokens; `weft token create` makes one".to_owned();
    }
    let mut table = Table::new(["token", "of", "may", "state", "expires", "last used", "note"]);
    for token in tokens {
        table.row([
            token.id.clone(),
            token.user.clone(),
            scope(token),
            state(token.state).to_owned(),
            time(token.expires_at),
            time(token.used_at),
            token.note.clone(),
        ]);
    }
    table.to_string()
}

fn scope(token: &Token) -> String {
    match (&token.project, token.role) {
        (Some(project), Some(role)) => format!("{} of {project}", role_name(role)),
        _ => "admin".to_owned(),
    }
}

/// The name of a role.
pub(crate) fn role_name(role: Role) -> &'static str {
    weft_access::Role::from(role).name()
}

fn state(state: TokenState) -> &'static str {
    match state {
        TokenState::Live => "live",
        TokenState::Expired => "expired",
        TokenState::Revoked => "revoked",
    }
}

fn time(time: Option<Timestamp>) -> String {
    time.map_or_else(
        || "never".to_owned(),
        |time| time.strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_spans_or_have_no_end() {
        assert_eq!(lifetime("never"), Ok(Lifetime::Never));
        assert_eq!(lifetime("90d"), Ok(Lifetime::Seconds(90 * 86_400)));
        for text in ["", "0s", "999ms", "90", "200000d"] {
            assert!(lifetime(text).is_err(), "{text}");
        }
    }
}
