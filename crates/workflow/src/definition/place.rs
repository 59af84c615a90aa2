//! Where the parts of a definition stand.

use std::fmt::Write as _;

use super::tree::{Tree, Way};
use crate::problem::{Position, Problem};

mod within;

/// Names a part of a text: a value, or the key of a member. [`Places`] knows where it stands and how it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Spot(pub(super) u32);

/// Where every part of a text stands. A [`Spot`] has a meaning only with the `Places` it came with.
#[derive(Debug)]
pub struct Places {
    pub(super) tree: Tree,
}

/// Names in a path are cut to so many characters.
const SHOWN: usize = 64;

impl Places {
    /// Line and column of a part's first character; of a string's first character, where it has quotes the opening one.
    #[must_use]
    pub fn position(&self, spot: Spot) -> Position {
        self.tree.element(spot).start.position
    }

    /// Line and column of a byte of a string's value, whichever way it was quoted or folded. For a part that is no string,
    /// its first character.
    #[must_use]
    pub fn within(&self, spot: Spot, offset: usize) -> Position {
        within::find(&self.tree, spot, offset)
    }

    /// The way to a part, such as `nodes.charge.with.amount` or `output.lines[0]`. That of a key is that of its value.
    #[must_use]
    pub fn path(&self, spot: Spot) -> String {
        let mut ways = Vec::new();
        let mut at = spot;
        loop {
            let element = self.tree.element(at);
            match element.way {
                Way::Root => break,
                way @ (Way::Index(_) | Way::Key(_)) => ways.push(way),
            }
            at = element.parent;
        }
        let mut path = String::new();
        ways.into_iter().rev().for_each(|way| self.step(&mut path, way));
        path
    }

    /// A problem at a part.
    #[must_use]
    pub fn problem(&self, spot: Spot, code: &'static str, message: String) -> Problem {
        Problem {
            at: self.position(spot),
            code,
            path: self.path(spot),
            message,
        }
    }

    /// A problem at a byte of a string's value.
    #[must_use]
    pub fn problem_within(&self, spot: Spot, offset: usize, code: &'static str, message: String) -> Problem {
        Problem {
            at: self.within(spot, offset),
            ..self.problem(spot, code, message)
        }
    }

    fn step(&self, path: &mut String, way: Way) {
        match way {
            Way::Root => {}
            // Writing to a string does not fail.
            Way::Index(index) => drop(write!(path, "[{index}]")),
            Way::Key(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                let name = self.tree.string(key);
                match name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                    && !name.is_empty()
                {
                    true => path.extend(name.chars().take(SHOWN)),
                    false => drop(write!(path, "{:?}", name.chars().take(SHOWN).collect::<String>())),
                }
            }
        }
    }
}
