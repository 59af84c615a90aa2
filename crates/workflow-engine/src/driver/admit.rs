//! Being among the runs that execute.

use std::sync::Arc;

use weft_types::RunStatus;
use weft_workflow::Event;

use super::Driver;
use super::slots::Key;
use crate::admission::Places;
use crate::flow::Bound;

/// Where a tree stands in admission.
pub(super) struct Admission {
    /// Its place among all runs that execute.
    runs: Places,
    /// Its outermost run's place among those of its workflow, where they are bounded: held to its end.
    flow: Option<Places>,
    /// Whether it has all the places that it needs.
    admitted: bool,
    /// Nested runs that wait for others of their workflow.
    nested: Vec<Key>,
}

impl Admission {
    /// With places that may have joined their lines already.
    pub(super) fn new((runs, flow): Reserved) -> Self {
        Self {
            runs,
            flow,
            admitted: false,
            nested: Vec::new(),
        }
    }

    /// The outermost run ended, or does not begin for now.
    pub(super) fn release(&mut self) {
        self.flow = None;
        self.park();
    }

    fn park(&mut self) {
        if self.admitted {
            self.admitted = false;
            self.runs.give_back();
        }
        self.runs.rest(false);
    }
}

/// Places, or such in line, that were taken before the driver was there: among all runs, and among those of the workflow.
pub(crate) type Reserved = (Places, Option<Places>);

impl Driver {
    /// Starts the outermost run where it has not, once it is admitted; likewise nested ones.
    pub(super) fn start_admitted(&mut self) {
        let waits =
            |slot: &super::Slot| !slot.state.is_started() && slot.state.status() == RunStatus::Waiting;
        if self
            .slots
            .get(self.root)
            .is_some_and(|slot| waits(slot) && slot.state.ending().is_none())
        {
            if self.inner.drivers.is_draining() {
                // It will not begin: whoever waits for the places to be free is not to wait for it.
                self.leave_line(self.root);
            } else if self.admit() {
                self.tell(self.root, Event::Started);
            }
        }
        for key in std::mem::take(&mut self.admission.nested) {
            self.admit_nested(key);
        }
    }

    /// Takes the places that the tree needs to execute, where it has not.
    pub(super) fn admit(&mut self) -> bool {
        if self.admission.admitted {
            return true;
        }
        let Some(slot) = self.slots.get(self.root) else {
            return true;
        };
        let (priority, depth) = (slot.terms.priority, slot.terms.depth);
        if self.admission.flow.is_none()
            && let Some(gate) = slot.flow.gate(slot.plan(), depth)
        {
            self.admission.flow = Some(Places::new(gate, 0));
        }
        if let Some(flow) = &mut self.admission.flow
            && flow.used() == 0
            && !flow.take(priority, &self.waker)
        {
            return false;
        }
        self.admission.admitted = self.admission.runs.take(priority, &self.waker);
        self.admission.admitted
    }

    /// Takes the place among those of its workflow that a run has which had started before the server was started anew.
    pub(super) fn hold_place(&mut self, key: Key) {
        let depth = self.slots.get(self.root).map_or(0, |root| root.terms.depth);
        let Some(slot) = self.slots.get_mut(key).filter(|slot| slot.state.is_started()) else {
            return;
        };
        let Some(gate) = slot.flow.gate(slot.plan(), depth) else {
            return;
        };
        let mut place = Places::new(gate, 0);
        place.take_anyway();
        match key == self.root {
            true => self.admission.flow = Some(place),
            false => slot.flow_place = Some(place),
        }
    }

    /// Gives up the places of a run that has not started, and those in line: others come first. It joins again once it may begin.
    pub(super) fn leave_line(&mut self, key: Key) {
        let Some(slot) = self.slots.get_mut(key).filter(|slot| !slot.state.is_started()) else {
            return;
        };
        (slot.flow_place, slot.flow_wait) = (None, None);
        if key == self.root {
            self.admission.release();
        }
    }

    /// Gives the place among all runs to another while nothing executes: a run may sleep for days, or what it waits for may
    /// need that very place.
    pub(super) fn park(&mut self) {
        let started = self
            .slots
            .get(self.root)
            .is_some_and(|slot| slot.state.is_started());
        if started && self.jobs.len() == 0 && self.ready.is_empty() {
            self.admission.park();
        }
    }

    /// Starts a nested run, once there are few enough of its workflow.
    pub(super) fn admit_nested(&mut self, key: Key) {
        let Some(slot) = self.slots.get(key) else {
            return;
        };
        let waits = slot.parent.is_some() && !slot.state.is_started() && slot.state.ending().is_none();
        if !waits || slot.is_paused() {
            return;
        }
        if self.take_flow_place(key) {
            self.tell(key, Event::Started);
        } else {
            self.admission.nested.push(key);
        }
    }

    /// Takes the place of a nested run among those of its workflow, or joins their line. Where those who have them wait, through other
    /// versions, for a run around it, it does not wait for them: it takes a place that there need not be.
    fn take_flow_place(&mut self, key: Key) -> bool {
        let depth = self.slots.get(self.root).map_or(0, |root| root.terms.depth);
        let Some(slot) = self.slots.get_mut(key) else {
            return true;
        };
        let Some(gate) = slot.flow.gate(&slot.open.plan, depth).map(Arc::clone) else {
            return true;
        };
        let (priority, wanted) = (slot.terms.priority, slot.flow.bound(depth));
        let place = slot.flow_place.get_or_insert_with(|| Places::new(&gate, 0));
        if place.used() > 0 || place.take(priority, &self.waker) {
            slot.flow_wait = None;
            return true;
        }
        if slot.flow_wait.is_some() {
            return false;
        }
        let waiting = self.inner.waits.begin(self.had_around(key, depth), wanted);
        let may_wait = waiting.is_some();
        if let Some(slot) = self.slots.get_mut(key) {
            slot.flow_wait = waiting;
            if !may_wait {
                let mut place = Places::new(&gate, 0);
                place.take_anyway();
                slot.flow_place = Some(place);
            }
        }
        !may_wait
    }

    /// What the runs around a nested one have places of.
    fn had_around(&self, key: Key, depth: u32) -> Box<[Bound]> {
        let above = |key: Key| Some(self.slots.get(key)?.parent.as_ref()?.key);
        let around = std::iter::successors(above(key), |key| above(*key));
        let had = around.filter_map(|key| {
            let slot = self.slots.get(key)?;
            let place = match key == self.root {
                true => self.admission.flow.as_ref(),
                false => slot.flow_place.as_ref(),
            };
            place.filter(|place| place.used() > 0)?;
            Some(slot.flow.bound(depth))
        });
        had.collect()
    }
}
