//! What is known of the items of a node that goes over a list: four bytes each.

use weft_types::NodeStatus;

use super::view::ItemCounts;

/// The items of one node.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Items {
    /// One cell per item; empty once the node is over.
    cells: Box<[ItemCell]>,
    /// How many are over, and how.
    pub(super) counts: ItemCounts,
    /// The first that is still to be dispatched.
    next: u32,
    /// How many take one of the node's places: begun, and not over. One that waits for its next attempt is among them.
    active: u32,
    /// Whether the rest is stopped because one failed.
    pub(super) ending: bool,
}

/// An item: its phase in the lowest 4 bits, the number of its latest attempt above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ItemCell(u32);

/// Where an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemPhase {
    Waiting,
    Told,
    Started,
    RetryHeld,
    RetryTold,
    Closed(NodeStatus),
}

/// The largest number of attempts that a cell can hold.
pub(super) const MAX_ATTEMPTS: u32 = (1 << 28) - 1;

impl Items {
    pub(super) fn new(total: u32) -> Self {
        Self {
            cells: vec![ItemCell::new(ItemPhase::Waiting, 0); total as usize].into(),
            counts: ItemCounts {
                total,
                ..ItemCounts::default()
            },
            next: 0,
            active: 0,
            ending: false,
        }
    }

    /// As [`Self::new`]; those of `reused` that there are have succeeded before.
    pub(super) fn reusing(total: u32, reused: &[u32]) -> Self {
        let mut items = Self::new(total);
        for &item in reused.iter().filter(|item| **item < total) {
            items.set(item, ItemPhase::Closed(NodeStatus::Succeeded), 0);
            items.counts.add(NodeStatus::Succeeded);
            items.counts.reused += 1;
        }
        items.pass_closed();
        items
    }

    /// The phase of an item and the number of its latest attempt. None where there is no such item.
    pub(super) fn get(&self, item: u32) -> Option<(ItemPhase, u32)> {
        let cell = self.cells.get(item as usize)?;
        Some((cell.phase(), cell.attempt()))
    }

    pub(super) fn set(&mut self, item: u32, phase: ItemPhase, attempt: u32) {
        self.cells[item as usize] = ItemCell::new(phase, attempt);
    }

    /// Takes the next item that is to be dispatched, where fewer than `concurrency` are active.
    pub(super) fn begin(&mut self, concurrency: u32) -> Option<u32> {
        if self.ending || self.active >= concurrency || self.next >= self.counts.total {
            return None;
        }
        let item = self.next;
        self.next += 1;
        self.active += 1;
        self.set(item, ItemPhase::Told, 1);
        self.pass_closed();
        Some(item)
    }

    /// Passes over items that were over before they were dispatched.
    fn pass_closed(&mut self) {
        while self.get(self.next).is_some_and(|(phase, _)| phase.is_closed()) {
            self.next += 1;
        }
    }

    /// An active item is over.
    pub(super) fn close(&mut self, item: u32, status: NodeStatus) {
        let attempt = self.cells[item as usize].attempt();
        self.set(item, ItemPhase::Closed(status), attempt);
        self.active -= 1;
        self.counts.add(status);
    }

    /// Whether nothing of the node is under way and nothing will be.
    pub(super) fn is_over(&self) -> bool {
        self.active == 0 && (self.ending || self.next == self.counts.total)
    }

    /// Whether an attempt of one may be executing.
    pub(super) fn is_executing(&self) -> bool {
        self.active > 0 && self.active().any(|(_, phase, _)| phase.is_outstanding())
    }

    /// The active ones, ascending. Takes time proportional to those ever dispatched.
    pub(super) fn active(&self) -> impl Iterator<Item = (u32, ItemPhase, u32)> {
        (0..self.next).filter_map(|item| {
            let (phase, attempt) = self.get(item)?;
            phase.is_active().then_some((item, phase, attempt))
        })
    }

    /// Forgets the single items: only the counts are asked for from now on.
    pub(super) fn seal(&mut self) {
        self.cells = Box::default();
        self.next = 0;
    }
}

impl ItemCell {
    fn new(phase: ItemPhase, attempt: u32) -> Self {
        Self(phase.pack() | (attempt << 4))
    }

    fn phase(self) -> ItemPhase {
        ItemPhase::unpack(self.0 & 0xf)
    }

    fn attempt(self) -> u32 {
        self.0 >> 4
    }
}

impl ItemPhase {
    pub(super) fn status(self) -> NodeStatus {
        match self {
            Self::Waiting => NodeStatus::Waiting,
            Self::Told => NodeStatus::Ready,
            Self::Started => NodeStatus::Running,
            Self::RetryHeld | Self::RetryTold => NodeStatus::Retrying,
            Self::Closed(status) => status,
        }
    }

    /// Whether an action for it is outstanding.
    pub(super) fn is_outstanding(self) -> bool {
        match self {
            Self::Told | Self::Started | Self::RetryTold => true,
            Self::Waiting | Self::RetryHeld | Self::Closed(_) => false,
        }
    }

    pub(super) fn is_closed(self) -> bool {
        matches!(self, Self::Closed(_))
    }

    fn is_active(self) -> bool {
        self.is_outstanding() || self == Self::RetryHeld
    }

    fn pack(self) -> u32 {
        match self {
            Self::Waiting => 0,
            Self::Told => 1,
            Self::Started => 2,
            Self::RetryHeld => 3,
            Self::RetryTold => 4,
            Self::Closed(NodeStatus::Succeeded) => 5,
            Self::Closed(NodeStatus::TimedOut) => 6,
            Self::Closed(NodeStatus::Cancelled) => 7,
            Self::Closed(_) => 8,
        }
    }

    fn unpack(bits: u32) -> Self {
        match bits {
            0 => Self::Waiting,
            1 => Self::Told,
            2 => Self::Started,
            3 => Self::RetryHeld,
            4 => Self::RetryTold,
            5 => Self::Closed(NodeStatus::Succeeded),
            6 => Self::Closed(NodeStatus::TimedOut),
            7 => Self::Closed(NodeStatus::Cancelled),
            _ => Self::Closed(NodeStatus::Failed),
        }
    }
}
