//! The pool, those who call it, and what happens next.

use std::time::Duration;

use super::instances::{Call, Instances, Name};
use super::report::{Change, Moment, Report, Tally};
use super::trace::{Load, Service, Trace};
use super::{MAX_CALLS, Simulation, SimulationError};
use crate::autoscale::Scaler;
use crate::fair::{FairQueue, Joined};

mod agenda;

use agenda::{Agenda, Event};

/// A client that was refused waits so long before it calls again.
const PAUSE: u64 = 100_000_000;

pub(super) struct World<'a> {
    simulation: &'a Simulation,
    trace: &'a Trace,
    rng: fastrand::Rng,
    agenda: Agenda,
    now: u64,
    callers: Vec<Caller>,
    instances: Instances,
    queue: FairQueue<usize, Call>,
    /// Calls that instances have.
    active: u32,
    scaler: Scaler,
    desired: Option<u32>,
    step: Step,
    report: Report,
}

/// Who calls for one project.
struct Caller {
    load: Load,
    service: Service,
    /// Counts rows, so that what an earlier one planned is recognised.
    row: u64,
    /// Clients that are calling, which may be more than the row wants while the surplus awaits its answers.
    clients: u32,
    tally: Tally,
}

/// What is collected for the next moment.
#[derive(Default)]
struct Step {
    tally: Tally,
    queue: u32,
    ticks: u64,
}

impl<'a> World<'a> {
    pub(super) fn new(simulation: &'a Simulation, trace: &'a Trace) -> Self {
        let profile = &simulation.profile;
        let mut agenda = Agenda::default();
        agenda.add(0, Event::Tick);
        for (index, row) in trace.rows().iter().enumerate() {
            agenda.add(nanos(row.at), Event::Row(index));
        }
        let nobody = || Caller {
            load: Load::Clients(0),
            service: Service::Fixed(Duration::ZERO),
            row: 0,
            clients: 0,
            tally: Tally::default(),
        };
        Self {
            rng: fastrand::Rng::with_seed(simulation.seed),
            agenda,
            now: 0,
            callers: trace.projects().iter().map(|_| nobody()).collect(),
            instances: Instances::new(simulation),
            queue: FairQueue::new(profile.queue.length as usize),
            active: 0,
            scaler: Scaler::new(profile.clone(), Duration::ZERO),
            desired: None,
            step: Step::default(),
            report: Report::default(),
            simulation,
            trace,
        }
    }

