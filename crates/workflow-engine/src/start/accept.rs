//! From a request to the first event of a run.

use std::sync::Arc;

use jiff::Timestamp;
use weft_quotas::Held;
use weft_types::{Address, ProjectName, RunId, Type, Value, VersionNumber};
use weft_workflow::event::{Accepted, Stored, after};
use weft_workflow::{Place, Plan};

use super::StartRun;
use crate::driver::{Key as SlotKey, NewSlot, ReusedItem, Slot, Terms};
use crate::engine::Inner;
use crate::express::Kept;
use crate::mailbox::Mailbox;
use crate::open_run::{OpenRun, Opening};
use crate::port::blobs::BlobError;
use crate::port::journal::{Hold, Key};
use crate::values::Large;
use crate::{Error, random};

/// Blobs that are asked for at a time.
const MOST_NAMED: usize = 1_000;

/// A run that is being accepted.
pub(super) struct Accepting {
    pub(super) project: ProjectName,
    /// The caller's key, as the journal keeps it.
    pub(super) key: Option<Key>,
    run: RunId,
    now: Timestamp,
    version: VersionNumber,
    plan: Arc<Plan>,
    start: StartRun,
    /// The outputs of the nodes that are given, in their order.
    outputs: Vec<Option<Value>>,
    /// The items that are reused.
    items: Vec<ReusedItem>,
    /// Its place among the open runs of its project, once it has one.
    counted: Option<Held>,
}

impl Accepting {
    pub(super) fn new(
        inner: &Inner,
        mut start: StartRun,
        (version, plan): (VersionNumber, Arc<Plan>),
    ) -> Result<Self, Error> {
        let outputs = inner.given_outputs(&start, &plan)?;
        let items = inner.reused_items(&mut start, &plan)?;
        let now = inner.ports.clock.now();
        let run = start.run.unwrap_or_else(|| RunId::at(now, random::bytes()));
        let key = start.key.take().map(|key| Key {
            project: start.project.clone(),
            workflow: start.workflow.clone(),
            key: key.key,
            request: key.request,
            run,
            expires_at: after(now, inner.config.key_lifetime),
        });
        Ok(Self {
            project: start.project.clone(),
            key,
            run,
            now,
            version,
            plan,
            start,
            outputs,
            items,
            counted: None,
        })
    }

    /// Takes a place among the open runs of the project.
    pub(super) fn counted(mut self, inner: &Inner) -> Result<Self, Error> {
        self.counted = Some(inner.config.accounts.of(&self.project).begin_run()?);
        Ok(self)
    }

    /// Stores the values that are too large for the journal, and keeps those that lie in blobs already: what referred to them may be
    /// removed at any time.
    pub(super) async fn keep_values(mut self, inner: &Arc<Inner>) -> Result<Self, Error> {
        let plan = Arc::clone(&self.plan);
        let params = &plan.signature.params;
        keep(inner, &self.project, &mut self.start.arguments, params).await?;
        if let (Some(globals), Some(of_plan)) = (&mut self.start.globals, &plan.globals) {
            keep(inner, &self.project, globals, &of_plan.ty).await?;
        }
        for (given, output) in self.start.given.iter_mut().zip(&mut self.outputs) {
            if let (Some(value), Some(ty)) = (output, &plan.node(given.node).output) {
                keep(inner, &self.project, value, ty).await?;
                given.output = Some(Stored::from(&*value));
            }
        }
        self.keep_items(inner).await?;
        Ok(self)
    }

    /// Outputs of items come from the journal: what is large among them lies in blobs already.
    async fn keep_items(&self, inner: &Inner) -> Result<(), Error> {
        let outputs = self.items.iter().filter_map(|item| item.output.as_ref());
        let blobs: Vec<_> = outputs.filter_map(|value| Stored::from(value).blob()).collect();
        for blobs in blobs.chunks(MOST_NAMED) {
            let named = blobs.iter().map(|digest| (self.project.clone(), *digest));
            inner.ports.blobs.keep(named.collect()).await?;
        }
        Ok(())
    }

