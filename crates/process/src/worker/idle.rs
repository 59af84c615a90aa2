//! Instances of a worker between calls.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use weft_function_engine::port::Instance;

/// How long instances are kept idle that are as new ones: they are cheap to make.
const AS_NEW: Duration = Duration::from_secs(1);
/// Most of them that are kept.
const MOST_AS_NEW: usize = 8;

/// Instances that can serve further calls, no more than there were calls at once.
#[derive(Default)]
pub(super) struct Idle(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// The last one is the latest.
    instances: Vec<One>,
    /// Those of them that are as new ones.
    as_new: usize,
    /// Whether somebody looks from time to time.
    watched: bool,
}

struct One {
    instance: Box<dyn Instance>,
    as_new: bool,
    since: Instant,
}

impl Idle {
    /// The one that ended a call last.
    pub(super) fn take(&self) -> Option<Box<dyn Instance>> {
        let mut kept = self.kept();
        let one = kept.instances.pop()?;
        kept.as_new -= usize::from(one.as_new);
        Some(one.instance)
    }

    /// Keeps an instance for another call, if it can serve one.
    pub(super) fn give_back(self: &Arc<Self>, instance: Box<dyn Instance>) {
        if !instance.reusable() {
            return;
        }
        let as_new = instance.as_new();
        let mut kept = self.kept();
        if as_new && kept.as_new == MOST_AS_NEW {
            return;
        }
        kept.as_new += usize::from(as_new);
        kept.instances.push(One {
            instance,
            as_new,
            since: Instant::now(),
        });
        if as_new && !std::mem::replace(&mut kept.watched, true) {
            tokio::spawn(Arc::clone(self).watch());
        }
    }

    /// Ends those that are as new ones and idle for long, until there is none left to watch.
    async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(AS_NEW).await;
            let mut kept = self.kept();
            let now = Instant::now();
            let ends = |one: &mut One| one.as_new && now.duration_since(one.since) >= AS_NEW;
            let ended: Vec<_> = kept.instances.extract_if(.., ends).collect();
            kept.as_new -= ended.len();
            kept.watched = kept.as_new > 0;
            let watched = kept.watched;
            drop(kept);
            drop(ended);
            if !watched {
                return;
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

    fn kept(idle: &Idle) -> Vec<bool> {
        idle.kept().instances.iter().map(|one| one.as_new).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_as_new_ends_when_it_is_not_called_and_the_rest_stays() {
        let idle = Arc::new(Idle::default());
        for as_new in [true, false, true] {
            give_back(&idle, as_new);
        }
        for _ in 0..10 {
            tokio::time::sleep(AS_NEW / 4).await;
            let instance = idle.take().expect("calls come");
            idle.give_back(instance);
        }
        assert_eq!(kept(&idle), [false, true], "the first was not called");
        tokio::time::sleep(AS_NEW * 2).await;
        assert_eq!(kept(&idle), [false]);
        assert!(!idle.kept().watched);
        // From then on as before.
        give_back(&idle, true);
        tokio::time::sleep(AS_NEW * 2).await;
        assert_eq!(kept(&idle), [false]);
    }

    #[tokio::test(start_paused = true)]
    async fn few_are_kept_that_are_as_new() {
        let idle = Arc::new(Idle::default());
        for as_new in [true, false] {
            (0..MOST_AS_NEW + 3).for_each(|_| give_back(&idle, as_new));
        }
        let count = |as_new| kept(&idle).into_iter().filter(|kept| *kept == as_new).count();
        assert_eq!((count(true), count(false)), (MOST_AS_NEW, MOST_AS_NEW + 3));
        while idle.take().is_some() {}
        give_back(&idle, true);
        assert_eq!(kept(&idle), [true]);
    }
}
