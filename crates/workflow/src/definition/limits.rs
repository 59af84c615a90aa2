//! `limits`: bounds on the calls of one node.

use weft_types::Limits;

use super::place::Spot;
use super::reader::Reader;

/// The keys of the limits of a node. How long a call may take is its `timeout`.
pub(super) const KEYS: [&str; 4] = ["cpu-time-ms", "memory-bytes", "input-bytes", "output-bytes"];

impl Reader<'_> {
    pub(super) fn limits(&mut self, spot: Spot) -> Option<Limits> {
        let fields = self.fields(spot, "limits", &KEYS)?;
        let mut limit = |key: &str, least: u64| {
            fields
                .get(key)
                .and_then(|spot| self.whole(spot, least..=u64::MAX))
        };
        Some(Limits {
            cpu_time_ms: limit("cpu-time-ms", 1),
            memory_bytes: limit("memory-bytes", Limits::MIN_MEMORY_BYTES),
            input_bytes: limit("input-bytes", 1),
            output_bytes: limit("output-bytes", 1),
            ..Limits::default()
        })
    }
}
