//! A run under test, which checks after every event what must hold after every event.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use weft_types::{NodeStatus, RunStatus};

use super::sketch::seven;
use crate::event::{Accepted, ErrorCode, Event, Finished, NodeError, Place, Stamped, Stored, Trigger, Usage};
use crate::plan::{Kind, NodeIndex, Plan};
use crate::state::{Action, Illegal, RunState, decide, resume};

/// A run and all that happened in it.
pub(crate) struct Live<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) state: RunState,
    pub(crate) events: Vec<Stamped>,
    pub(crate) outstanding: Outstanding,
    pub(crate) now: Timestamp,
}

/// What was given and not answered, kept by the rules that `Action` documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outstanding {
    pub(crate) places: BTreeMap<Place, Action>,
    pub(crate) finish: Option<RunStatus>,
}

impl<'a> Live<'a> {
    /// A run that was accepted.
    pub(crate) fn accepted(plan: &'a Plan) -> Self {
        Self::with(plan, accepted(plan))
    }

    /// A run that was accepted so.
    pub(crate) fn with(plan: &'a Plan, accepted: Accepted) -> Self {
        let mut live = Self {
            plan,
            state: RunState::new(plan),
            events: Vec::new(),
            outstanding: Outstanding::default(),
            now: Timestamp::from_second(1_800_000_000).unwrap(),
        };
        assert_eq!(live.take(Event::Accepted(Box::new(accepted))), []);
        live
    }

    /// A run that was accepted and admitted, and what is to be done first.
    pub(crate) fn started(plan: &'a Plan) -> (Self, Vec<Action>) {
        let mut live = Self::accepted(plan);
        let actions = live.take(Event::Started);
        (live, actions)
    }

    /// A second passes, and a legal event happens.
    pub(crate) fn take(&mut self, event: Event) -> Vec<Action> {
        self.now = self.now.checked_add(SignedDuration::from_secs(1)).unwrap();
        let before = self.state.clone();
        let mut actions = Vec::new();
        decide(self.plan, &mut self.state, self.now, &event, &mut actions).unwrap();
        self.outstanding.answered(&event);
        actions.iter().for_each(|action| self.outstanding.given(action));
        if self.outstanding.finish.is_some() {
            assert!(
                self.outstanding.places.is_empty(),
                "work is left: {:?}",
                self.outstanding
            );
        }
        self.events.push(Stamped::new(self.now, event));
        self.check(&before);
        actions.iter().for_each(|action| self.check_given(action));
        actions
    }

    /// An event is refused, and leaves no trace.
    pub(crate) fn refuse(&mut self, event: &Event) -> Illegal {
        let before = self.state.clone();
        let mut actions = Vec::new();
        let illegal = decide(self.plan, &mut self.state, self.now, event, &mut actions).unwrap_err();
        assert_eq!((&self.state, &actions[..]), (&before, &[][..]), "{illegal}");
        illegal
    }

    fn check(&self, before: &RunState) {
        let resumed = Outstanding::of(resume(self.plan, &self.state));
        assert_eq!(resumed, self.outstanding, "after {:?}", self.events);
        for (node, _) in self.plan.iter() {
            let (was, is) = (before.node(node), self.state.node(node));
            if was.status.is_closed() {
                assert_eq!(was, is, "a node that is over stays so");
            }
        }
        let counts = self.state.counts();
        let closed = counts.succeeded + counts.skipped + counts.failed + counts.cancelled;
        let nodes = self
            .plan
            .iter()
            .filter(|(node, _)| self.state.node(*node).status.is_closed());
        assert_eq!(closed as usize, nodes.count());
        assert!(self.state.progress() >= before.progress());
        assert!(self.state.progress() <= 1.0);
    }

    /// New work is given only where it may begin.
    fn check_given(&self, action: &Action) {
        let node = match *action {
            Action::Dispatch(node) => {
                self.check_needs(node);
                node
            }
            Action::DispatchItem(node, _) => node,
            Action::Retry { place, .. } => place.node,
            Action::Await { .. }
            | Action::Gather(_)
            | Action::Catch(_)
            | Action::Stop(_)
            | Action::Finish(_) => return,
        };
        assert_eq!(self.state.status(), RunStatus::Running);
        assert_eq!(self.state.ending(), None);
        if let Some(for_each) = &self.plan.node(node).for_each {
            let places = self.outstanding.places.keys();
            let items = places.filter(|place| place.node == node && place.item.is_some());
            assert!(items.count() <= for_each.concurrency as usize);
        }
    }

    /// All that a node needs is over, and there where its value is needed.
    fn check_needs(&self, node: NodeIndex) {
        for need in &self.plan.node(node).needs {
            match self.state.node(need.node).status {
                NodeStatus::Succeeded => {}
                NodeStatus::Skipped => assert!(!need.value, "{need:?} of {node:?}"),
                other => panic!("{need:?} of {node:?} is {other:?}"),
            }
        }
        if let Some(caught) = self.plan.node(node).catches {
            assert!(self.state.caught(caught).is_some(), "nothing calls for {node:?}");
        }
    }

    /// What happened so far gives this very state again.
    pub(crate) fn check_replay(&self) {
        let folded = RunState::fold(self.plan, &self.events).unwrap();
        assert_eq!(folded, self.state);
    }

