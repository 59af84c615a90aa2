//! A place to execute calls of one version: a fresh store for each call, or one store for a number of them.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use weft_function_engine::port::{Body, Boxed, Call, CallContext, Failure, Instance, Reply};

use crate::abi::Arguments;
use crate::code::Loaded;
use crate::execution::Execution;
use crate::failure;
use crate::http;
use crate::live::{After, Live};
use crate::memory::{Memory, Place};

/// Calls after which an instance that is put back after each is replaced all the same: what its store has of them ends then.
const MAX_PUT_BACK: u32 = 10_000;

/// A place to execute in. Until the first call, or [`Instance::warm`], it holds nothing but the code.
pub(crate) struct Sandbox {
    code: Arc<Loaded>,
    /// Where its store is between calls, unless it ended for want of memory; made when there is first one to keep.
    place: Option<Place>,
    /// Calls begun.
    served: u32,
    /// How long the guest executed in the call that ended last.
    used: Duration,
}

impl Sandbox {
    pub(crate) fn new(code: Arc<Loaded>) -> Self {
        Self {
            code,
            place: None,
            served: 0,
            used: Duration::ZERO,
        }
    }

    async fn warm(&mut self, context: CallContext) -> Result<(), Failure> {
        if self.has_live() {
            return Ok(());
        }
        let timeout = context.deadline.saturating_duration_since(Instant::now());
        // It was not called yet, so it is as it began.
        let after = match self.code.restorer {
            Some(_) => After::PutBack,
            None => After::Stays,
        };
        let mut live = Live::new(&self.code, context, after);
        let (code, meter) = (self.code.clone(), live.meter().clone());
        let deadline = Instant::now() + timeout;
        let guest = Box::pin(async move {
            let result = live.instantiate(&code).await;
            (live, result)
        });
        let execution = Execution::new(guest, meter, self.code.clone(), deadline);
        let (live, result) = execution.await.map_err(|stop| failure::of_stop(stop, timeout))?;
        live.end(result, timeout)?;
        self.keep(live);
        Ok(())
    }

    async fn call(&mut self, call: Call) -> Result<Reply, Failure> {
        let began = Instant::now();
        let Call {
            export,
            arguments,
            attached,
            context,
        } = call;
        let arguments = Arguments {
            image: arguments,
            attached,
        };
        let deadline = context.deadline;
        let timeout = deadline.saturating_duration_since(began);
        let (mut live, fresh) = self.begin(context, began);
        let (code, meter) = (self.code.clone(), live.meter().clone());
        let guest = Box::pin(async move {
            let result = live.call(&code, export, arguments).await;
            let grew = live.grew();
            let result = live.end(result, timeout);
            // A store that has had its day ends where it executed: to give much memory back takes as long as to fill it.
            let stays = result.is_ok() && live.stays(&code).await;
            (stays.then_some(live), grew, result)
        });
        let ended = Execution::new(guest, meter.clone(), self.code.clone(), deadline).await;
        self.used = meter.used();
        let (live, grew, result) = ended.map_err(|stop| failure::of_stop(stop, timeout))?;
        if fresh {
            self.code.growth.record(grew);
        }
        if let Some(live) = live {
            self.keep(live);
        }
        let (result, entered) = result?;
        let start_time = entered.saturating_duration_since(began);
        Ok(Reply {
            result,
            cpu_time: self.used,
            start_time,
        })
    }

    async fn http(
        &mut self,
        request: ::http::Request<Body>,
        context: CallContext,
    ) -> Result<::http::Response<Body>, Failure> {
        let deadline = context.deadline;
        let (live, _) = self.begin(context, Instant::now());
        let stays = live.after() != After::Ends;
        let serving = http::Serving::new(self.code.clone(), live, request, deadline);
        let (response, live) = serving.head(|| stays.then(|| self.place())).await?;
        if let Some(live) = live {
            self.keep(live);
        }
        Ok(response)
    }

    /// The store for the next call, which comes `now`, and whether it is fresh.
    fn begin(&mut self, context: CallContext, now: Instant) -> (Live, bool) {
        let fresh = self.served == 0 || self.code.restorer.is_some();
        self.served += 1;
        let after = self.after(now);
        // One that was put back has memory already, which this call may not be allowed.
        let fits = |live: &Live| self.code.restorer.is_none() || live.memory() <= context.memory;
        match self.kept().filter(fits) {
            Some(mut live) => {
                live.begin(context, after);
                (live, fresh)
            }
            None => (Live::new(&self.code, context, after), true),
        }
    }

    /// What becomes of the instance after the call that has begun.
    fn after(&self, now: Instant) -> After {
        match &self.code.restorer {
            Some(restorer) if restorer.is_worth_it(now) && self.served < MAX_PUT_BACK => After::PutBack,
            None if self.served < self.code.reuse => After::Stays,
            Some(_) | None => After::Ends,
        }
    }

    /// Keeps a store for the next call.
    fn keep(&mut self, live: Live) {
        *self.place().lock().unwrap_or_else(PoisonError::into_inner) = Some(live);
    }

    fn place(&mut self) -> Place {
        let memory = self.code.version.memory.as_deref();
        let new = || memory.map_or_else(Place::default, Memory::place);
        self.place.get_or_insert_with(new).clone()
    }

    fn kept(&self) -> Option<Live> {
        let place = self.place.as_ref()?;
        place.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn has_live(&self) -> bool {
        let place = self.place.as_ref();
        place.is_some_and(|place| place.lock().unwrap_or_else(PoisonError::into_inner).is_some())
    }
}

impl Instance for Sandbox {
    fn warm<'a>(&'a mut self, context: CallContext) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(self.warm(context))
    }

    fn call<'a>(&'a mut self, call: Call) -> Boxed<'a, Result<Reply, Failure>> {
        Box::pin(self.call(call))
    }

    fn cpu_time(&self) -> Duration {
        self.used
    }

    fn http<'a>(
        &'a mut self,
        request: ::http::Request<Body>,
        context: CallContext,
    ) -> Boxed<'a, Result<::http::Response<Body>, Failure>> {
        Box::pin(self.http(request, context))
    }

    fn reusable(&self) -> bool {
        self.served == 0 || self.has_live()
    }

    fn as_new(&self) -> bool {
        self.code.restorer.is_some() && self.has_live()
    }
}
