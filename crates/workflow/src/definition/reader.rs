//! Reading typed parts out of a tree, telling whatever is not as it should be.

use super::place::{Places, Spot};
use super::problems::Problems;
use super::quote::quoted;
use super::tree::{Data, Tree};
use super::types::Types;

mod choice;
mod duration;
mod fields;
mod name;
mod number;

pub(super) use choice::Choice;
pub(super) use duration::Least;
pub(super) use fields::{Fields, listed};
pub(super) use number::json_number;

/// A tree, and what was found wrong with it.
pub(super) struct Reader<'a> {
    pub(super) places: &'a Places,
    pub(super) types: Types,
    problems: &'a mut Problems,
}

impl<'a> Reader<'a> {
    pub(super) fn new(places: &'a Places, problems: &'a mut Problems) -> Self {
        let types = Types::default();
        Self {
            places,
            types,
            problems,
        }
    }

    pub(super) fn tree(&self) -> &'a Tree {
        &self.places.tree
    }

    pub(super) fn data(&self, spot: Spot) -> &'a Data {
        self.tree().data(spot)
    }

    pub(super) fn tell(&mut self, spot: Spot, code: &'static str, message: impl Into<String>) {
        let places = self.places;
        self.problems.tell(|| places.problem(spot, code, message.into()));
    }

    /// Tells a problem at a byte of the string at `spot`.
    pub(super) fn tell_within(
        &mut self,
        spot: Spot,
        offset: usize,
        code: &'static str,
        message: impl Into<String>,
    ) {
        let places = self.places;
        self.problems
            .tell(|| places.problem_within(spot, offset, code, message.into()));
    }

    /// A string. `expected` says what for, such as `the name of a function`.
    pub(super) fn string(&mut self, spot: Spot, expected: &str) -> Option<&'a str> {
        match self.data(spot) {
            Data::String(text, _) => Some(self.tree().str(*text)),
            Data::Wrong | Data::Null | Data::Bool(_) | Data::Number(_) | Data::List(_) | Data::Map(_) => {
                self.wrong_type(spot, expected);
                None
            }
        }
    }

    /// A string of at most `most` bytes.
    pub(super) fn short_string(&mut self, spot: Spot, expected: &str, most: usize) -> Option<&'a str> {
        let text = self.string(spot, expected)?;
        if text.len() > most {
            let found = text.len();
            self.tell(
                spot,
                "out-of-range",
                format!("expected {expected}, at most {most} bytes, found {found}"),
            );
            return None;
        }
        Some(text)
    }

    /// The elements of a list.
    pub(super) fn list(&mut self, spot: Spot, expected: &str) -> Option<&'a [Spot]> {
        match self.data(spot) {
            Data::List(items) => Some(items),
            Data::Wrong | Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(..) | Data::Map(_) => {
                self.wrong_type(spot, expected);
                None
            }
        }
    }

    /// The members of a map, keys first.
    pub(super) fn map(&mut self, spot: Spot, expected: &str) -> Option<&'a [(Spot, Spot)]> {
        match self.data(spot) {
            Data::Map(members) => Some(members),
            Data::Wrong | Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(..) | Data::List(_) => {
                self.wrong_type(spot, expected);
                None
            }
        }
    }

    /// Tells that something else was expected, unless what is there was told to be wrong already.
    pub(super) fn wrong_type(&mut self, spot: Spot, expected: &str) {
        if let Some(found) = self.found(spot) {
            self.tell(spot, "wrong-type", format!("expected {expected}, found {found}"));
        }
    }

    /// What is at a place, for people; none for what was told to be wrong.
    pub(super) fn found(&self, spot: Spot) -> Option<String> {
        let tree = self.tree();
        match tree.data(spot) {
            Data::Wrong => None,
            Data::Null => Some("nothing".to_owned()),
            Data::Bool(value) => Some(format!("`{value}`")),
            Data::Number(text) => Some(format!("the number {}", quoted(tree.str(*text)))),
            Data::String(text, _) => Some(format!("the text {}", quoted(tree.str(*text)))),
            Data::List(_) => Some("a list".to_owned()),
            Data::Map(_) => Some("a map".to_owned()),
        }
    }
}
