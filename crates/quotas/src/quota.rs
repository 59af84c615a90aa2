//! What is counted, and the one decision.

use std::fmt;

use weft_types::ProjectName;

/// Something of which a project has only so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quota {
    /// Functions and workflows.
    Functions,
    /// Versions of all of them.
    Versions,
    /// Bytes of code, blobs and key-values.
    StorageBytes,
    /// Runs that were started and have not ended. Those nested in them do not count.
    OpenRuns,
    /// Calls that execute or wait for an instance.
    ConcurrentCalls,
}

impl Quota {
    /// Every quota, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::Functions,
        Self::Versions,
        Self::StorageBytes,
        Self::OpenRuns,
        Self::ConcurrentCalls,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Functions => "functions",
            Self::Versions => "versions",
            Self::StorageBytes => "storage-bytes",
            Self::OpenRuns => "open-runs",
            Self::ConcurrentCalls => "concurrent-calls",
        }
    }

    /// Whether waiting helps: what is used of it comes back by itself.
    #[must_use]
    pub fn is_passing(self) -> bool {
        match self {
            Self::OpenRuns | Self::ConcurrentCalls => true,
            Self::Functions | Self::Versions | Self::StorageBytes => false,
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Functions => "delete functions that are not needed",
            Self::Versions => "delete old versions, or have functions keep fewer (`keep-versions`)",
            Self::StorageBytes => {
                "delete versions and key-values that are not needed; blobs go by themselves once nothing refers to them"
            }
            Self::OpenRuns => "try again when some have ended, or cancel some",
            Self::ConcurrentCalls => "try again when some have ended",
        }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a project that has used so much may use so much more. A limit of 0 is none; what takes nothing more is always allowed, so
/// that a limit below what is used takes nothing away.
#[must_use]
pub fn allows(limit: u64, used: u64, more: u64) -> bool {
    limit == 0 || more == 0 || used.checked_add(more).is_some_and(|then| then <= limit)
}

/// A quota is used up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "project `{project}` may have {limit} of its quota `{quota}`, has {used} and would need {more} more: {remedy}; the platform can \
     give it more",
    remedy = .quota.remedy()
)]
pub struct Exceeded {
    /// Whose.
    pub project: ProjectName,
    /// Which.
    pub quota: Quota,
    /// How much there may be.
    pub limit: u64,
    /// How much there is.
    pub used: u64,
    /// How much more was asked for.
    pub more: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_allows_as_much_as_it_says() {
        for (limit, used, more, expected) in [
            (0, 0, 1, true),
            (0, u64::MAX, u64::MAX, true),
            (1, 0, 1, true),
            (1, 1, 1, false),
            (1, 0, 2, false),
            (10, 9, 1, true),
            (10, 10, 1, false),
            // A limit that was lowered.
            (10, 12, 0, true),
            (10, 12, 1, false),
            (u64::MAX, u64::MAX, 1, false),
            (u64::MAX, 1, u64::MAX, false),
        ] {
            assert_eq!(allows(limit, used, more), expected, "{limit} {used} {more}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_used_up_and_what_to_do() {
        for quota in Quota::ALL {
            let exceeded = Exceeded {
                project: "shop".parse().unwrap(),
                quota,
                limit: 3,
                used: 2,
                more: 7,
            };
            let told = exceeded.to_string();
            for part in ["shop", quota.name(), "3", "2", "7", quota.remedy()] {
                assert!(told.contains(part), "{told}: {part}");
            }
        }
    }
}
