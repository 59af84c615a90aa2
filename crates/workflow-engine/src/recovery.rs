//! Taking up the runs that were open when the process ended.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use weft_types::image::Invalid;
use weft_types::{RunId, RunStatus};
use weft_workflow::event::{Accepted, Trigger};
use weft_workflow::frame::{FrameError, Reader};
use weft_workflow::{Event, Plan, Stamped};

use crate::Error;
use crate::admission::Places;
use crate::damaged::Damage;
use crate::driver::{Damaged, Driver, Key, NewSlot, Outbox, Parent, Slot, Slots, Terms};
use crate::engine::Inner;
use crate::mailbox::Mailbox;
use crate::metrics::count;
use crate::open_run::{OpenRun, Opening};
use crate::port::journal::Position;
use crate::port::workflows::NoPlan;

/// A run as it was found.
struct Found {
    accepted: Box<Accepted>,
    created_at: Timestamp,
    events: Vec<Stamped>,
    plan: Arc<Plan>,
}

/// Why a run cannot be taken up.
#[derive(Debug, thiserror::Error)]
enum NotTakenUp {
    #[error(transparent)]
    Frames(#[from] FrameError),
    #[error("it does not begin with its acceptance")]
    Headless,
    #[error(transparent)]
    State(#[from] Damaged),
    #[error("a value of it is damaged: {0}")]
    Value(#[from] Invalid),
    #[error(transparent)]
    Unplannable(NoPlan),
    #[error("the run {0} around it is left as it is")]
    Around(RunId),
}

/// Why there is no plan of a run.
enum Planless {
    /// It cannot be made, but may be by another version of this program.
    Left(NotTakenUp),
    /// For good, for this reason.
    Gone(String),
}

/// A tree of runs being put together again.
struct Growing<'a> {
    inner: &'a Arc<Inner>,
    found: &'a mut HashMap<RunId, Found>,
    /// The runs nested in each, as far as they are open.
    nested: &'a HashMap<RunId, Vec<RunId>>,
    slots: Slots,
    mailbox: Arc<Mailbox>,
    attached: Vec<(Parent, Key)>,
}

/// Who drives the open runs on. One that is damaged is left as it is, with a word about it.
pub(crate) async fn find(inner: &Arc<Inner>, runs: Vec<(RunId, Bytes)>) -> Result<Vec<Driver>, Error> {
    let mut found = HashMap::with_capacity(runs.len());
    let mut order = Vec::with_capacity(runs.len());
    let mut closed = None;
    // Runs around others that are left as they are: a later start may take them up. In the journal they come before what is nested in them.
    let mut left = HashSet::new();
    for (run, frames) in runs {
        let (accepted, events) = match read(run, frames.clone()) {
            Ok(read) => read,
            Err(error) => {
                left.insert(run);
                leave(inner, run, next_after(frames), &error);
                continue;
            }
        };
        let plan = match parent_of(&accepted).filter(|parent| left.contains(parent)) {
            Some(parent) => Err(Planless::Left(NotTakenUp::Around(parent))),
            None => inner.plan_of_accepted(&accepted),
        };
        match plan {
            Ok(plan) => {
                order.push(run);
                found.insert(run, Found::new(accepted, events, plan));
            }
            Err(Planless::Left(error)) => {
                left.insert(run);
                leave(inner, run, events.len() as u32, &error);
            }
            Err(Planless::Gone(why)) => closed = Some(close(inner, run, &events, why)?),
        }
    }
    if let Some(position) = closed {
        // Before anything looks for how they ended.
        let committed = inner.committed(position).await;
        committed.map_err(|broken| Error::Broken(broken.0))?;
    }
    Ok(drivers(inner, found, &order))
}

fn drivers(inner: &Arc<Inner>, mut found: HashMap<RunId, Found>, order: &[RunId]) -> Vec<Driver> {
    let mut nested: HashMap<RunId, Vec<RunId>> = HashMap::new();
    let mut roots = Vec::new();
    for run in order {
        match found.get(run).and_then(Found::parent) {
            Some(parent) if found.contains_key(&parent) => nested.entry(parent).or_default().push(*run),
            orphaned_by => roots.push((*run, orphaned_by)),
        }
    }
    let next: HashMap<RunId, u32> = found
        .iter()
        .map(|(run, found)| (*run, found.events.len() as u32))
        .collect();
    let mut drivers = Vec::with_capacity(roots.len());
    for (root, orphaned_by) in roots {
        match grow(inner, &mut found, &nested, root) {
            Ok(driver) => drivers.push((driver, orphaned_by)),
            Err(error) => {
                for run in tree(root, &nested) {
                    leave(inner, run, next.get(&run).copied().unwrap_or(0), &error);
                }
            }
        }
    }
    drivers.iter_mut().for_each(|(driver, _)| driver.hold_places());
    let taken_up = drivers.into_iter().map(|(mut driver, orphaned_by)| {
        driver.take_up();
        if let Some(parent) = orphaned_by {
            driver.end_orphan(parent);
        }
        driver
    });
    taken_up.collect()
}

/// A run and all that are nested in it.
fn tree(root: RunId, nested: &HashMap<RunId, Vec<RunId>>) -> Vec<RunId> {
    let mut tree = vec![root];
    let mut at = 0;
    while let Some(run) = tree.get(at) {
        tree.extend(nested.get(run).into_iter().flatten().copied());
        at += 1;
    }
    tree
}

/// Puts the tree of a run together.
fn grow(
    inner: &Arc<Inner>,
    found: &mut HashMap<RunId, Found>,
    nested: &HashMap<RunId, Vec<RunId>>,
    root: RunId,
) -> Result<Driver, NotTakenUp> {
    let mut growing = Growing {
        inner,
        found,
        nested,
        slots: Slots::default(),
        mailbox: Arc::new(Mailbox::new()),
        attached: Vec::new(),
    };
    let added = growing.add(root, None);
    let Growing {
        mut slots,
        mailbox,
        attached,
        ..
    } = growing;
    let key = match added {
        Ok(key) => key,
        Err(error) => {
            // Nobody will drive those that are sound.
            for key in slots.keys() {
                slots.get_mut(key).into_iter().for_each(Slot::uncount_status);
            }
            return Err(error);
        }
    };
    let of_root = |slot: &Slot| (slot.flow.group, slot.terms.depth);
    let (group, depth) = slots.get(key).map_or((0, 0), of_root);
    let open: Vec<_> = slots.iter().map(|(_, slot)| Arc::clone(&slot.open)).collect();
    let reserved = (Places::new(inner.runs.at(depth), group), None);
    let mut driver = Driver::new(inner, key, slots, mailbox, Outbox::default(), reserved);
    for (parent, nested) in attached {
        driver.attach(parent, nested);
    }
    for open in open {
        inner.registry.insert(open);
    }
    Ok(driver)
}

impl Growing<'_> {
    /// Adds a run and those nested in it.
    fn add(&mut self, run: RunId, parent: Option<Parent>) -> Result<Key, NotTakenUp> {
        let Some(found) = self.found.remove(&run) else {
            return Err(NotTakenUp::Headless);
        };
        let slot = found.slot(self.inner, self.slots.next_key(), &self.mailbox, parent)?;
        let key = self.slots.insert(slot);
        if let Some(parent) = parent {
            self.attached.push((parent, key));
        }
        for nested in self.nested.get(&run).into_iter().flatten() {
            let found = self.found.get(nested);
            let begun = found.and_then(|found| Some((found.place()?, found.created_at)));
            if let (Some((place, since)), Some(slot)) = (begun, self.slots.get(key)) {
                let attempt = slot.attempt(place);
                self.add(
                    *nested,
                    Some(Parent {
                        key,
                        place,
                        attempt,
                        since,
                    }),
                )?;
            }
        }
        Ok(key)
    }
}

impl Found {
    fn new(accepted: Box<Accepted>, events: Vec<Stamped>, plan: Arc<Plan>) -> Self {
        Self {
            created_at: events.first().map_or(Timestamp::UNIX_EPOCH, |first| first.at),
            accepted,
            events,
            plan,
        }
    }

