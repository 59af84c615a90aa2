//! Building a tree from what a reader comes across, in order.

use std::collections::{HashMap, HashSet};

use super::{Data, Element, Start, Text, Tree, Way};
use crate::definition::bounds::Bounds;
use crate::definition::place::{Places, Spot};
use crate::definition::problems::Problems;
use crate::definition::quote::quoted;
use crate::problem::Problem;

/// The reader cannot go on; the reason was told.
#[derive(Debug)]
pub(super) struct Stop;

/// What a map or list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Collection {
    List,
    Map,
}

/// A tree in the making.
pub(super) struct Builder<'a> {
    places: Places,
    open: Vec<Open>,
    bounds: &'a Bounds,
    problems: &'a mut Problems,
}

/// A map or list whose end is not reached.
struct Open {
    spot: Spot,
    members: Members,
}

/// What is in it so far.
enum Members {
    List(Vec<Spot>),
    Map {
        members: Vec<(Spot, Spot)>,
        key: Option<Spot>,
    },
}

/// Up to so many keys are compared each with each.
const FEW: usize = 12;

impl Open {
    /// The key that was read last, where its value is still to come, or the whole.
    fn last(&self) -> Spot {
        match &self.members {
            Members::Map { key: Some(key), .. } => *key,
            Members::Map { key: None, .. } | Members::List(_) => self.spot,
        }
    }
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &str, bounds: &'a Bounds, problems: &'a mut Problems) -> Self {
        let tree = Tree {
            source: source.into(),
            elements: Vec::new(),
            strings: String::new(),
        };
        Self {
            places: Places { tree },
            open: Vec::new(),
            bounds,
            problems,
        }
    }

    /// The tree, where there is anything in it.
    pub(super) fn finish(self) -> Option<Places> {
        (!self.places.tree.elements.is_empty()).then_some(self.places)
    }

    /// Whether the next scalar is a key, whose text is taken as it is.
    pub(super) fn at_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                members: Members::Map { key: None, .. },
                ..
            })
        )
    }

    /// Keeps the characters of a scalar.
    pub(super) fn keep(&mut self, text: &str) -> Text {
        let strings = &mut self.places.tree.strings;
        let start = strings.len() as u32;
        strings.push_str(text);
        let end = strings.len() as u32;
        Text { start, end }
    }

    /// A key or value that is neither map nor list.
    pub(super) fn scalar(&mut self, start: Start, data: Data) -> Result<(), Stop> {
        let spot = self.add(start, data)?;
        self.place(spot);
        Ok(())
    }

    /// The beginning of a map or list.
    pub(super) fn open(&mut self, start: Start, collection: Collection) -> Result<(), Stop> {
        if self.at_key() {
            self.tell_at(start, "key", "a key is a text, found a map or a list".to_owned());
        }
        let spot = self.add(start, Data::Wrong)?;
        if self.open.len() == self.bounds.depth {
            let deepest = self.bounds.depth;
            self.tell(
                spot,
                "too-deep",
                format!("maps and lists may nest {deepest} deep, this one is deeper"),
            );
            return Err(Stop);
        }
        let members = match collection {
            Collection::List => Members::List(Vec::new()),
            Collection::Map => Members::Map {
                members: Vec::new(),
                key: None,
            },
        };
        self.open.push(Open { spot, members });
        Ok(())
    }

    /// The end of the innermost map or list.
    pub(super) fn close(&mut self) {
        let Some(Open { spot, members }) = self.open.pop() else {
            return;
        };
        // One that stands where a key should is none, and stays `Wrong`.
        if !self.at_key() {
            let data = match members {
                Members::List(items) => Data::List(items),
                Members::Map { members, .. } => Data::Map(self.unique(members)),
            };
            self.places.tree.elements[spot.0 as usize].data = data;
        }
        self.place(spot);
    }

    pub(super) fn tell(&mut self, spot: Spot, code: &'static str, message: String) {
        let places = &self.places;
        self.problems.tell(|| places.problem(spot, code, message));
    }

    /// Tells a problem at a place where no element is yet; its path is that of the key before it, or of what it is in.
    pub(super) fn tell_at(&mut self, start: Start, code: &'static str, message: String) {
        let (places, open) = (&self.places, self.open.last());
        self.problems.tell(|| Problem {
            at: start.position,
            code,
            path: open.map_or_else(String::new, |open| places.path(open.last())),
            message,
        });
    }

    fn add(&mut self, start: Start, data: Data) -> Result<Spot, Stop> {
        let most = self.bounds.elements;
        if self.places.tree.elements.len() >= most {
            let message = format!("a definition has at most {most} keys and values");
            self.tell_at(start, "too-many-elements", message);
            return Err(Stop);
        }
        let spot = Spot(self.places.tree.elements.len() as u32);
        let (parent, way) = self.way(spot);
        if self.is_node(parent) {
            self.count_nodes(start)?;
        }
        self.places.tree.elements.push(Element {
            start,
            parent,
            way,
            data,
        });
        Ok(spot)
    }

    /// How the next element, which will be `spot`, is reached.
    fn way(&self, spot: Spot) -> (Spot, Way) {
        match self.open.last() {
            None => (spot, Way::Root),
            Some(Open {
                spot: parent,
                members,
            }) => match members {
                Members::List(items) => (*parent, Way::Index(items.len() as u32)),
                Members::Map { key: Some(key), .. } => (*parent, Way::Key(*key)),
                Members::Map { key: None, .. } => (*parent, Way::Key(spot)),
            },
        }
    }

    /// Whether what is in `parent` next is the key of a node.
    fn is_node(&self, parent: Spot) -> bool {
        self.open.len() == 2 && self.at_key() && {
            let tree = &self.places.tree;
            matches!(tree.element(parent).way, Way::Key(key) if tree.string(key) == "nodes")
        }
    }

    /// Nodes are counted while they are read, so that far too many cost no more than too many.
    fn count_nodes(&mut self, start: Start) -> Result<(), Stop> {
        let most = self.bounds.nodes;
        let full = matches!(self.open.last(), Some(Open { members: Members::Map { members, .. }, .. }) if members.len() >= most);
        if full {
            self.tell_at(
                start,
                "too-many-nodes",
                format!("a workflow has at most {most} nodes, here begins one more"),
            );
            return Err(Stop);
        }
        Ok(())
    }

    /// Puts an element that is complete where it belongs.
    fn place(&mut self, spot: Spot) {
        match self.open.last_mut() {
            None => {}
            Some(Open {
                members: Members::List(items),
                ..
            }) => items.push(spot),
            Some(Open {
                members: Members::Map { members, key },
                ..
            }) => match key.take() {
                None => *key = Some(spot),
                Some(key) => members.push((key, spot)),
            },
        }
    }

    /// The members without those whose key is wrong or stands a second time, which is told.
    fn unique(&mut self, mut members: Vec<(Spot, Spot)>) -> Vec<(Spot, Spot)> {
        let tree = &self.places.tree;
        members.retain(|&(key, _)| matches!(tree.data(key), Data::String(..)));
        let again = repeated(tree, &members);
        if again.is_empty() {
            return members;
        }
        for &(key, first) in &again {
            let name = quoted(self.places.tree.string(key));
            let line = self.places.position(first).line;
            self.tell(
                key,
                "duplicate-key",
                format!("the key {name} stands here a second time, first in line {line}"),
            );
        }
        let again: HashSet<Spot> = again.into_iter().map(|(key, _)| key).collect();
        members.retain(|(key, _)| !again.contains(key));
        members
    }
}

/// Keys that stand a second time, each with the first of its name.
fn repeated(tree: &Tree, members: &[(Spot, Spot)]) -> Vec<(Spot, Spot)> {
    if members.len() <= FEW {
        let first = |at: usize| {
            let name = tree.string(members[at].0);
            let same = members[..at].iter().find(|(key, _)| tree.string(*key) == name)?;
            Some((members[at].0, same.0))
        };
        return (1..members.len()).filter_map(first).collect();
    }
    let mut seen = HashMap::with_capacity(members.len());
    let again = members.iter().filter_map(|&(key, _)| {
        let first = *seen.entry(tree.string(key)).or_insert(key);
        (first != key).then_some((key, first))
    });
    again.collect()
}
