//! Saying why the values of a type are not values of another.

use std::collections::HashSet;
use std::fmt::{self, Write};

use crate::Type;

/// Why values of one type cannot become values of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The way to the place within the types, such as `.items[].price`; empty for the whole. `.name` and `.0` lead to
    /// members, `[]` to the elements of a list, `?` into an option, `(ok)`, `(err)` and `(name)` to what a case carries.
    pub path: Box<str>,
    /// The type there that values have, as text, cut after [`Mismatch::SHOWN`] bytes.
    pub found: Box<str>,
    /// The type there that they would have to have, cut likewise.
    pub expected: Box<str>,
    /// What keeps the two apart.
    pub difference: Difference,
}

/// What keeps two types apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// They are different kinds of types.
    Kind,
    /// Both are numbers, and not each of the first is one of the second.
    Lossy,
    /// An option, which may be none, where a value must be.
    MayBeNone,
    /// The same members, which are called `members`, in another order.
    Order {
        /// What members of such types are called: `fields`, `cases` or `flags`.
        members: &'static str,
    },
    /// Members that only one of them has.
    Names {
        /// What members of such types are called: `fields`, `cases` or `flags`.
        members: &'static str,
        /// The names that are expected and were not found, in the order of the type.
        missing: Box<[Box<str>]>,
        /// The names that were found and are not expected, in the order of the type.
        unknown: Box<[Box<str>]>,
    },
    /// Tuples of this many slots, where the second number is expected.
    Slots(usize, usize),
    /// A case that carries a value in one of them and nothing in the other.
    Carries {
        /// The name of the case.
        case: Box<str>,
        /// Whether it carries a value where one was found.
        found: bool,
    },
}

impl Mismatch {
    /// How much of the text of a type is shown, in bytes.
    pub const SHOWN: usize = 200;

    pub(super) fn new(found: &Type, expected: &Type, difference: Difference) -> Self {
        Self {
            path: Box::default(),
            found: shown(found).into(),
            expected: shown(expected).into(),
            difference,
        }
    }

    /// The same, seen from the type around, where `segment` leads to this place.
    pub(super) fn within(mut self, segment: &str) -> Self {
        self.path = format!("{segment}{}", self.path).into();
        self
    }
}

impl Difference {
    /// What keeps types with these names of members apart, if anything does.
    pub(super) fn of_names<'a>(
        members: &'static str,
        found: &[&'a str],
        expected: &[&'a str],
    ) -> Option<Self> {
        if found == expected {
            return None;
        }
        let (missing, unknown) = (only_in(expected, found), only_in(found, expected));
        match missing.is_empty() && unknown.is_empty() {
            true => Some(Self::Order { members }),
            false => Some(Self::Names {
                members,
                missing,
                unknown,
            }),
        }
    }
}

fn only_in(names: &[&str], others: &[&str]) -> Box<[Box<str>]> {
    let others: HashSet<_> = others.iter().collect();
    let only = names.iter().filter(|name| !others.contains(name));
    only.map(|&name| name.into()).collect()
}

impl std::error::Error for Mismatch {}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "found {}, expected {}", self.found, self.expected)?;
        if !self.path.is_empty() {
            write!(f, " at `{}`", self.path)?;
        }
        match &self.difference {
            Difference::Kind => Ok(()),
            Difference::Lossy => write!(f, ": not every {} fits", self.found),
            Difference::MayBeNone => f.write_str(": it may be none"),
            Difference::Order { members } => write!(
                f,
                ": the {members} are the same in another order, which is significant"
            ),
            Difference::Names {
                members,
                missing,
                unknown,
            } => {
                let named = [("missing", missing), ("unknown", unknown)];
                let there = named.iter().filter(|(_, names)| !names.is_empty());
                there.enumerate().try_for_each(|(index, (what, names))| {
                    let separator = if index == 0 { ": " } else { ", " };
                    write!(f, "{separator}{what} {}", Names { members, names })
                })
            }
            Difference::Slots(found, expected) => write!(f, ": {found} slots instead of {expected}"),
            Difference::Carries { case, found: true } => {
                write!(f, ": `{case}` carries a value and should carry none")
            }
            Difference::Carries { case, found: false } => {
                write!(f, ": `{case}` carries nothing and should carry a value")
            }
        }
    }
}

/// The first few names, behind what they are called.
struct Names<'a> {
    members: &'a str,
    names: &'a [Box<str>],
}

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 12;
        match self.names.len() {
            1 => f.write_str(self.members.trim_end_matches('s'))?,
            _ => f.write_str(self.members)?,
        }
        for (index, name) in self.names.iter().take(SHOWN).enumerate() {
            let separator = if index == 0 { " " } else { ", " };
            write!(f, "{separator}`{name}`")?;
        }
        match self.names.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The beginning of the text of a type, without writing more of it.
pub(in crate::image) fn shown(ty: &Type) -> String {
    let mut beginning = Beginning(String::new());
    if write!(beginning, "{ty}").is_err() {
        beginning.0.push('…');
    }
    beginning.0
}

struct Beginning(String);

impl Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = Mismatch::SHOWN - self.0.len();
        // Types are written in ASCII.
        let fits = text.get(..text.len().min(room)).unwrap_or_default();
        self.0.push_str(fits);
        if fits.len() < text.len() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}
