//! One of some words.

use weft_types::{Durability, FailurePolicy, Priority};

use super::Reader;
use super::fields::listed;
use crate::definition::place::Spot;
use crate::definition::quote::quoted;
use crate::event::ErrorCode;
use crate::nearest::hint;
use crate::plan::ItemFailure;

/// Something that is named by a word.
pub(in crate::definition) trait Choice: Copy + 'static {
    /// What it is, such as `a priority`.
    const WHAT: &'static str;
    /// Its values.
    const ALL: &'static [Self];
    /// The word for a value.
    fn word(self) -> &'static str;

    /// The words for all values.
    fn words() -> Vec<&'static str> {
        Self::ALL.iter().map(|value| value.word()).collect()
    }
}

impl Reader<'_> {
    /// One of the words of `C`.
    pub(in crate::definition) fn choice<C: Choice>(&mut self, spot: Spot) -> Option<C> {
        let word = self.tree().string(spot);
        let found = C::ALL.iter().copied().find(|value| value.word() == word);
        if found.is_none() {
            self.no_choice::<C>(spot);
        }
        found
    }

    fn no_choice<C: Choice>(&mut self, spot: Spot) {
        let words = C::words();
        let expected = format!("{}: {}", C::WHAT, listed(&words, "or"));
        if let Some(word) = self.string(spot, &expected) {
            let hint = hint(word, words);
            self.tell(
                spot,
                "unknown-value",
                format!("{} is not {expected}{hint}", quoted(word)),
            );
        }
    }
}

impl Choice for Durability {
    const WHAT: &'static str = "a durability";
    const ALL: &'static [Self] = &[Self::Durable, Self::Express];

    fn word(self) -> &'static str {
        match self {
            Self::Durable => "durable",
            Self::Express => "express",
        }
    }
}

impl Choice for FailurePolicy {
    const WHAT: &'static str = "a policy for failures";
    const ALL: &'static [Self] = &[Self::End, Self::Continue];

    fn word(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Continue => "continue",
        }
    }
}

impl Choice for ItemFailure {
    const WHAT: &'static str = "a policy for failed items";
    const ALL: &'static [Self] = &[Self::End, Self::Continue, Self::Collect];

    fn word(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Continue => "continue",
            Self::Collect => "collect",
        }
    }
}

impl Choice for Priority {
    const WHAT: &'static str = "a priority";
    const ALL: &'static [Self] = &Self::ALL;

    fn word(self) -> &'static str {
        match self {
            Self::Highest => "highest",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Lowest => "lowest",
        }
    }
}

/// What may be tried again: everything but what somebody stopped.
impl Choice for ErrorCode {
    const WHAT: &'static str = "a failure that may be tried again";
    const ALL: &'static [Self] = &[
        Self::FunctionError,
        Self::Trap,
        Self::Limit,
        Self::Timeout,
        Self::Unavailable,
        Self::Platform,
        Self::OutcomeUnknown,
        Self::Evaluation,
        Self::Run,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::FunctionError => "function-error",
            Self::Trap => "trap",
            Self::Limit => "limit",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Platform => "platform",
            Self::Cancelled => "cancelled",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::Evaluation => "evaluation",
            Self::Run => "run",
            Self::WaitTimeout => "wait-timeout",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, Durability, ErrorCode, FailurePolicy, Priority};

    fn named_as_everywhere<C: Choice + serde::Serialize>() {
        for value in C::ALL {
            assert_eq!(serde_json::to_value(value).unwrap(), value.word());
        }
    }

    #[test]
    fn words_are_those_of_the_api() {
        named_as_everywhere::<Durability>();
        named_as_everywhere::<FailurePolicy>();
        named_as_everywhere::<Priority>();
        named_as_everywhere::<ErrorCode>();
    }
}
