//! Starting a run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use weft_types::{Digest, FunctionName, Priority, ProjectName, RunId, Value, VersionNumber};
use weft_workflow::event::{Accepted, Given, Stored, Trigger};
use weft_workflow::{NodeIndex, Plan};

use crate::admission::Places;
use crate::driver::{Driver, Outbox, Refused, ReusedItem, Slot, Slots, begin_run, reuse_items};
use crate::engine::{Engine, Inner};
use crate::keys::{Claim, Same};
use crate::mailbox::Mailbox;
use crate::open_run::{Lost, OpenRun, Outcome};
use crate::port::journal::{Key, Position};
use crate::{Error, RunHandle};

mod accept;
mod check;

use accept::Accepting;
pub(crate) use accept::keep;
pub(crate) use check::check_value;

/// A run that is to be.
#[derive(Clone, Debug)]
pub struct StartRun {
    /// The namespace.
    pub project: ProjectName,
    /// The workflow.
    pub workflow: FunctionName,
    /// Its version; none takes the active one.
    pub version: Option<VersionNumber>,
    /// What it is called with: a value of the signature's parameter record.
    pub arguments: Value,
    /// The global parameters, a value of the plan's record of them; none leaves them as the plan says.
    pub globals: Option<Value>,
    /// Who calls; at most [`MAX_TEXT`](crate::MAX_TEXT) bytes.
    pub submitter: String,
    /// What starts it.
    pub trigger: Trigger,
    /// When it was meant to start, for triggers that have such a time.
    pub scheduled_at: Option<Timestamp>,
    /// How urgent it is; none leaves it to the workflow.
    pub priority: Option<Priority>,
    /// How long it may take; the workflow's own bound applies where it is shorter.
    pub timeout: Option<Duration>,
    /// Labels that pools must carry; none leaves it to the workflow.
    pub group: Option<String>,
    /// For filtering.
    pub labels: BTreeMap<String, String>,
    /// Free members, kept and answered as they are: JSON text, or empty.
    pub extras: String,
    /// The W3C trace and span that it belongs to.
    pub trace: ([u8; 16], [u8; 8]),
    /// How many runs and calls of functions by functions led here. A run deeper than [`Config::depth`](crate::Config::depth) is
    /// refused.
    pub depth: u32,
    /// The caller's idempotency key.
    pub key: Option<CallerKey>,
    /// Values given in place of executing nodes.
    pub given: Vec<Given>,
    /// Nodes that are not executed at all.
    pub left_out: Vec<NodeIndex>,
    /// Outputs of items that need not be executed, as the run that this one repeats did: by node and item, each once, in this order.
    pub reused_items: BTreeMap<(NodeIndex, u32), Option<Stored>>,
    /// The id that it gets, where [`Engine::started_before`] has told that nothing has it; none draws one.
    pub run: Option<RunId>,
    /// What randomness of nodes without effects is derived from, to repeat another run; none draws it.
    pub seed: Option<[u8; 32]>,
    /// What the caller waits for.
    pub answer: Answer,
}

/// A caller's idempotency key. It is remembered for [`Config::key_lifetime`](crate::Config::key_lifetime).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerKey {
    /// What the caller chose; at most [`MAX_TEXT`](crate::MAX_TEXT) bytes.
    pub key: String,
    /// The hash of everything that the caller asks for: what a key stands for.
    pub request: Digest,
}

/// What a caller waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// The run's end, through the handle. Its acceptance is committed together with that, or when somebody needs the id.
    #[default]
    End,
    /// The run's id: its acceptance is committed before [`Engine::start`] returns.
    Id,
}

impl StartRun {
    /// A direct call of the active version that waits for the end, with nothing else said.
    #[must_use]
    pub fn new(project: ProjectName, workflow: FunctionName, arguments: Value) -> Self {
        Self {
            project,
            workflow,
            version: None,
            arguments,
            globals: None,
            submitter: String::new(),
            trigger: Trigger::Direct,
            scheduled_at: None,
            priority: None,
            timeout: None,
            group: None,
            labels: BTreeMap::new(),
            extras: String::new(),
            trace: ([0; 16], [0; 8]),
            depth: 0,
            key: None,
            given: Vec::new(),
            left_out: Vec::new(),
            reused_items: BTreeMap::new(),
            run: None,
            seed: None,
            answer: Answer::End,
        }
    }
}

