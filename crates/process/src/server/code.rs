//! A version whose calls execute in workers.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;
use weft_function_engine::port::{
    Admitted, Body, Boxed, Call, CallContext, Code, Failure, Instance, Kept, Load, LoadError, Loss, Reply,
};
use weft_pool::autoscale::{History, Reason};
use weft_pool::{Bounds, Factory, LeaseError, SharedLease, SharedPool, Wanted};

use super::level::Shared;
use super::plan::Plan;
use super::worker::Worker;
use super::{kept, scale};

/// A version, and the pool of its workers.
pub(super) struct ProcessCode {
    pool: Arc<WorkerPool>,
}

/// The pool of one version's workers.
pub(super) struct WorkerPool {
    pub(super) pool: SharedPool<Workers>,
    pub(super) plan: Arc<Plan>,
    /// What was decided lately of their number.
    pub(super) history: Mutex<History>,
}

/// Starts workers.
pub(super) struct Workers(Arc<Plan>);

impl Factory for Workers {
    type Instance = Worker;

    fn start(&self) -> Worker {
        Worker::start(&self.0)
    }

    fn reusable(&self, worker: &Worker) -> bool {
        worker.may_serve()
    }

    fn ready(&self, worker: &Worker) -> bool {
        !worker.is_starting()
    }

    fn lead(&self, worker: &Worker) -> Option<u32> {
        worker.lead()
    }
}

impl ProcessCode {
    pub(super) fn new(shared: &Arc<Shared>, key: String, load: Load<'_>) -> Result<Arc<Self>, LoadError> {
        let profile = load.profile.clone();
        let plan = Arc::new(Plan::new(shared, key, load)?);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let bounds = Bounds {
            // An instance within a worker is replaced, not the worker.
            reuse: u32::MAX,
            ..Bounds::of(&profile, cores)
        };
        let pool = Arc::new(WorkerPool {
            pool: SharedPool::new(Workers(Arc::clone(&plan)), bounds),
            plan,
            history: Mutex::default(),
        });
        pool.plan.shared.budget.include(&pool);
        scale::watch(&pool, &profile);
        Ok(Arc::new(Self { pool }))
    }
}

impl Code for ProcessCode {
    fn instance(&self) -> Box<dyn Instance> {
        Box::new(Place {
            pool: Arc::clone(&self.pool),
            admitted: None,
        })
    }

    fn grows(&self) -> bool {
        // Whoever grows memory there changes the mappings of a process with one thread.
        false
    }

    fn kept(&self, usage: bool) -> Option<Kept> {
        Some(kept::look(&self.pool, usage))
    }

    fn ahead<'a>(
        &'a self,
        instances: u32,
        permit: Option<OwnedSemaphorePermit>,
        deadline: Instant,
    ) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(self.pool.ahead(instances, permit, deadline))
    }

    fn retire(&self, wanted: Wanted) {
        self.pool.pool.retire(wanted);
    }
}

/// The right to a call in whichever worker takes it.
struct Place {
    pool: Arc<WorkerPool>,
    /// How the last call came to its worker, until that is asked.
    admitted: Option<Admitted>,
}

/// How often another worker is asked where one has ended before the call began.
const STARTS: usize = 3;
/// How long a call waits altogether for starts that are held back: the first of those after crashes are, for less.
const HELD_BACK: Duration = Duration::from_secs(1);

impl WorkerPool {
    async fn lease(&self, context: &CallContext) -> Result<SharedLease<Workers>, Failure> {
        self.plan.shared.homes.note();
        let lease = self.pool.lease(context.deadline.into(), context.party).await;
        lease.map_err(|error| match error {
            LeaseError::WaitedTooLong(waited) => Failure::QueueTimeout(waited),
            LeaseError::Overloaded { .. } => Failure::Unavailable(error.to_string()),
        })
    }
}

/// The starts that a call has asked for.
#[derive(Default)]
struct Starts {
    tries: usize,
    waited: Duration,
}

