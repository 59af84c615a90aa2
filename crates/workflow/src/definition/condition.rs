//! The text of conditions.

use super::bounds::Bounds;
use super::model::At;
use super::place::Spot;
use super::reader::Reader;
use super::tree::Data;

impl Reader<'_> {
    /// The text of a condition. What it says is found out by who knows the types of what it mentions.
    pub(super) fn condition(&mut self, spot: Spot) -> Option<At<Box<str>>> {
        let value = match self.data(spot) {
            // Without quotes these are conditions as well.
            Data::Bool(true) => "true".into(),
            Data::Bool(false) => "false".into(),
            Data::Wrong | Data::Null | Data::Number(_) | Data::String(..) | Data::List(_) | Data::Map(_) => {
                let expected = "a condition, such as `$total > 100.0`";
                self.short_string(spot, expected, Bounds::MAX_CONDITION)?.into()
            }
        };
        Some(At { spot, value })
    }
}
