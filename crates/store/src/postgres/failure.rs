//! What PostgreSQL's error codes mean.

use sqlx::postgres::PgDatabaseError;

use crate::error::Error;

/// What a failed statement means.
pub(crate) fn failure(cause: &PgDatabaseError) -> Error {
    let code = cause.code();
    let told = format!("{} (SQLSTATE {code})", cause.message());
    meaning(code, told)
}

/// The codes that are told apart (appendix A of PostgreSQL's documentation).
fn meaning(code: &str, told: String) -> Error {
    match code {
        "53100" => Error::Full,
        "23505" => Error::Exists(told),
        // A conflict, a deadlock, a lock that was waited for in vain, a cancelled statement: all rolled back.
        "40001" | "40P01" | "55P03" | "57014" => Error::Busy(told),
        "XX001" | "XX002" => Error::Corrupt(told),
        // The server goes down, or ends the session.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => Error::Lost(told),
        code if code.starts_with("08") => Error::Lost(told),
        _ => Error::Sql(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart() {
        let kind = |code| meaning(code, "told".to_owned());
        assert!(matches!(kind("53100"), Error::Full));
        assert!(matches!(kind("23505"), Error::Exists(_)));
        assert!(matches!(kind("40001"), Error::Busy(_)));
        assert!(matches!(kind("XX001"), Error::Corrupt(_)));
        for lost in ["57P01", "57P02", "08006", "08P01"] {
            assert!(matches!(kind(lost), Error::Lost(_)), "{lost}");
        }
        // Among them what a failed read of the disk is told by: nothing may be built upon it.
        for other in ["58030", "42P01", "42501", "25006", ""] {
            assert!(matches!(kind(other), Error::Sql(_)), "{other}");
        }
    }
}
