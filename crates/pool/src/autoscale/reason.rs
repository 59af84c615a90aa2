//! Why a pool has as many instances as it has, in words.

use std::fmt;
use std::time::Duration;

/// The rule that a decision follows from, with what it saw.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The load over the stable window.
    Load {
        /// Calls at once, averaged.
        calls: f64,
        /// Over how long.
        window: Duration,
        /// How many calls at once an instance should have.
        per_instance: f64,
    },
    /// Much more load over the panic window than there are instances for.
    Surge {
        /// Calls at once, averaged.
        calls: f64,
        /// Over how long.
        window: Duration,
        /// How many instances it meets.
        instances: u32,
    },
    /// A surge that was not long ago.
    AfterSurge {
        /// How long ago it was seen.
        seen: Duration,
        /// How long nothing is ended after one.
        kept: Duration,
    },
    /// Somebody calls, and there was no load.
    Called,
    /// No load, and the last instance is kept for a while.
    Grace {
        /// How much longer.
        left: Duration,
    },
    /// No call for the grace.
    Idle {
        /// How long there was none.
        since: Duration,
    },
    /// The pool is new.
    Initial,
    /// More is wanted than one decision may start.
    UpFactor {
        /// How many are wanted.
        wanted: u32,
        /// How many times as many one decision makes at most.
        factor: u32,
    },
    /// Fewer are wanted than one decision may leave.
    DownFactor {
        /// How many are wanted.
        wanted: u32,
        /// Which part of them one decision leaves at least.
        factor: u32,
    },
    /// Fewer are wanted than `min`.
    Min {
        /// How many are wanted.
        wanted: u32,
    },
    /// More are wanted than `max`.
    Max {
        /// How many are wanted.
        wanted: u32,
    },
    /// Instances crash as they start.
    Crashes {
        /// How many in a row.
        crashes: u32,
        /// What the last one died of.
        cause: String,
        /// How long until the next one is tried; zero while one is being tried.
        next: Duration,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load {
                calls,
                window,
                per_instance,
            } => {
                let (window, each) = (seconds(*window), number(*per_instance));
                write!(
                    f,
                    "{} calls at once over {window}, {each} for each instance",
                    number(*calls)
                )
            }
            Self::Surge {
                calls,
                window,
                instances,
            } => {
                let (calls, window) = (number(*calls), seconds(*window));
                write!(
                    f,
                    "a surge: {calls} calls at once over {window} met {instances} instances"
                )
            }
            Self::AfterSurge { seen, kept } => {
                let (seen, kept) = (seconds(*seen), seconds(*kept));
                write!(f, "a surge was {seen} ago: nothing ends for {kept} after one")
            }
            Self::Grace { left } => write!(
                f,
                "no load: the last instance is kept for another {}",
                seconds(*left)
            ),
            Self::Called => f.write_str("somebody calls"),
            Self::Idle { since } => write!(f, "no call for {}", seconds(*since)),
            Self::Initial => f.write_str("a new pool begins with `initial`"),
            Self::UpFactor { wanted, factor } => {
                write!(f, "{wanted} are wanted: at most {factor} times as many at once")
            }
            Self::DownFactor { wanted, factor } => {
                write!(f, "{wanted} are wanted: at least one in {factor} stays at once")
            }
            Self::Min { wanted } => write!(f, "{wanted} are wanted: never fewer than `min`"),
            Self::Max { wanted } => write!(f, "{wanted} are wanted: never more than `max`"),
            Self::Crashes { crashes, cause, next } if next.is_zero() => {
                write!(f, "{crashes} crashes in a row ({cause}): one start is tried")
            }
            Self::Crashes { crashes, cause, next } => {
                write!(
                    f,
                    "{crashes} crashes in a row ({cause}): the next start is in {}",
                    seconds(*next)
                )
            }
        }
    }
}

/// One decimal, or none where it would be 0.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn seconds(duration: Duration) -> String {
    format!("{} s", number(duration.as_secs_f64()))
}