    pub(super) fn run(mut self) -> Result<Report, SimulationError> {
        while let Some((at, event)) = self.agenda.next() {
            let passed = Duration::from_nanos(at - self.now).as_secs_f64();
            self.report.instance_seconds += f64::from(self.instances.count) * passed;
            self.now = at;
            self.happen(event);
            let waiting = u32::try_from(self.queue.len()).unwrap_or(u32::MAX);
            self.scaler.set(self.active + waiting, Duration::from_nanos(at));
            self.step.queue = self.step.queue.max(waiting);
            self.report.peak = self.report.peak.max(self.instances.count);
            if self.report.calls.made > MAX_CALLS {
                return Err(SimulationError::TooManyCalls {
                    second: at / 1_000_000_000,
                });
            }
        }
        Ok(self.into_report())
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Tick => self.tick(),
            Event::Row(index) => self.begin_row(index),
            Event::Arrival { project, row } => self.arrive(project, row),
            Event::Again { project } => self.again(project),
            Event::Ready(name) => {
                for call in self.instances.ready(name) {
                    self.begin(name, call);
                }
            }
            Event::Answered { name, call } => self.answered(name, call),
            Event::WaitOver { project, number } => {
                if let Some(call) = self.queue.remove(&project, number) {
                    self.callers[project].tally.timed_out += 1;
                    self.step.tally.timed_out += 1;
                    self.refuse(call);
                }
            }
        }
    }

    fn begin_row(&mut self, index: usize) {
        let row = &self.trace.rows()[index];
        let caller = &mut self.callers[row.project];
        caller.row += 1;
        caller.load = row.load;
        caller.service = row.service;
        match row.load {
            Load::PerSecond(_) => self.plan_arrival(row.project),
            Load::Clients(clients) => {
                let new = clients.saturating_sub(caller.clients);
                caller.clients += new;
                (0..new).for_each(|_| self.call(row.project, true));
            }
        }
    }

    /// Calls at random moments are exponentially far from each other.
    fn plan_arrival(&mut self, project: usize) {
        let caller = &self.callers[project];
        let Load::PerSecond(rate) = caller.load else {
            return;
        };
        if rate > 0.0 {
            // 1 − [0, 1) is never 0; at the smallest rates the cast ends at the bound, which is never reached.
            let gap = (-(1.0 - self.rng.f64()).ln() / rate * 1e9) as u64;
            let row = caller.row;
            self.agenda
                .add(self.now.saturating_add(gap), Event::Arrival { project, row });
        }
    }

    fn arrive(&mut self, project: usize, row: u64) {
        if self.callers[project].row == row {
            self.call(project, false);
            self.plan_arrival(project);
        }
    }

    /// A client calls again, unless there are more than are wanted by now.
    fn again(&mut self, project: usize) {
        let caller = &mut self.callers[project];
        let wanted = match caller.load {
            Load::Clients(clients) => clients,
            Load::PerSecond(_) => 0,
        };
        if caller.clients > wanted {
            caller.clients -= 1;
        } else {
            self.call(project, true);
        }
    }

    fn call(&mut self, project: usize, client: bool) {
        let caller = &mut self.callers[project];
        caller.tally.made += 1;
        self.step.tally.made += 1;
        self.report.calls.made += 1;
        let call = Call {
            project,
            arrived: self.now,
            service: nanos(caller.service.draw(&mut self.rng)),
            client,
        };
        match self.queue.is_empty().then(|| self.instance()).flatten() {
            Some(name) => self.give(name, call),
            None => self.join(call),
        }
    }

    fn join(&mut self, call: Call) {
        let ahead = u32::try_from(self.queue.len()).unwrap_or(u32::MAX);
        let number = match self.queue.join(call.project, call) {
            Joined::Waiting(number) => number,
            Joined::Instead { number, gone, .. } => {
                self.refused(gone);
                number
            }
            Joined::Full(call) => return self.refused(call),
        };
        let until = self.now + nanos(self.simulation.profile.queue.patience(ahead));
        let project = call.project;
        self.agenda.add(until, Event::WaitOver { project, number });
        // Whoever wakes a pool does not wait for the next tick.
        if self.instances.count == 0 {
            self.scaler.set(1, Duration::from_nanos(self.now));
            self.scale();
        }
    }

    /// An instance for the next call: one with a free slot, or a new one where calls start them.
    fn instance(&mut self) -> Option<Name> {
        let profile = &self.simulation.profile;
        if self.active >= profile.concurrency {
            return None;
        }
        let on_demand = profile.scaling.on_demand && self.instances.count < profile.scaling.max;
        self.instances
            .choose(&mut self.rng)
            .or_else(|| on_demand.then(|| self.start()))
    }

    fn start(&mut self) -> Name {
        let name = self.instances.start(self.now);
        self.agenda
            .add(self.now + nanos(self.simulation.start), Event::Ready(name));
        name
    }

    fn give(&mut self, name: Name, call: Call) {
        self.active += 1;
        if let Some(call) = self.instances.give(name, call) {
            self.begin(name, call);
        }
    }

    fn begin(&mut self, name: Name, call: Call) {
        self.agenda
            .add(self.now + call.service, Event::Answered { name, call });
    }

    fn answered(&mut self, name: Name, call: Call) {
        self.active -= 1;
        let latency = self.now - call.arrived;
        self.callers[call.project].tally.answered(latency);
        self.step.tally.answered(latency);
        if let Some(next) = self.instances.answered(name, self.now) {
            self.begin(name, next);
        }
        self.serve_queue();
        if call.client {
            self.agenda.add(
                self.now,
                Event::Again {
                    project: call.project,
                },
            );
        }
    }

    fn serve_queue(&mut self) {
        while !self.queue.is_empty() {
            let Some(name) = self.instance() else { return };
            if let Some((_, call)) = self.queue.pop() {
                self.give(name, call);
            }
        }
    }

    fn refused(&mut self, call: Call) {
        self.callers[call.project].tally.refused += 1;
        self.step.tally.refused += 1;
        self.refuse(call);
    }

    fn refuse(&mut self, call: Call) {
        if call.client {
            let project = call.project;
            self.agenda.add(self.now + PAUSE, Event::Again { project });
        }
    }

    fn tick(&mut self) {
        self.scale();
        let scaling = &self.simulation.profile.scaling;
        let interval = nanos(scaling.interval());
        let last_row = self.trace.rows().last().map_or(0, |row| nanos(row.at));
        let after = nanos(scaling.grace()) + nanos(scaling.stable());
        self.step.ticks += 1;
        let ticks = (last_row + after)
            .div_ceil(interval * u64::from(Report::MAX_MOMENTS))
            .max(1);
        let nobody = self.active == 0
            && self.queue.is_empty()
            && self.callers.iter().all(|caller| caller.clients == 0);
        let down = self.instances.count <= scaling.min || self.now > last_row + after;
        let over = self.now > last_row && nobody && down;
        if self.step.ticks >= ticks || over {
            self.end_step();
        }
        if !over {
            self.agenda.add(self.now + interval, Event::Tick);
        }
    }

    fn scale(&mut self) {
        let now = Duration::from_nanos(self.now);
        let decision = self.scaler.decide(self.instances.count, now);
        (0..decision.start).for_each(|_| {
            self.start();
        });
        self.instances.end_idle(decision.end);
        if self.desired != Some(decision.desired) && self.report.changes.len() < Report::MAX_CHANGES {
            self.report.changes.push(Change {
                second: now.as_secs_f64(),
                desired: decision.desired,
                reason: decision.reason.to_string(),
            });
        }
        self.desired = Some(decision.desired);
        self.serve_queue();
    }

    fn end_step(&mut self) {
        let step = std::mem::take(&mut self.step);
        let queue = step.queue;
        let calls = step.tally.calls();
        if self.report.moments.len() < Report::MAX_MOMENTS as usize {
            self.report.moments.push(Moment {
                second: Duration::from_nanos(self.now).as_secs_f64(),
                instances: self.instances.count,
                busy: self.instances.busy,
                queue,
                answered: calls.answered,
                failed: calls.refused + calls.timed_out,
                p50_ms: calls.p50_ms,
                p99_ms: calls.p99_ms,
            });
        }
    }

    fn into_report(self) -> Report {
        let mut all = Tally::default();
        let mut projects = std::collections::BTreeMap::new();
        for (caller, name) in self.callers.into_iter().zip(self.trace.projects()) {
            all.add(&caller.tally);
            projects.insert(name.clone(), caller.tally.calls());
        }
        Report {
            calls: all.calls(),
            projects,
            started: self.instances.started,
            ..self.report
        }
    }
}

/// In nanoseconds: 580 years fit, and traces are days at most.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX / 4)
}
