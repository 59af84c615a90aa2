//! Times as events hold them: whole microseconds, none later than can be written down and read back.

use std::time::Duration;

use jiff::Timestamp;

/// The latest time that an event holds, late in the year 9999. What would be later is this.
pub const LATEST: Timestamp = Timestamp::constant(253_402_207_200, 0);

/// A time so much after another; [`LATEST`] where that would be later.
#[must_use]
pub fn after(at: Timestamp, duration: Duration) -> Timestamp {
    at.checked_add(duration).map_or(LATEST, |after| after.min(LATEST))
}

/// A time without what is finer than a microsecond: what is written down is no more exact.
#[must_use]
pub fn micros(at: Timestamp) -> Timestamp {
    // Below the latest there is a whole microsecond before each time.
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(LATEST)
}

/// A time that may be there, as a number of microseconds. One beyond the latest was written before there was a latest, and is read as
/// that: it meant never.
pub(super) mod optional {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{LATEST, micros};

    pub(crate) fn serialize<S: Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        time.map(|time| micros(time).as_microsecond()).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        let latest = LATEST.as_microsecond();
        match Option::<i64>::deserialize(from)? {
            Some(time) if time > latest => Ok(Some(LATEST)),
            Some(time) => {
                let time = Timestamp::from_microsecond(time);
                time.map(Some).map_err(serde::de::Error::custom)
            }
            None => Ok(None),
        }
    }
}
