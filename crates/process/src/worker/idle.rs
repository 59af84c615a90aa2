//! Instances of a worker between calls.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use weft_function_engine::port::Instance;

/// How long without a call instances are kept that are as new ones: those are cheap to make, and what they hold is better given back.
const KEPT: Duration = Duration::from_secs(1);

/// Instances that can serve further calls, no more than there were calls at once.
#[derive(Default)]
pub(super) struct Idle(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    instances: Vec<Box<dyn Instance>>,
    /// Whether one was taken since it was last looked.
    used: bool,
    /// Whether somebody looks from time to time.
    watched: bool,
}

impl Idle {
    /// The one that ended a call last.
    pub(super) fn take(&self) -> Option<Box<dyn Instance>> {
        let mut kept = self.kept();
        kept.used = true;
        kept.instances.pop()
    }

    /// Keeps an instance for another call, if it can serve one.
    pub(super) fn give_back(self: &Arc<Self>, instance: Box<dyn Instance>) {
        if !instance.reusable() {
            return;
        }
        let as_new = instance.as_new();
        let mut kept = self.kept();
        kept.instances.push(instance);
        if as_new && !std::mem::replace(&mut kept.watched, true) {
            tokio::spawn(Arc::clone(self).watch());
        }
    }

    /// Ends those that are as new ones once no call has come for a while.
    async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(KEPT).await;
            let mut kept = self.kept();
            if !std::mem::take(&mut kept.used) {
                kept.watched = false;
                let ended = kept.instances.extract_if(.., |instance| instance.as_new());
                let ended: Vec<_> = ended.collect();
                drop(kept);
                return drop(ended);
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing that can panic half-way runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use weft_function_engine::port::{Body, Boxed, Call, CallContext, Failure, Reply};

    use super::*;

    /// An instance that is never called.
    struct Uncalled {
        as_new: bool,
    }

    impl Instance for Uncalled {
        fn warm<'a>(&'a mut self, _: CallContext) -> Boxed<'a, Result<(), Failure>> {
            Box::pin(async { Ok(()) })
        }

        fn call<'a>(&'a mut self, _: Call) -> Boxed<'a, Result<Reply, Failure>> {
            Box::pin(async { Err(Failure::Cancelled) })
        }

        fn cpu_time(&self) -> Duration {
            Duration::ZERO
        }

        fn http<'a>(
            &'a mut self,
            _: http::Request<Body>,
            _: CallContext,
        ) -> Boxed<'a, Result<http::Response<Body>, Failure>> {
            Box::pin(async { Err(Failure::Cancelled) })
        }

        fn reusable(&self) -> bool {
            true
        }

        fn as_new(&self) -> bool {
            self.as_new
        }
    }

    fn give_back(idle: &Arc<Idle>, as_new: bool) {
        idle.give_back(Box::new(Uncalled { as_new }));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_as_new_ends_when_no_call_comes_and_the_rest_stays() {
        let idle = Arc::new(Idle::default());
        give_back(&idle, true);
        give_back(&idle, false);
        for _ in 0..5 {
            tokio::time::sleep(KEPT * 3 / 4).await;
            let instance = idle.take().expect("calls come");
            idle.give_back(instance);
        }
        assert_eq!(idle.kept().instances.len(), 2);
        tokio::time::sleep(KEPT * 2 + KEPT / 2).await;
        assert!(!idle.kept().watched);
        let left = idle.take().expect("what served calls");
        assert!(!left.as_new());
        assert!(idle.take().is_none());
        // From then on as before.
        give_back(&idle, true);
        tokio::time::sleep(KEPT * 2 + KEPT / 2).await;
        assert!(idle.take().is_none());
    }
}
