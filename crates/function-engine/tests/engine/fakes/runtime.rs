//! A runtime whose code is a Rust closure: an upload is the name of a [`Program`], up to its first space.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use weft_function_engine::Level;
use weft_function_engine::port::{
    Body, Boxed, Call, CallContext, Code, Failure, Instance, Load, LoadError, PrepareError, Reply, Runtime,
    Standing, Tier,
};
use weft_types::Digest;
use weft_types::version::Inspection;

use super::super::program::{Environment, Program, Stats};

pub(crate) struct ClosureRuntime {
    programs: Mutex<HashMap<String, Program>>,
    pub(crate) prepared: Mutex<Vec<Tier>>,
    pub(crate) loaded: AtomicUsize,
    /// Loads that checked the file's digest.
    pub(crate) verified: AtomicUsize,
    /// Compiles wait for a permit each, but for the fast ones.
    pub(crate) compilers: Semaphore,
    /// Instances that start ahead wait for one while there is none.
    pub(crate) starts: Arc<Semaphore>,
    /// Uploads of at least so many bytes are compiled fast first.
    pub(crate) huge: u64,
    /// The fast compiler dies while set.
    pub(crate) fast_dies: AtomicBool,
    /// The engine's version: another one makes other compiled forms.
    pub(crate) version: AtomicUsize,
}

struct ClosureCode {
    program: Program,
    environment: Environment,
    reuse: u32,
    tier: Tier,
    starts: Arc<Semaphore>,
}

struct ClosureInstance {
    program: Program,
    environment: Environment,
    left: u32,
    tier: Tier,
    /// A call was begun and not ended.
    busy: AtomicBool,
}

impl ClosureRuntime {
    pub(crate) fn new() -> Self {
        Self {
            programs: Mutex::default(),
            prepared: Mutex::default(),
            loaded: AtomicUsize::new(0),
            verified: AtomicUsize::new(0),
            compilers: Semaphore::new(Semaphore::MAX_PERMITS),
            starts: Arc::new(Semaphore::new(1)),
            huge: 1_000,
            fast_dies: AtomicBool::new(false),
            version: AtomicUsize::new(1),
        }
    }

    pub(crate) fn add(&self, name: &str, program: Program) {
        self.programs.lock().unwrap().insert(name.to_owned(), program);
    }

    fn program(&self, path: &Path) -> Option<Program> {
        let text = std::fs::read_to_string(path).unwrap();
        let name = text.split_whitespace().next().unwrap_or_default();
        self.programs.lock().unwrap().get(name).cloned()
    }
}

impl Runtime for ClosureRuntime {
    fn prepare<'a>(
        &'a self,
        code: &'a Path,
        out: &'a Path,
        tier: Tier,
    ) -> Boxed<'a, Result<Inspection, PrepareError>> {
        Box::pin(async move {
            if tier != Tier::Baseline {
                self.compilers.acquire().await.unwrap().forget();
            }
            self.prepared.lock().unwrap().push(tier);
            if tier == Tier::Baseline && self.fast_dies.load(SeqCst) {
                return Err(PrepareError::Died("it knows no such instruction".into()));
            }
            let refused = || PrepareError::Refused("this is not WebAssembly".into());
            let program = self.program(code).ok_or_else(refused)?;
            let text = std::fs::read_to_string(code).unwrap();
            std::fs::write(out, format!("{text} compiled")).unwrap();
            Ok(program.inspection)
        })
    }

    fn compiled_key(&self, tier: Tier) -> String {
        format!("{}-{tier:?}", self.version.load(SeqCst))
    }

    fn first_tier(&self, size: u64) -> Tier {
        if size >= self.huge {
            Tier::Baseline
        } else {
            Tier::Optimized
        }
    }

    fn standing(&self, level: Level) -> Standing {
        match level {
            Level::Sandbox => Standing::Works,
            Level::Process | Level::Container => {
                Standing::Unavailable("this runtime is made of closures".to_owned())
            }
        }
    }

    fn load(&self, load: Load<'_>) -> Result<Arc<dyn Code>, LoadError> {
        self.loaded.fetch_add(1, SeqCst);
        let bytes = std::fs::read(&load.compiled.path).unwrap();
        if !load.verified {
            self.verified.fetch_add(1, SeqCst);
            if Digest::of(&bytes) != load.compiled.digest {
                return Err(LoadError::NotIntact("its hash is another".into()));
            }
        }
        let unsatisfied = || LoadError::Unsatisfied("nothing like it is known".into());
        Ok(Arc::new(ClosureCode {
            program: self.program(&load.compiled.path).ok_or_else(unsatisfied)?,
            environment: Environment {
                host: load.host,
                bindings: load.bindings,
                project: load.version.project.clone(),
            },
            reuse: load.reuse,
            tier: load.tier,
            starts: Arc::clone(&self.starts),
        }))
    }
}

impl Code for ClosureCode {
    fn instance(&self) -> Box<dyn Instance> {
        self.program.stats.alive.fetch_add(1, SeqCst);
        Box::new(ClosureInstance {
            program: self.program.clone(),
            environment: self.environment.clone(),
            left: self.reuse,
            tier: self.tier,
            busy: AtomicBool::new(false),
        })
    }

    fn ahead<'a>(
        &'a self,
        _: u32,
        _: Option<OwnedSemaphorePermit>,
        _: std::time::Instant,
    ) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(async {
            drop(self.starts.acquire().await.unwrap());
            Ok(())
        })
    }

    fn grows(&self) -> bool {
        self.program.grows.load(SeqCst)
    }
}

impl Instance for ClosureInstance {
    fn warm<'a>(&'a mut self, _: CallContext) -> Boxed<'a, Result<(), Failure>> {
        self.program.stats.warmed.fetch_add(1, SeqCst);
        Box::pin(async { Ok(()) })
    }

    fn call<'a>(&'a mut self, call: Call) -> Boxed<'a, Result<Reply, Failure>> {
        let deadline = Instant::from_std(call.context.deadline);
        self.left -= 1;
        self.busy.store(true, SeqCst);
        call.context.logs.line(
            call.context.invocation,
            weft_function_engine::port::Stream::Stderr,
            &format!("{:?}", self.tier),
        );
        let run = (self.program.run)(call, self.environment.clone());
        Box::pin(async move {
            let timed_out = Err(Failure::TimedOut(Duration::from_secs(1)));
            let result = timeout_at(deadline, run).await.unwrap_or(timed_out)?;
            self.busy.store(false, SeqCst);
            Ok(Reply {
                result,
                cpu_time: Duration::from_micros(3),
                start_time: Duration::from_micros(2),
            })
        })
    }

    fn http<'a>(
        &'a mut self,
        request: http::Request<Body>,
        _: CallContext,
    ) -> Boxed<'a, Result<http::Response<Body>, Failure>> {
        self.left -= 1;
        // Echoes, and tells which headers it saw.
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let names: Vec<_> = parts.headers.keys().map(http::HeaderName::as_str).collect();
            let mut response = http::Response::new(body);
            let headers = response.headers_mut();
            headers.insert("seen", names.join(",").parse().unwrap());
            if let Some(user) = parts.headers.get("weft-user") {
                headers.insert("seen-user", user.clone());
            }
            Ok(response)
        })
    }

    fn reusable(&self) -> bool {
        self.left > 0 && !self.busy.load(SeqCst)
    }
}

impl Drop for ClosureInstance {
    fn drop(&mut self) {
        let stats: &Stats = &self.program.stats;
        stats.alive.fetch_sub(1, SeqCst);
    }
}
