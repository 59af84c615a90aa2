//! The order in which those who wait are called. Pure: no clock, no threads.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;

use weft_types::Priority;

/// Every so many turns, the one is called who has waited longest, however urgent the others are.
const PATIENCE: u32 = 8;

/// Those who wait, by urgency, then fairly between groups, then in the order of their arrival.
///
/// Nobody waits for ever: whoever has `n` before them in the order of arrival is called within
/// `8 × (n + 1)` turns, whatever else arrives.
pub(crate) struct Line<G, T> {
    classes: [Class<G>; Priority::ALL.len()],
    /// By ticket, and so in the order of arrival.
    waiting: BTreeMap<Ticket, Waiting<G, T>>,
    next: u64,
    /// Turns since the longest waiting one was called.
    turns: u32,
}

/// Identifies one who waits: a later one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

struct Waiting<G, T> {
    priority: Priority,
    group: G,
    who: T,
}

/// Those of one priority: groups take turns.
struct Class<G> {
    groups: HashMap<G, VecDeque<Ticket>>,
    /// Each group that has somebody waiting, once.
    turns: VecDeque<G>,
}

impl<G: Copy + Eq + Hash, T> Line<G, T> {
    pub(crate) fn new() -> Self {
        Self {
            classes: std::array::from_fn(|_| Class::new()),
            waiting: BTreeMap::new(),
            next: 0,
            turns: 0,
        }
    }

    /// Joins behind all of the same priority and group.
    pub(crate) fn join(&mut self, priority: Priority, group: G, who: T) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.classes[priority as usize].join(group, ticket);
        self.waiting.insert(ticket, Waiting { priority, group, who });
        ticket
    }

    /// Whose turn it is.
    pub(crate) fn call(&mut self) -> Option<T> {
        let ticket = self.turn()?;
        self.leave(ticket)
    }

    /// Takes somebody out; none where they were called already.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Option<T> {
        let waiting = self.waiting.remove(&ticket)?;
        self.classes[waiting.priority as usize].leave(waiting.group, ticket);
        Some(waiting.who)
    }

    fn turn(&mut self) -> Option<Ticket> {
        let longest = *self.waiting.first_key_value()?.0;
        self.turns += 1;
        if self.turns >= PATIENCE {
            self.turns = 0;
            return Some(longest);
        }
        self.classes.iter_mut().find_map(Class::next)
    }
}

impl<G: Copy + Eq + Hash> Class<G> {
    fn new() -> Self {
        Self {
            groups: HashMap::new(),
            turns: VecDeque::new(),
        }
    }

    fn join(&mut self, group: G, ticket: Ticket) {
        let line = self.groups.entry(group).or_default();
        if line.is_empty() {
            self.turns.push_back(group);
        }
        line.push_back(ticket);
    }

    /// The first of the group whose turn it is; the group is then the last.
    fn next(&mut self) -> Option<Ticket> {
        self.turns.rotate_left(usize::from(!self.turns.is_empty()));
        let first = self.groups.get(self.turns.back()?)?.front();
        first.copied()
    }

    fn leave(&mut self, group: G, ticket: Ticket) {
        let Some(line) = self.groups.get_mut(&group) else {
            return;
        };
        if let Ok(at) = line.binary_search(&ticket) {
            line.remove(at);
        }
        if line.is_empty() {
            self.groups.remove(&group);
            self.turns.retain(|other| *other != group);
        }
    }
}

#[cfg(test)]
mod tests;