    /// A crash: what happened after the first `kept` events is lost.
    pub(crate) fn crash(&mut self, kept: usize) {
        self.events.truncate(kept);
        self.state = RunState::fold(self.plan, &self.events).unwrap();
        self.outstanding = Outstanding::of(resume(self.plan, &self.state));
    }

    pub(crate) fn node(&self, name: &str) -> NodeIndex {
        self.plan.find(name).unwrap()
    }

    pub(crate) fn status(&self, name: &str) -> NodeStatus {
        self.state.node(self.node(name)).status
    }

    /// The event that ends the run as it was decided.
    pub(crate) fn finished(&self) -> Event {
        let status = self.state.ending().unwrap();
        Event::Finished(Box::new(Finished {
            status,
            result: None,
            failure: self.state.failure().cloned(),
            counts: self.state.counts(),
        }))
    }
}

impl Outstanding {
    fn of(actions: Vec<Action>) -> Self {
        let mut outstanding = Self::default();
        for action in actions {
            match outstanding.put(&action) {
                None => {}
                Some(first) => panic!("{action:?} while {first:?} is not answered"),
            }
        }
        outstanding
    }

    /// No two at one place, but for a stop; the end comes alone.
    fn given(&mut self, action: &Action) {
        assert_eq!(self.finish, None, "{action:?} after the end");
        match (action, self.put(action)) {
            (Action::Stop(place), None | Some(Action::Stop(_))) => panic!("nothing to stop at {place:?}"),
            (Action::Stop(_), Some(_)) | (_, None) => {}
            (_, Some(first)) => panic!("{action:?} while {first:?} is not answered"),
        }
    }

    fn put(&mut self, action: &Action) -> Option<Action> {
        let place = match *action {
            Action::Dispatch(node) | Action::Gather(node) | Action::Catch(node) => Place::of(node),
            Action::Await { node, .. } => Place::of(node),
            Action::DispatchItem(node, item) => Place::item(node, item),
            Action::Retry { place, .. } | Action::Stop(place) => place,
            Action::Finish(status) => {
                self.finish = Some(status);
                return None;
            }
        };
        self.places.insert(place, action.clone())
    }

    fn answered(&mut self, event: &Event) {
        let place = match event {
            Event::NodeSucceeded { place, .. } | Event::NodeFailed { place, .. } => *place,
            Event::Expanded { node, .. } | Event::Suspended { node, .. } | Event::NodeSkipped { node } => {
                Place::of(*node)
            }
            Event::Finished(_) => {
                assert!(self.finish.take().is_some());
                return;
            }
            Event::Accepted(_)
            | Event::Started
            | Event::NodeStarted { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::CancelRequested { .. }
            | Event::DeadlinePassed
            | Event::Completed { .. }
            | Event::ItemReused { .. } => return,
        };
        assert!(self.places.remove(&place).is_some(), "{event:?} answers nothing");
    }
}

/// How a run of a plan is accepted.
pub(crate) fn accepted(plan: &Plan) -> Accepted {
    Accepted {
        run: "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b".parse().unwrap(),
        project: "default".parse().unwrap(),
        workflow: "order".parse().unwrap(),
        version: weft_types::VersionNumber(1),
        plan: plan.digest,
        nodes: plan.nodes.len() as u32,
        arguments: Stored::Direct(seven().as_bytes().clone()),
        globals: None,
        seed: [9; 32],
        submitter: "anna".into(),
        trigger: Trigger::Direct,
        scheduled_at: None,
        priority: Default::default(),
        deadline: Some(Timestamp::from_second(1_900_000_000).unwrap()),
        group: None,
        labels: BTreeMap::new(),
        extras: "{}".into(),
        host: "here".into(),
        trace: ([1; 16], [2; 8]),
        depth: 0,
        given: Vec::new(),
        left_out: Vec::new(),
    }
}

/// An attempt ended well.
pub(crate) fn succeeded(place: Place, attempt: u32) -> Event {
    Event::NodeSucceeded {
        place,
        attempt,
        usage: Usage {
            wall_us: 100,
            cpu_us: 10,
        },
        output: Some(Stored::Direct(seven().as_bytes().clone())),
    }
}

/// An attempt failed.
pub(crate) fn failed(place: Place, attempt: u32, code: ErrorCode) -> Event {
    Event::NodeFailed {
        place,
        attempt,
        usage: Usage {
            wall_us: 100,
            cpu_us: 10,
        },
        error: NodeError {
            code,
            message: format!("{code:?}"),
            value: None,
        },
    }
}

pub(crate) fn paused() -> Event {
    Event::Paused { by: "anna".into() }
}

pub(crate) fn resumed() -> Event {
    Event::Resumed { by: "anna".into() }
}

pub(crate) fn cancelled() -> Event {
    Event::CancelRequested {
        by: "anna".into(),
        reason: "enough".into(),
    }
}

/// Whether a node is answered with a suspension.
pub(crate) fn suspends(plan: &Plan, node: NodeIndex) -> bool {
    matches!(plan.node(node).kind, Kind::Sleep { .. } | Kind::Wait { .. })
}