    /// The run as its driver knows it, before its first events, and these: its acceptance, and the items that are reused.
    pub(super) fn slot(
        mut self,
        inner: &Arc<Inner>,
        key: SlotKey,
        mailbox: &Arc<Mailbox>,
    ) -> (Box<Slot>, (Box<Accepted>, Vec<ReusedItem>)) {
        let outputs = std::mem::take(&mut self.outputs);
        let items = std::mem::take(&mut self.items);
        let (mut slot, accepted) = self.empty_slot(inner, key, mailbox);
        for (given, output) in accepted.given.iter().zip(outputs) {
            slot.set_output(Place::of(given.node), output);
        }
        (slot, (accepted, items))
    }

    fn empty_slot(
        mut self,
        inner: &Arc<Inner>,
        key: SlotKey,
        mailbox: &Arc<Mailbox>,
    ) -> (Box<Slot>, Box<Accepted>) {
        let durable = crate::driver::is_durable(&self.plan);
        let open = OpenRun::new(Opening {
            run: self.run,
            project: self.project.clone(),
            workflow: self.start.workflow.clone(),
            version: self.version,
            durable,
            kept: (!durable).then(|| Kept::new(inner.config.express_bytes)),
            plan: Arc::clone(&self.plan),
            key,
            mailbox: Arc::clone(mailbox),
            counted: self.counted.take(),
        });
        let created_at = self.now;
        let (arguments, globals) = (self.start.arguments.clone(), self.start.globals.clone());
        let accepted = self.accepted(inner);
        let slot = Slot::new(NewSlot {
            flow: inner.flow(&open.project, &open.workflow),
            open,
            terms: Terms::of(&accepted),
            created_at,
            arguments,
            globals,
            parent: None,
            express_bytes: inner.config.express_bytes,
        });
        (slot, accepted)
    }

    fn accepted(self, inner: &Inner) -> Box<Accepted> {
        let Self {
            run,
            now,
            version,
            plan,
            start,
            ..
        } = self;
        let defaults = &plan.defaults;
        let timeout = [start.timeout, defaults.timeout].into_iter().flatten().min();
        Box::new(Accepted {
            run,
            project: start.project,
            workflow: start.workflow,
            version,
            plan: plan.digest,
            // A plan has far fewer than 2^32 nodes: their indices are `u32`.
            nodes: plan.nodes.len() as u32,
            arguments: Stored::from(&start.arguments),
            globals: start.globals.as_ref().map(Stored::from),
            seed: start.seed.unwrap_or_else(random::bytes),
            submitter: start.submitter,
            trigger: start.trigger,
            scheduled_at: start.scheduled_at,
            priority: start.priority.unwrap_or(defaults.priority),
            deadline: timeout.map(|timeout| after(now, timeout)),
            group: start
                .group
                .or_else(|| defaults.group.as_deref().map(str::to_owned)),
            labels: start.labels,
            extras: start.extras,
            host: inner.config.host.clone(),
            trace: start.trace,
            depth: start.depth,
            given: start.given,
            left_out: start.left_out,
        })
    }
}

/// Has a value survive whatever it came from.
pub(crate) async fn keep(
    inner: &Arc<Inner>,
    project: &ProjectName,
    value: &mut Value,
    ty: &Type,
) -> Result<(), Error> {
    match value {
        Value::Direct(image) if inner.is_large(image) => {
            let large = Large::new(image.clone(), ty);
            *value = inner.keep_now(project, large).await?;
        }
        Value::Direct(_) => {}
        Value::Address(Address::Blob(address)) => {
            let named = vec![(project.clone(), address.digest)];
            inner.ports.blobs.keep(named).await?;
        }
    }
    Ok(())
}

impl Inner {
    /// Stores a value for a caller, who is told where that does not work.
    pub(crate) async fn keep_now(&self, project: &ProjectName, large: Large) -> Result<Value, Error> {
        let kept = self.try_to_keep(project, &large).await;
        kept.map_err(|error| match error {
            BlobError::Full => Error::OnHold {
                why: Hold::DiskFull,
                retry_after: self.config.retry_after,
            },
            error => Error::Blob(error),
        })
    }
}