impl Starts {
    /// Whether to ask another worker where one has ended before the call began; waits where starts are held back for a moment only.
    async fn again(&mut self, pool: &WorkerPool, failure: &Failure, context: &CallContext) -> bool {
        let Failure::Unstarted(loss) = failure else {
            return false;
        };
        if !matches!(loss, Loss::HeldBack { .. }) {
            self.tries += 1;
            return self.tries < STARTS;
        }
        let plan = &pool.plan;
        let refusal = plan.restarts().refusal(plan.origin.elapsed());
        let next = match refusal {
            Some(Reason::Crashes { next, .. }) => next,
            _ => Duration::ZERO,
        };
        // What is waited for at least keeps a call from asking without end.
        self.waited += next.max(Duration::from_millis(1));
        let until = Instant::now() + next;
        if self.waited > HELD_BACK || until >= context.deadline {
            return false;
        }
        tokio::time::sleep_until(until.into()).await;
        true
    }
}

impl WorkerPool {
    /// Has so many workers there that have a free slot, and waits until they can be called.
    async fn ahead(
        &self,
        workers: u32,
        mut permit: Option<OwnedSemaphorePermit>,
        deadline: Instant,
    ) -> Result<(), Failure> {
        let mut starts = Vec::new();
        self.pool.ahead(workers, |worker| {
            starts.push(worker.awaited());
            if let Some(permit) = permit.take() {
                worker.hold(permit);
            }
        });
        drop(permit);
        // Others may have begun to start what is free now.
        let others = self
            .pool
            .look(|worker, _| worker.may_serve().then(|| worker.awaited()));
        for start in starts.into_iter().chain(others.into_iter().flatten()) {
            start.ready(deadline).await?;
        }
        Ok(())
    }
}

impl Place {
    /// Leases a worker, and notes how the call came to it. One that was lost on the way goes to another.
    async fn lease(&mut self, context: &CallContext) -> Result<SharedLease<Workers>, Failure> {
        let lease = self.pool.lease(context).await?;
        let admitted = self.admitted.get_or_insert_default();
        admitted.queue += lease.waited();
        admitted.cold |= lease.is_first() && lease.is_starting();
        Ok(lease)
    }

    async fn call(&mut self, call: Call) -> Result<Reply, Failure> {
        let mut starts = Starts::default();
        loop {
            let lease = self.lease(&call.context).await?;
            let began = tokio::time::Instant::now();
            let called = match lease.ready(call.context.deadline).await {
                Ok(connection) => {
                    let waited = began.elapsed();
                    let reply = connection.call(call.clone(), lease).await;
                    reply.map(|reply| after(reply, waited))
                }
                Err(failure) => {
                    drop(lease);
                    Err(failure)
                }
            };
            match called {
                Err(failure) if starts.again(&self.pool, &failure, &call.context).await => {}
                called => return called,
            }
        }
    }

    async fn http(
        &mut self,
        request: http::Request<Body>,
        context: CallContext,
    ) -> Result<http::Response<Body>, Failure> {
        let mut starts = Starts::default();
        let (lease, connection) = loop {
            let lease = self.lease(&context).await?;
            let failure = match lease.ready(context.deadline).await {
                Ok(connection) => break (lease, connection),
                Err(failure) => failure,
            };
            drop(lease);
            if !starts.again(&self.pool, &failure, &context).await {
                return Err(failure);
            }
        };
        let response = connection.http(request, context, lease).await?;
        Ok(response.map(Body::new))
    }
}

/// The reply, which began that much later.
fn after(reply: Reply, waited: Duration) -> Reply {
    Reply {
        start_time: reply.start_time + waited,
        ..reply
    }
}

impl Instance for Place {
    fn warm<'a>(&'a mut self, context: CallContext) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(async move {
            let lease = self.pool.lease(&context).await?;
            lease.ready(context.deadline).await.map(drop)
        })
    }

    fn call<'a>(&'a mut self, call: Call) -> Boxed<'a, Result<Reply, Failure>> {
        Box::pin(Place::call(self, call))
    }

    fn http<'a>(
        &'a mut self,
        request: http::Request<Body>,
        context: CallContext,
    ) -> Boxed<'a, Result<http::Response<Body>, Failure>> {
        Box::pin(Place::http(self, request, context))
    }

    fn admitted(&mut self) -> Option<Admitted> {
        self.admitted.take()
    }

    fn reusable(&self) -> bool {
        true
    }
}