impl Engine {
    /// Starts a run, which is driven on the runtime that this is called on, whether or not anybody waits for it.
    ///
    /// With an idempotency key that stands for the same request already, answers the handle of the run that it stands for; where
    /// the caller waits for the end and that run is still under way, this is an error.
    ///
    /// # Errors
    /// Where there is no such workflow, the request is out of bounds, too much is under way, the store cannot be written to, or the
    /// key stands for another request.
    pub async fn start(&self, start: StartRun) -> Result<RunHandle, Error> {
        let inner = &self.0;
        inner.check_open()?;
        let workflows = &inner.ports.workflows;
        let planned = workflows.plan(&start.project, &start.workflow, start.version)?;
        inner.check_start(&start, &planned.1)?;
        inner.check_room(&start, &planned.1)?;
        let answer = start.answer;
        let accepting = Accepting::new(inner, start, planned)?;
        if let Some(key) = &accepting.key
            && let Some(same) = inner.claim(key)?
        {
            return self.same_run(key, same, answer).await;
        }
        self.start_claimed(accepting, answer).await
    }

    /// Starts a run whose key, if it has one, is its own.
    async fn start_claimed(&self, accepting: Accepting, answer: Answer) -> Result<RunHandle, Error> {
        let inner = &self.0;
        // Goes back where the run is refused, and where whoever asked gives up while a value is being stored.
        let claimed = Claimed {
            inner,
            key: accepting.key.clone(),
        };
        let accepting = accepting.counted(inner)?.keep_values(inner).await?;
        let handle = self.begin(accepting, answer)?;
        claimed.keep();
        if answer == Answer::Id {
            handle.accepted().await?;
        }
        Ok(handle)
    }

    fn begin(&self, accepting: Accepting, answer: Answer) -> Result<RunHandle, Error> {
        let inner = &self.0;
        let mailbox = Arc::new(Mailbox::new());
        let slots = Slots::default();
        let key = accepting.key.clone();
        let (slot, first) = accepting.slot(inner, slots.next_key(), &mailbox);
        let open = Arc::clone(&slot.open);
        // From now on its workflow is not deleted; until now it may have been.
        inner.registry.insert(Arc::clone(&open));
        let driven = inner
            .check_still_there(&open)
            .and_then(|()| inner.drive(slot, slots, first, key, answer));
        match driven {
            Ok(()) => Ok(RunHandle::open(self.clone(), open)),
            Err(error) => {
                inner.registry.remove(open.run);
                open.end(Err(Lost::Abandoned));
                Err(error)
            }
        }
    }

    /// The run that a key stands for.
    async fn same_run(&self, key: &Key, same: Same, answer: Answer) -> Result<RunHandle, Error> {
        let handle = match same {
            Same::Run(run) => match self.handle(&key.project, run).await {
                Err(Error::NoRun(run)) => return Err(Error::KeyOutlived(run)),
                found => found?,
            },
            Same::Ended(outcome) => self.ended_handle(key, outcome)?,
        };
        match answer {
            Answer::End if handle.is_closed() => Ok(handle),
            Answer::End => {
                // It is not told of before it is committed.
                handle.accepted().await?;
                Err(Error::KeyInFlight(Some(handle.id())))
            }
            Answer::Id => {
                handle.accepted().await?;
                Ok(handle)
            }
        }
    }
}

impl Engine {
    /// A run of which all that is known for sure is how it ended.
    fn ended_handle(&self, key: &Key, outcome: Arc<Outcome>) -> Result<RunHandle, Error> {
        let workflows = &self.0.ports.workflows;
        let (_, plan) = workflows.plan(&key.project, &key.workflow, Some(outcome.version))?;
        Ok(RunHandle::closed(
            self.clone(),
            key.project.clone(),
            outcome,
            plan,
        ))
    }
}

impl Inner {
    fn check_still_there(&self, open: &OpenRun) -> Result<(), Error> {
        let workflows = &self.ports.workflows;
        workflows.plan(&open.project, &open.workflow, Some(open.version))?;
        Ok(())
    }

