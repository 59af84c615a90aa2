//! Finding members by name.

use super::{Shape, Type, TypeError};

/// The indexes of a type's named members in the order of their names; none where they are few.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ByName(Box<[u16]>);

/// Up to here a look through all of them is as fast.
const FEW: usize = 12;

impl ByName {
    /// Checks number and names of the members of `shape`.
    pub(super) fn new(shape: &Shape) -> Result<Self, TypeError> {
        let count = count(shape);
        if count > Type::MAX_MEMBERS {
            return Err(TypeError::TooManyMembers(count));
        }
        match shape {
            Shape::Variant(_) if count == 0 => return Err(TypeError::Empty("variant")),
            Shape::Enum(_) if count == 0 => return Err(TypeError::Empty("enum")),
            Shape::Tuple(_) => return Ok(Self(Box::default())),
            _ => {}
        }
        // MAX_MEMBERS fits.
        let mut order: Vec<u16> = (0..count as u16).collect();
        if let Some(&wrong) = order.iter().find(|&&index| !is_name(name(shape, index))) {
            let shown = name(shape, wrong).chars().take(80).collect::<String>();
            return Err(TypeError::Name(shown.escape_debug().to_string()));
        }
        order.sort_unstable_by_key(|&index| name(shape, index));
        let twice = order
            .windows(2)
            .find(|pair| name(shape, pair[0]) == name(shape, pair[1]));
        match twice {
            Some(pair) => Err(TypeError::DuplicateName(name(shape, pair[0]).to_owned())),
            None if count <= FEW => Ok(Self(Box::default())),
            None => Ok(Self(order.into())),
        }
    }

    pub(super) fn find(&self, shape: &Shape, wanted: &str) -> Option<usize> {
        if self.0.is_empty() {
            return (0..named(shape)).find(|&index| name(shape, index as u16) == wanted);
        }
        let found = self.0.binary_search_by_key(&wanted, |&index| name(shape, index));
        found.ok().map(|position| usize::from(self.0[position]))
    }
}

fn count(shape: &Shape) -> usize {
    match shape {
        Shape::Tuple(slots) => slots.len(),
        _ => named(shape),
    }
}

/// How many members with a name there are.
fn named(shape: &Shape) -> usize {
    match shape {
        Shape::Record(fields) => fields.len(),
        Shape::Variant(v) => v.cases.len(),
        Shape::Enum(names) | Shape::Flags(names) => names.len(),
        _ => 0,
    }
}

/// The name of a member, empty where there is none.
fn name(shape: &Shape, index: u16) -> &str {
    let index = usize::from(index);
    match shape {
        Shape::Record(fields) => fields.get(index).map_or("", |field| &field.name),
        Shape::Variant(v) => v.cases.get(index).map_or("", |case| &case.name),
        Shape::Enum(names) | Shape::Flags(names) => names.get(index).map_or("", |name| name),
        _ => "",
    }
}

/// Whether a name is of bounded length and has only characters that keep the text form unambiguous.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=Type::MAX_NAME).contains(&name.len()) && name.bytes().all(allowed)
}
