//! What is going to happen, in order.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::simulate::instances::{Call, Name};

/// What happens at a moment.
pub(super) enum Event {
    /// A decision is due.
    Tick,
    /// A row of the trace begins.
    Row(usize),
    /// Somebody calls as a row planned.
    Arrival { project: usize, row: u64 },
    /// A client calls again.
    Again { project: usize },
    /// An instance has started.
    Ready(Name),
    /// An instance has answered a call.
    Answered { name: Name, call: Call },
    /// A call in the queue has waited as long as it may.
    WaitOver { project: usize, number: u64 },
}

/// Events in order of time; those of one moment in the order in which they were planned.
#[derive(Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Entry>,
    planned: u64,
}

struct Entry {
    at: u64,
    number: u64,
    event: Event,
}

impl Agenda {
    pub(super) fn add(&mut self, at: u64, event: Event) {
        self.planned += 1;
        let number = self.planned;
        self.heap.push(Entry { at, number, event });
    }

    pub(super) fn next(&mut self) -> Option<(u64, Event)> {
        self.heap.pop().map(|entry| (entry.at, entry.event))
    }
}

impl Ord for Entry {
    /// The earliest is the greatest, which a heap answers first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
