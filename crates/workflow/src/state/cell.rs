//! What is known of one node.

use weft_types::NodeStatus;

use super::items::Items;
use super::view::Reason;

/// One node of a run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    /// Where it stands.
    pub(super) phase: Phase,
    /// Predecessors that are not over.
    pub(super) missing: u32,
    /// The number of its latest attempt; 0 before the first.
    pub(super) attempt: u32,
    /// Its items, once it is expanded.
    pub(super) items: Option<Box<Items>>,
}

/// Where a node stands, in the detail that decisions need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Something that it needs is not over.
    Waiting,
    /// Ready; its dispatch is held back.
    Held,
    /// Ready; its dispatch is outstanding.
    Told,
    /// Its attempt is known to have begun, and outstanding.
    Started,
    /// It sleeps or awaits an outside event.
    Suspended,
    /// Another attempt is due; its retry is held back.
    RetryHeld,
    /// Another attempt is due; its retry is outstanding.
    RetryTold,
    /// Its items are under way.
    Expanded,
    /// Its items are over, and its list is being put together.
    Gathering,
    /// It failed, and the value for that case is being evaluated.
    Catching,
    /// It failed, and its fallback is under way.
    Falling,
    /// It is over.
    Closed(NodeStatus, Option<Reason>),
}

impl Cell {
    /// A node with this many predecessors.
    pub(super) fn new(missing: u32) -> Self {
        Self {
            phase: Phase::Waiting,
            missing,
            attempt: 0,
            items: None,
        }
    }
}

impl Phase {
    /// The status that people are told.
    pub(super) fn status(self) -> NodeStatus {
        match self {
            Self::Waiting => NodeStatus::Waiting,
            Self::Held | Self::Told => NodeStatus::Ready,
            Self::Started
            | Self::Suspended
            | Self::Expanded
            | Self::Gathering
            | Self::Catching
            | Self::Falling => NodeStatus::Running,
            Self::RetryHeld | Self::RetryTold => NodeStatus::Retrying,
            Self::Closed(status, _) => status,
        }
    }

    /// Whether an action for the node itself is outstanding.
    pub(super) fn is_outstanding(self) -> bool {
        match self {
            Self::Told
            | Self::Started
            | Self::Suspended
            | Self::RetryTold
            | Self::Gathering
            | Self::Catching => true,
            Self::Waiting
            | Self::Held
            | Self::RetryHeld
            | Self::Expanded
            | Self::Falling
            | Self::Closed(..) => false,
        }
    }

    /// Whether an attempt of the node itself may be executing: neither a timer nor the keeping of its books.
    pub(super) fn may_execute(self) -> bool {
        match self {
            Self::Told | Self::Started | Self::RetryTold => true,
            Self::Waiting
            | Self::Held
            | Self::Suspended
            | Self::RetryHeld
            | Self::Expanded
            | Self::Gathering
            | Self::Catching
            | Self::Falling
            | Self::Closed(..) => false,
        }
    }

    /// Whether no attempt of the node itself is under way or to come.
    pub(super) fn is_past_attempts(self) -> bool {
        match self {
            Self::Gathering | Self::Catching | Self::Falling | Self::Closed(..) => true,
            Self::Waiting
            | Self::Held
            | Self::Told
            | Self::Started
            | Self::Suspended
            | Self::RetryHeld
            | Self::RetryTold
            | Self::Expanded => false,
        }
    }

    pub(super) fn is_closed(self) -> bool {
        matches!(self, Self::Closed(..))
    }
}
