//! References: a name and the way from its value to a part of it.

use std::fmt;

use super::SyntaxError;
use crate::definition::{Access, Root, Step, reference};

/// A reference such as `$order.lines[0].sku`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// What it begins with.
    pub(crate) root: Root,
    /// The way from its value: `.lines`, `[0]`, `.sku`, with offsets from the dollar sign.
    pub(crate) steps: Vec<Step>,
}

impl Reference {
    /// Whether it begins like this.
    pub(crate) fn leads_on(&self, root: &Root, steps: &[Step]) -> bool {
        let mut pairs = self.steps.iter().zip(steps);
        self.root == *root && self.steps.len() >= steps.len() && pairs.all(|(a, b)| a.access == b.access)
    }

    /// Reads the reference that `text` begins with: it and its length in bytes. A name that is followed by `(` is not a
    /// step, but a function that is called.
    pub(super) fn prefix(text: &str) -> Result<(Self, usize), SyntaxError> {
        let (root, mut steps, mut length) =
            reference::prefix(text).map_err(|wrong| SyntaxError::new(wrong.at, wrong.message))?;
        if text[length..].starts_with('(')
            && let Some(Step {
                access: Access::Field(_),
                offset,
            }) = steps.pop_if(|step| matches!(step.access, Access::Field(_)))
        {
            length = offset as usize;
        }
        Ok((Self { root, steps }, length))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Spelled(&self.root, &self.steps))
    }
}

/// A reference as it is written.
pub(crate) struct Spelled<'a>(pub(crate) &'a Root, pub(crate) &'a [Step]);

impl fmt::Display for Spelled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Root::Input => f.write_str("$input"),
            Root::Item => f.write_str("$item"),
            Root::Index => f.write_str("$index"),
            Root::Global => f.write_str("$global"),
            Root::Node(name) => write!(f, "${name}"),
        }?;
        self.1.iter().try_for_each(|step| match &step.access {
            Access::Field(name) => write!(f, ".{name}"),
            Access::Index(index) => write!(f, "[{index}]"),
        })
    }
}