    fn parent(&self) -> Option<RunId> {
        parent_of(&self.accepted)
    }

    fn place(&self) -> Option<weft_workflow::Place> {
        match &self.accepted.trigger {
            Trigger::Parent { place, .. } => Some(*place),
            Trigger::Direct | Trigger::Schedule | Trigger::Backfill | Trigger::Rerun { .. } => None,
        }
    }

    fn slot(
        self,
        inner: &Arc<Inner>,
        key: Key,
        mailbox: &Arc<Mailbox>,
        parent: Option<Parent>,
    ) -> Result<Box<Slot>, NotTakenUp> {
        let (accepted, plan) = (self.accepted, self.plan);
        let bounds = inner.config.values;
        let arguments = accepted.arguments.verify(&plan.signature.params, bounds)?;
        let globals = match (&accepted.globals, &plan.globals) {
            (Some(stored), Some(globals)) => Some(stored.verify(&globals.ty, bounds)?),
            (_, _) => None,
        };
        let counted = parent.is_none();
        let counted = counted.then(|| inner.config.accounts.of(&accepted.project).resume_run());
        let open = OpenRun::new(Opening {
            counted,
            run: accepted.run,
            project: accepted.project.clone(),
            workflow: accepted.workflow.clone(),
            version: accepted.version,
            plan,
            durable: true,
            kept: None,
            key,
            mailbox: Arc::clone(mailbox),
        });
        open.pass(inner.ports.journal.committed());
        let mut slot = Slot::new(NewSlot {
            flow: inner.flow(&open.project, &open.workflow),
            open,
            terms: Terms::of(&accepted),
            created_at: self.created_at,
            arguments,
            globals,
            parent,
            express_bytes: 0,
        });
        slot.replay(&self.events, inner)?;
        slot.flow.begins(slot.plan());
        Ok(slot)
    }
}

impl Inner {
    fn plan_of_accepted(&self, accepted: &Accepted) -> Result<Arc<Plan>, Planless> {
        let version = Some(accepted.version);
        let found = self
            .ports
            .workflows
            .plan(&accepted.project, &accepted.workflow, version);
        match found {
            Ok((_, plan)) if plan.digest == accepted.plan => Ok(plan),
            Ok(_) => Err(Planless::Gone(format!(
                "version {} of `{}` is another one now",
                accepted.version, accepted.workflow
            ))),
            Err(error @ NoPlan::Unplannable(..)) => Err(Planless::Left(NotTakenUp::Unplannable(error))),
            Err(error @ (NoPlan::NoWorkflow(_) | NoPlan::NoVersion(..) | NoPlan::Other(..))) => {
                Err(Planless::Gone(error.to_string()))
            }
        }
    }
}

/// The run that a run is nested in.
fn parent_of(accepted: &Accepted) -> Option<RunId> {
    match &accepted.trigger {
        Trigger::Parent { run, .. } => Some(*run),
        Trigger::Direct | Trigger::Schedule | Trigger::Backfill | Trigger::Rerun { .. } => None,
    }
}

fn read(run: RunId, frames: Bytes) -> Result<(Box<Accepted>, Vec<Stamped>), NotTakenUp> {
    let events: Result<Vec<_>, _> = Reader::of(run, 0, frames)
        .map(|frame| frame.map(|frame| frame.stamped))
        .collect();
    let events = events?;
    match events.first().map(|first| &first.event) {
        Some(Event::Accepted(accepted)) => Ok((accepted.clone(), events)),
        _ => Err(NotTakenUp::Headless),
    }
}

/// A run that cannot go on, as its plan is gone: it failed.
fn close(inner: &Arc<Inner>, run: RunId, events: &[Stamped], why: String) -> Result<Position, Error> {
    tracing::error!(%run, why, "an open run fails: it cannot go on");
    inner.close_unread(run, events.len() as u32, RunStatus::Failed, why)
}

/// A run stays as it is until somebody cancels it; its next event would be number `next`.
fn leave(inner: &Arc<Inner>, run: RunId, next: u32, error: &NotTakenUp) {
    let why = match error {
        NotTakenUp::Unplannable(_) | NotTakenUp::Around(_) => error.to_string(),
        NotTakenUp::Frames(_) | NotTakenUp::Headless | NotTakenUp::State(_) | NotTakenUp::Value(_) => {
            format!("what is stored of it is damaged: {error}")
        }
    };
    tracing::error!(%run, why, "an open run is left as it is");
    count(&inner.totals.damaged);
    inner.damaged.put(run, Damage { next, why });
}

/// The number of the event that would follow those in some frames, readable or not.
fn next_after(frames: Bytes) -> u32 {
    let mut reader = Reader::new(frames);
    let frames = std::iter::from_fn(|| reader.next_raw()?.ok());
    frames.last().map_or(0, |frame| frame.seq.wrapping_add(1))
}
