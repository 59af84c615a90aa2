//! What is ready to begin within one tree, by urgency.

use std::collections::VecDeque;

use bytes::Bytes;
use weft_types::Priority;
use weft_types::image::Image;
use weft_workflow::Place;
use weft_workflow::evaluate::Root;
use weft_workflow::plan::Kind;

use super::Driver;
use super::slot::Slot;
use super::slots::Key;

/// Values by address that were loaded for one step.
pub(super) type Lent = Vec<(Of, Held)>;

/// What was loaded.
#[derive(Clone, Debug)]
pub(super) enum Held {
    /// A value that is read.
    Value(Image),
    /// Plain bytes that are passed on unread.
    Bytes(Bytes),
}

/// Whose value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// A root's.
    Root(Root),
    /// A root's, as plain bytes.
    Bytes(Root),
    /// That of an item of the node which is being gathered.
    Item(u32),
}

impl Held {
    /// The value, if it is one that is read.
    pub(super) fn value(&self) -> Option<&Image> {
        match self {
            Self::Value(image) => Some(image),
            Self::Bytes(_) => None,
        }
    }
}

/// An attempt that is to begin.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) key: Key,
    pub(super) place: Place,
    pub(super) attempt: u32,
    pub(super) lent: Lent,
}

/// Attempts in order of urgency, then of arrival. Bounded by the nodes of the tree and the concurrency of their items.
#[derive(Default)]
pub(super) struct Ready([VecDeque<Work>; Priority::ALL.len()]);

impl Ready {
    pub(super) fn push(&mut self, priority: Priority, work: Work) {
        self.0[priority as usize].push_back(work);
    }

    /// Puts work before all that is equally urgent.
    pub(super) fn push_front(&mut self, priority: Priority, work: Work) {
        self.0[priority as usize].push_front(work);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(VecDeque::is_empty)
    }

    fn first(&self) -> Option<(Priority, &Work)> {
        let firsts = Priority::ALL.into_iter().zip(&self.0);
        firsts
            .filter_map(|(priority, works)| Some((priority, works.front()?)))
            .next()
    }

    fn take(&mut self, priority: Priority) -> Option<Work> {
        self.0[priority as usize].pop_front()
    }
}

/// What is to be done with the first in line.
enum Verdict {
    /// It may begin.
    Begin,
    /// Neither it nor those behind it, for now.
    Wait,
    /// It is not to begin any more.
    Drop,
    /// Not until its run is resumed.
    Hold,
    /// Not until another attempt of its run that nests has ended.
    Crowd,
}

impl Driver {
    pub(super) fn enqueue(&mut self, work: Work) {
        if let Some(slot) = self.slots.get(work.key) {
            self.ready.push(slot.priority(work.place.node), work);
        }
    }

    /// What may begin now. A call of a function has its place then.
    pub(super) fn next_ready(&mut self) -> Option<Work> {
        loop {
            let (priority, work) = self.ready.first()?;
            let (key, place) = (work.key, work.place);
            let verdict = self.judge(key, place, priority);
            if let Verdict::Wait = verdict {
                return None;
            }
            let work = self.ready.take(priority)?;
            match (verdict, self.slots.get_mut(key)) {
                (Verdict::Begin, _) => return Some(work),
                (Verdict::Hold, Some(slot)) => slot.held.push(work),
                (Verdict::Crowd, Some(slot)) => slot.crowded.push_back(work),
                // It may have been the one that a free place was for.
                (Verdict::Drop, Some(_)) => self.uncrowd(key),
                (Verdict::Drop | Verdict::Wait | Verdict::Hold | Verdict::Crowd, _) => {}
            }
        }
    }

    /// An attempt ended: where it nested, there is room for another that does.
    pub(super) fn end_nesting(&mut self, key: Key, place: Place) {
        let slot = self.slots.get_mut(key);
        if slot.is_some_and(|slot| !slot.nesting.is_empty() && slot.nesting.remove(&place)) {
            self.uncrowd(key);
        }
    }

    /// There may be room for another attempt that nests: whether there is shows at its turn.
    fn uncrowd(&mut self, key: Key) {
        let work = self.slots.get_mut(key).and_then(|slot| slot.crowded.pop_front());
        if let Some(work) = work {
            self.enqueue(work);
        }
    }

    fn judge(&mut self, key: Key, place: Place, priority: Priority) -> Verdict {
        if self.is_stalled() || self.inner.held().is_some() || !self.admit() {
            return Verdict::Wait;
        }
        let most = self.inner.config.run_parallelism;
        let Some(slot) = self.slots.get_mut(key) else {
            return Verdict::Drop;
        };
        if !slot.stopped.is_empty() && slot.stopped.remove(&place) {
            return Verdict::Drop;
        }
        if slot.is_paused() {
            return Verdict::Hold;
        }
        match slot.callee_at(place) {
            Callee::None => Verdict::Begin,
            // One that had to wait for a value has its place already.
            Callee::Workflow if slot.nesting.contains(&place) => Verdict::Begin,
            Callee::Workflow if slot.nesting.len() < most => {
                slot.nesting.insert(place);
                Verdict::Begin
            }
            Callee::Workflow => Verdict::Crowd,
            Callee::Function if self.jobs.len() >= most => Verdict::Wait,
            Callee::Function => match self.calls.take(priority, &self.waker) {
                true => Verdict::Begin,
                false => Verdict::Wait,
            },
        }
    }
}

/// What an attempt at a place calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callee {
    /// Nothing: it sleeps, waits, or only finds out how many items there are.
    None,
    /// A function.
    Function,
    /// A workflow.
    Workflow,
}

impl Slot {
    pub(super) fn callee_at(&self, place: Place) -> Callee {
        let node = self.plan().node(place.node);
        match &node.kind {
            Kind::Call(_) if node.for_each.is_some() && place.item.is_none() => Callee::None,
            Kind::Call(call) if call.workflow => Callee::Workflow,
            Kind::Call(_) => Callee::Function,
            Kind::Sleep { .. } | Kind::Wait { .. } => Callee::None,
        }
    }
}
