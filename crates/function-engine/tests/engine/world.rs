//! An engine with its fake ports, and the few things that tests do with it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use weft_function_engine::port::{Stored, TraceContext};
use weft_function_engine::{
    Answer, Arguments, Config, Deploy, Deployment, Engine, Error, Invocation, Ports, Profiles,
    SettingsChange, new_trace,
};
use weft_pool::Profile;
use weft_types::{FunctionName, ProjectName, Settings, VersionNumber, json};

use crate::fakes::artifacts::DirectoryArtifacts;
use crate::fakes::keyvalue::NoKeyValue;
use crate::fakes::registry::MemoryRegistry;
use crate::fakes::runtime::ClosureRuntime;
use crate::program::Program;

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) runtime: Arc<ClosureRuntime>,
    pub(crate) registry: Arc<MemoryRegistry>,
    pub(crate) artifacts: Arc<DirectoryArtifacts>,
}

pub(crate) fn default() -> ProjectName {
    "default".parse().unwrap()
}

pub(crate) fn name(text: &str) -> FunctionName {
    text.parse().unwrap()
}

pub(crate) fn settings(json: &str) -> SettingsChange {
    SettingsChange::Replace(settings_of(json))
}

pub(crate) fn settings_of(json: &str) -> Settings {
    weft_function_engine::parse_settings(json.as_bytes()).unwrap()
}

/// A call from outside, by name.
#[derive(Clone, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) project: &'a str,
    pub(crate) function: &'a str,
    pub(crate) version: Option<VersionNumber>,
    pub(crate) export: Option<&'a str>,
    pub(crate) arguments: Arguments,
    pub(crate) trace: TraceContext,
    pub(crate) seed: Option<[u8; 32]>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) timeout: Option<Duration>,
}

pub(crate) async fn invoke(engine: &Engine, call: Named<'_>) -> Result<Answer, Error> {
    let callee = engine.called(call.project, call.function, call.version)?;
    let (export, _) = callee.export(call.export)?;
    let invocation = Invocation {
        export,
        arguments: call.arguments,
        party: weft_function_engine::Party::OWN,
        trace: call.trace,
        seed: call.seed,
        time: call.time,
        timeout: call.timeout,
    };
    callee.invoke(invocation).await
}

pub(crate) fn invocation<'a>(function: &'a str, arguments: &str) -> Named<'a> {
    Named {
        project: "default",
        function,
        version: None,
        export: None,
        arguments: Arguments::Json(Bytes::copy_from_slice(arguments.as_bytes())),
        trace: new_trace(),
        seed: None,
        time: None,
        timeout: None,
    }
}

/// What an answer says, as JSON.
pub(crate) fn printed(answer: &Answer) -> String {
    let mut out = Vec::new();
    if let (Some(ty), Some(image)) = (&answer.signature().result, &answer.result) {
        json::print(ty, image, &mut out);
    }
    String::from_utf8(out).unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_, _| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config, &mut Profiles)) -> Self {
        let mut config = Config {
            shards: 1,
            ..Config::default()
        };
        let warm = Profile {
            reuse: 100,
            warm: 2,
            ..Profile::default()
        };
        let process = Profile {
            level: weft_pool::Level::Process,
            ..Profile::default()
        };
        let mut profiles = Profiles::from([
            ("sandbox".to_owned(), Profile::default()),
            ("sandbox-warm".to_owned(), warm),
            ("process".to_owned(), process),
        ]);
        change(&mut config, &mut profiles);
        let (runtime, registry) = (
            Arc::new(ClosureRuntime::new()),
            Arc::new(MemoryRegistry::default()),
        );
        let artifacts = Arc::new(DirectoryArtifacts::new());
        let engine = open(&runtime, &registry, &artifacts, profiles, config)
            .await
            .unwrap();
        Self {
            engine,
            runtime,
            registry,
            artifacts,
        }
    }

    /// The same data under a new engine.
    pub(crate) async fn restarted(self) -> Self {
        let (config, profiles) = (
            self.engine.config().clone(),
            Profiles::clone(&self.engine.profiles()),
        );
        self.reopened(profiles, config).await.unwrap()
    }

    pub(crate) async fn reconfigured(self, config: Config) -> Self {
        let profiles = Profiles::clone(&self.engine.profiles());
        self.reopened(profiles, config).await.unwrap()
    }

    pub(crate) async fn without_profile(self, profile: &str) -> Result<Self, Error> {
        let (config, mut profiles) = (
            self.engine.config().clone(),
            Profiles::clone(&self.engine.profiles()),
        );
        profiles.remove(profile);
        self.reopened(profiles, config).await
    }

    async fn reopened(self, profiles: Profiles, config: Config) -> Result<Self, Error> {
        let engine = open(&self.runtime, &self.registry, &self.artifacts, profiles, config).await?;
        Ok(Self { engine, ..self })
    }

    pub(crate) async fn upload(&self, text: &str) -> Stored {
        let mut receiving = self.engine.receive().await.unwrap();
        receiving
            .write(Bytes::copy_from_slice(text.as_bytes()))
            .await
            .unwrap();
        receiving.finish().await.unwrap()
    }

    pub(crate) async fn deploy(
        &self,
        function: &str,
        code: Option<&str>,
        settings: SettingsChange,
    ) -> Result<Deployment, Error> {
        let code = match code {
            Some(text) => Some(self.upload(text).await),
            None => None,
        };
        let deploy = Deploy {
            project: default(),
            function: name(function),
            code,
            settings,
            activate: true,
            creator: "ann".into(),
        };
        self.engine.deploy(deploy).await
    }

    /// Deploys a program under its own name.
    pub(crate) async fn add(&self, function: &str, program: Program, settings: &str) -> Deployment {
        self.runtime.add(function, program);
        self.deploy(function, Some(function), self::settings(settings))
            .await
            .unwrap()
    }

    /// Calls and answers what was answered, as JSON.
    pub(crate) async fn call(&self, function: &str, arguments: &str) -> Result<String, Error> {
        invoke(&self.engine, invocation(function, arguments))
            .await
            .map(|answer| printed(&answer))
    }

    pub(crate) fn metrics(&self) -> String {
        self.engine.metrics().encode()
    }

    /// The value of a sample, written out as in the text, 0 where it is absent.
    pub(crate) fn sample(&self, sample: &str) -> f64 {
        let text = self.metrics();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }
}

async fn open(
    runtime: &Arc<ClosureRuntime>,
    registry: &Arc<MemoryRegistry>,
    artifacts: &Arc<DirectoryArtifacts>,
    profiles: Profiles,
    config: Config,
) -> Result<Engine, Error> {
    let ports = Ports {
        registry: Arc::clone(registry) as _,
        artifacts: Arc::clone(artifacts) as _,
        runtime: Arc::clone(runtime) as _,
        keyvalue: Arc::new(NoKeyValue),
    };
    Engine::open(ports, profiles, config).await
}

/// Lets the world go on, a millisecond of stopped time after another, until something holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..60_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    panic!("{what} never came to hold");
}
