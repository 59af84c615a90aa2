//! Executing one version in a process of its own.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use wasmtime::component::Component;
use weft_function_engine::port::{
    Body, BodyError, Boxed, Call, CallContext, Code, Failure, Host, ImportBinding, Instance, LoadError,
    Reply, Tier,
};
use weft_types::VersionRecord;

use crate::code::{Loaded, Shared};
use crate::engine::{self, Tiered};
use crate::host::Version;
use crate::load;
use crate::restore::Restorer;

mod clock;

use clock::{Clock, Ticking};

/// Compiled code, mapped into the process that shall execute it before that process lets go of its files.
pub struct Mapped {
    tiered: Tiered,
    component: Component,
    key: String,
}

/// The tier whose compiled form is called `key`, if workers can execute it.
fn tier_of(key: &str) -> Option<Tier> {
    let tiers = [Tier::Optimized, Tier::ExplicitBounds];
    let matches = |tier: &Tier| {
        let rest = key.strip_prefix(engine::tier_name(*tier));
        rest.is_some_and(|rest| rest.starts_with('-'))
    };
    tiers.into_iter().find(matches)
}

impl Mapped {
    /// Maps the file at `path`, which was compiled as `key` says, for at most `slots` instances at once. Starts no thread.
    ///
    /// # Errors
    /// Where it was compiled for another engine, or is none that a worker can execute.
    pub fn open(key: &str, path: &Path, slots: u32) -> Result<Self, LoadError> {
        let other = || LoadError::NotIntact(format!("`{key}` is not what workers execute"));
        // What is in the file tells by which engine it was made.
        let tier = tier_of(key).ok_or_else(other)?;
        let tiered = Tiered::new(tier, engine::worker_placement(slots))
            .map_err(|error| LoadError::Unsatisfied(format!("{error:#}")))?;
        let component = load::map(&tiered, path)?;
        Ok(Self {
            tiered,
            component,
            key: key.to_owned(),
        })
    }

    /// How it was compiled.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Makes it ready as the code of a version, and starts the thread that lets guests be interrupted.
    ///
    /// # Errors
    /// Where an import cannot be satisfied, or the code is not that of the version.
    pub fn load(
        self,
        version: &VersionRecord,
        bindings: &[ImportBinding],
        reuse: u32,
        host: Arc<dyn Host>,
    ) -> Result<Arc<dyn Code>, LoadError> {
        let Self {
            tiered, component, ..
        } = self;
        let entry = load::entry(&tiered, &component, version, bindings)?;
        #[cfg(feature = "server")]
        let version = Version::new(
            version,
            host,
            None,
            &Arc::new(crate::outbound::Client::new(Default::default())),
        );
        #[cfg(not(feature = "server"))]
        let version = Version::new(version, host, None);
        let clock = Clock::start(tiered.engine.clone())
            .map_err(|error| LoadError::Unsatisfied(format!("no thread can be started: {error}")))?;
        let restorer = Restorer::of(&component);
        let loaded = Loaded::new(tiered.engine, version, entry, reuse, restorer, None);
        Ok(Arc::new(Clocked {
            code: Shared(Arc::new(loaded)),
            clock,
        }))
    }
}

/// Code whose clock ticks while calls execute.
struct Clocked {
    code: Shared,
    clock: Arc<Clock>,
}

struct ClockedInstance {
    instance: Box<dyn Instance>,
    clock: Arc<Clock>,
}

impl Code for Clocked {
    fn instance(&self) -> Box<dyn Instance> {
        Box::new(ClockedInstance {
            instance: self.code.instance(),
            clock: Arc::clone(&self.clock),
        })
    }

    fn grows(&self) -> bool {
        self.code.grows()
    }
}

impl Instance for ClockedInstance {
    fn warm<'a>(&'a mut self, context: CallContext) -> Boxed<'a, Result<(), Failure>> {
        let ticking = self.clock.tick();
        Box::pin(async move {
            let _ticking = ticking;
            self.instance.warm(context).await
        })
    }

    fn call<'a>(&'a mut self, call: Call) -> Boxed<'a, Result<Reply, Failure>> {
        let ticking = self.clock.tick();
        Box::pin(async move {
            let _ticking = ticking;
            self.instance.call(call).await
        })
    }

    fn cpu_time(&self) -> Duration {
        self.instance.cpu_time()
    }

    fn http<'a>(
        &'a mut self,
        request: http::Request<Body>,
        context: CallContext,
    ) -> Boxed<'a, Result<http::Response<Body>, Failure>> {
        let ticking = self.clock.tick();
        Box::pin(async move {
            let response = self.instance.http(request, context).await?;
            // The guest goes on until its body has ended.
            Ok(response.map(|body| {
                Body::new(Kept {
                    body,
                    _ticking: ticking,
                })
            }))
        })
    }

    fn reusable(&self) -> bool {
        self.instance.reusable()
    }

    fn as_new(&self) -> bool {
        self.instance.as_new()
    }
}

/// A body, which lets the clock tick as long as it is there.
struct Kept {
    body: Body,
    _ticking: Ticking,
}

impl http_body::Body for Kept {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
