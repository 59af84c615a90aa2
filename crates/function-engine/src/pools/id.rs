//! What pools are called.

use std::fmt;
use std::str::FromStr;

use weft_types::{FunctionName, ProjectName, VersionNumber};

/// Names a pool for as long as the server lives: `project.function.version.profile.number`, where the number counts the pools
/// that the server made. Ordered by those parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId {
    /// The project of the function.
    pub project: ProjectName,
    /// The function.
    pub function: FunctionName,
    /// Its version.
    pub version: VersionNumber,
    /// The profile.
    pub profile: Box<str>,
    /// Which of the server's pools, from 1.
    pub number: u64,
}

/// That a text names no pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pool's id is `project.function.version.profile.number`, such as `default.pricing.3.process.7`")]
pub struct NotAPoolId;

impl FromStr for PoolId {
    type Err = NotAPoolId;

    fn from_str(text: &str) -> Result<Self, NotAPoolId> {
        let parts: Vec<_> = text.split('.').collect();
        let [project, function, version, profile, number] = parts[..] else {
            return Err(NotAPoolId);
        };
        Ok(Self {
            project: project.parse().map_err(|_| NotAPoolId)?,
            function: function.parse().map_err(|_| NotAPoolId)?,
            version: VersionNumber(version.parse().map_err(|_| NotAPoolId)?),
            profile: profile.into(),
            number: number.parse().map_err(|_| NotAPoolId)?,
        })
    }
}

impl fmt::Display for PoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            project,
            function,
            version,
            profile,
            number,
        } = self;
        write!(f, "{project}.{function}.{}.{profile}.{number}", version.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let check = |text: &str, read: bool| {
            let id = text.parse::<PoolId>();
            assert_eq!(
                id.map(|id| id.to_string()).ok().as_deref(),
                read.then_some(text),
                "{text}"
            );
        };
        check("default.pricing.3.process.7", true);
        check("a.b.1.sandbox-warm.18446744073709551615", true);
        check("", false);
        check("default.pricing.3.process", false);
        check("default.pricing.3.process.7.8", false);
        check("default.pricing.x.process.7", false);
        check("default.Pricing.3.process.7", false);
        check("default.pricing.3.process.-7", false);
    }

    #[test]
    fn ids_are_in_the_order_of_their_parts() {
        let ids = [
            "a.f.2.p.9",
            "a.f.10.p.1",
            "a.f.10.p.2",
            "a.f.10.q.1",
            "a.g.1.p.3",
            "b.a.1.p.4",
        ];
        let read: Vec<PoolId> = ids.iter().map(|id| id.parse().unwrap()).collect();
        assert!(read.is_sorted());
    }
}