    /// Has a run driven from its acceptance on.
    fn drive(
        self: &Arc<Self>,
        mut slot: Box<Slot>,
        mut slots: Slots,
        (accepted, reused): (Box<Accepted>, Vec<ReusedItem>),
        key: Option<Key>,
        answer: Answer,
    ) -> Result<(), Error> {
        let mut outbox = Outbox::default();
        let invalid = |refused: Refused| Error::Invalid {
            what: "run",
            message: refused.to_string(),
        };
        begin_run(&mut slot, accepted, &mut outbox).map_err(invalid)?;
        if let Some(key) = key {
            slot.attach_key(key, &mut outbox);
        }
        reuse_items(&mut slot, reused, &mut outbox).map_err(invalid)?;
        let accepted_at = match answer {
            Answer::Id if slot.open.durable => self.pass_acceptance(&mut slot, &mut outbox)?,
            Answer::Id | Answer::End => None,
        };
        let reserved = self.reserve(&slot);
        let mailbox = Arc::clone(&slot.open.mailbox);
        let root = slots.insert(slot);
        let mut driver = Driver::new(self, root, slots, Arc::clone(&mailbox), outbox, reserved);
        driver.watch_deadline(root);
        if let Some(position) = accepted_at {
            driver.accepted_at(position);
        }
        tokio::spawn(driver);
        if self.drivers.is_draining() {
            mailbox.stop();
        }
        Ok(())
    }

    /// Takes a key. Where it stands for the same request already, answers the run.
    fn claim(&self, key: &Key) -> Result<Option<Same>, Error> {
        match self.keys.claim(key, self.ports.clock.now()) {
            Claim::Taken => Ok(None),
            Claim::Same(same) => Ok(Some(same)),
            Claim::Beginning => Err(Error::KeyInFlight(None)),
            Claim::Other => Err(Error::KeyReused),
            Claim::Full => Err(self.overloaded("too many idempotency keys are remembered")),
        }
    }

    fn check_room(&self, start: &StartRun, plan: &Plan) -> Result<(), Error> {
        if self.registry.len() >= self.config.open_runs {
            return Err(self.overloaded("too many runs are open"));
        }
        let flow = self.flow(&start.project, &start.workflow);
        let gate = flow.gate(plan, start.depth);
        let gate = gate.unwrap_or(self.runs.at(start.depth));
        let crowded = |_| self.overloaded("too many runs wait to be admitted");
        gate.check_room().map_err(crowded)
    }

    /// Has a run take its place in line now; its driver looks after it from its first turn on. Where the runs of its workflow are
    /// bounded it waits for those first, and for no other until then.
    fn reserve(&self, slot: &Slot) -> (Places, Option<Places>) {
        let depth = slot.terms.depth;
        let mut runs = Places::new(self.runs.at(depth), slot.flow.group);
        slot.flow.begins(slot.plan());
        let gate = slot.flow.gate(slot.plan(), depth);
        let mut flow = gate.map(|gate| Places::new(gate, 0));
        flow.as_mut().unwrap_or(&mut runs).reserve(slot.terms.priority);
        (runs, flow)
    }

    /// Hands the acceptance to the journal before anything else happens: the caller waits for nothing but that.
    fn pass_acceptance(
        self: &Arc<Self>,
        slot: &mut Slot,
        outbox: &mut Outbox,
    ) -> Result<Option<Position>, Error> {
        let mut position = None;
        let passed = outbox.pass(&*self.ports.journal, |passed| position = Some(passed.position));
        match (passed, position) {
            // Once the acceptance is passed there is a run: what is left, its items that are reused, follows.
            (_, Some(_)) | (Ok(()), None) => Ok(position),
            (Err(error), None) => {
                slot.uncount_status();
                Err(self.told_by_journal(error, Position::default()))
            }
        }
    }
}

/// A key that goes back unless it is kept.
struct Claimed<'a> {
    inner: &'a Inner,
    key: Option<Key>,
}

impl Claimed<'_> {
    fn keep(mut self) {
        if let Some(key) = self.key.take() {
            self.inner.keys.begin(&key);
        }
    }
}

impl Drop for Claimed<'_> {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            self.inner.keys.release(key);
        }
    }
}
