//! References and conditions as text.
//!
//! A *reference* names a value: `$input.lines[0].sku`, `$total`, `$item`. A *condition* is a subset of
//! [CEL](https://cel.dev) over such references: without macros, so that its cost is bounded by its own size and the size of
//! what it looks at. Here is its form alone; what it means is up to `check`, which knows the types.

mod lex;
mod parse;
mod reference;
mod syntax;

pub(crate) use parse::condition;
pub(crate) use reference::Reference;
pub(crate) use reference::Spelled;
pub(crate) use syntax::{Arithmetic, Comparison, Function, Junction, Term, TermKind};

/// Why a text is neither a reference nor a condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct SyntaxError {
    /// Where, in bytes from the start of the text.
    pub(crate) at: usize,
    /// What was found and what would be right.
    pub(crate) message: String,
}

impl SyntaxError {
    fn new(at: usize, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { at, message }
    }
}

#[cfg(test)]
mod tests;
