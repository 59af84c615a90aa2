//! Names that a definition gives.

use weft_types::FunctionName;

use super::Reader;
use crate::definition::model::{At, Root};
use crate::definition::place::Spot;

impl Reader<'_> {
    /// A name that follows the one rule of names. `what` says of what, such as `a node`.
    pub(in crate::definition) fn name(&mut self, spot: Spot, what: &str) -> Option<At<Box<str>>> {
        let name = self.function_name(spot, what)?;
        Some(At {
            spot,
            value: name.value.as_str().into(),
        })
    }

    /// A name that references begin with.
    pub(in crate::definition) fn node_name(&mut self, spot: Spot) -> Option<At<Box<str>>> {
        let name = self.name(spot, "a node")?;
        if Root::RESERVED.contains(&&*name.value) {
            let message = format!(
                "a node cannot be called `{0}`: `${0}` means something else",
                name.value
            );
            self.tell(spot, "reserved-name", message);
            return None;
        }
        Some(name)
    }

    /// The name of a function.
    pub(in crate::definition) fn function_name(
        &mut self,
        spot: Spot,
        what: &str,
    ) -> Option<At<FunctionName>> {
        let text = self.string(spot, &format!("the name of {what}"))?;
        match text.parse() {
            Ok(value) => Some(At { spot, value }),
            Err(error) => {
                self.tell(spot, "name", format!("not the name of {what}: {error}"));
                None
            }
        }
    }
}
