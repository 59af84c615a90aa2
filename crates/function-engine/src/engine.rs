//! The engine's handle, and what can be asked of it without changing anything.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use weft_pool::Level;
use weft_types::settings::Visibility;
use weft_types::{Digest, FunctionName, ProjectName, RunId, VersionNumber, VersionRecord};

use crate::port::{Artifacts, KeyValue, Receiving, Registry, Runtime, Standing, Workflows};
use crate::{Config, Error, Filter, FunctionView, Log, Metrics, Page};

mod inner;
mod open;
mod verified;

pub(crate) use inner::Inner;

/// The function engine. Cheap to clone; all clones are one engine.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

/// What the engine reaches the world through.
pub struct Ports {
    /// Functions and versions.
    pub registry: Arc<dyn Registry>,
    /// Code.
    pub artifacts: Arc<dyn Artifacts>,
    /// Where code runs.
    pub runtime: Arc<dyn Runtime>,
    /// What granted functions keep.
    pub keyvalue: Arc<dyn KeyValue>,
}

/// The project that is always there.
const DEFAULT_PROJECT: &str = "default";

/// Pool profiles by name; `sandbox` is among them.
pub type Profiles = BTreeMap<String, weft_pool::Profile>;

impl Engine {
    /// Reads every function from the registry. The runtime this is called on does the engine's slow work from then on:
    /// deploys, compiles, loads and upkeep.
    ///
    /// # Errors
    /// Where the registry fails or the profile `sandbox` is missing.
    pub async fn open(ports: Ports, profiles: Profiles, config: Config) -> Result<Self, Error> {
        open::open(ports, profiles, config).await.map(Self)
    }

    /// The platform's defaults and maxima.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The pool profiles by name, as they are now.
    #[must_use]
    pub fn profiles(&self) -> Arc<Profiles> {
        self.0.profiles.load_full()
    }

    /// How far instances can be had at a level on this host. Tried when it is first asked for, which takes a fraction of a second.
    ///
    /// # Errors
    /// Where the engine is gone.
    pub async fn standing(&self, level: Level) -> Result<Standing, Error> {
        let inner = Arc::clone(&self.0);
        self.0.blocking(move || inner.ports.runtime.standing(level)).await
    }

    /// Every project, in order.
    #[must_use]
    pub fn projects(&self) -> Vec<ProjectName> {
        self.0.catalog.read().project_names()
    }

    /// The names of all functions of a project, in order; none where there is no such project.
    #[must_use]
    pub fn names(&self, project: &ProjectName) -> Vec<FunctionName> {
        let snapshot = self.0.catalog.read();
        let project = snapshot.project(project.as_str());
        project.map_or_else(
            |_| Vec::new(),
            |project| project.functions.keys().cloned().collect(),
        )
    }

    /// Whether there is a project of this name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn check_project(&self, project: &ProjectName) -> Result<(), Error> {
        self.0.catalog.read().project(project.as_str()).map(drop)
    }

    /// Creates a project; one that exists is left as it is.
    ///
    /// # Errors
    /// Where the registry fails.
    pub async fn create_project(&self, project: &ProjectName) -> Result<(), Error> {
        let (inner, project) = (Arc::clone(&self.0), project.clone());
        let create = async move {
            let writing = inner.catalog.write().await;
            inner.ports.registry.create_project(&project).await?;
            writing.add_project(&project);
            Ok(())
        };
        self.0.in_background(create).await
    }

    /// Deletes a project that has no functions. Its name is not given again, as its runs and blobs may still be kept.
    ///
    /// # Errors
    /// Where there is no such project, it has functions, or it is `default`; or the registry fails.
    pub async fn delete_project(&self, project: &ProjectName) -> Result<(), Error> {
        if project.as_str() == DEFAULT_PROJECT {
            return Err(Error::ProjectInUse {
                project: project.to_string(),
                reason: "it is the one that is always there",
            });
        }
        let (inner, project) = (Arc::clone(&self.0), project.clone());
        let delete = async move {
            let writing = inner.catalog.write().await;
            inner.ports.registry.delete_project(&project).await?;
            writing.remove_project(&project);
            Ok(())
        };
        self.0.in_background(delete).await
    }

    /// Up to `limit` functions of a project that pass the filter, in order of their names, from behind `after` on.
    ///
    /// # Errors
    /// Where there is no such project.
    pub fn functions(
        &self,
        project: &ProjectName,
        filter: &Filter,
        after: Option<&FunctionName>,
        limit: usize,
    ) -> Result<Page, Error> {
        Ok(self
            .0
            .catalog
            .read()
            .project(project.as_str())?
            .page(filter, after, limit))
    }

    /// A function as it is now.
    ///
    /// # Errors
    /// Where there is no such project or function.
    pub fn function(&self, project: &ProjectName, function: &FunctionName) -> Result<FunctionView, Error> {
        let snapshot = self.0.catalog.read();
        let function = snapshot.function(project.as_str(), function.as_str())?;
        Ok(snapshot.project(project.as_str())?.view(function))
    }

    /// All versions of a function, ascending.
    ///
    /// # Errors
    /// Where there is no such project or function.
    pub fn versions(
        &self,
        project: &ProjectName,
        function: &FunctionName,
    ) -> Result<Vec<Arc<VersionRecord>>, Error> {
        let snapshot = self.0.catalog.read();
        let versions = snapshot.function(project.as_str(), function.as_str())?.versions();
        let project = snapshot.project(project.as_str())?;
        Ok(versions
            .iter()
            .map(|deployed| project.current(deployed))
            .collect())
    }

    /// A version of a function; none asks for the active one, or the latest where none is active.
    ///
    /// # Errors
    /// Where there is no such project, function or version.
    pub fn version(
        &self,
        project: &ProjectName,
        function: &FunctionName,
        version: Option<VersionNumber>,
    ) -> Result<Arc<VersionRecord>, Error> {
        let snapshot = self.0.catalog.read();
        let function = snapshot.function(project.as_str(), function.as_str())?;
        let deployed = match (version, &function.active) {
            (None, None) => function.latest(),
            (version, _) => function.version(version)?,
        };
        Ok(snapshot.project(project.as_str())?.current(deployed))
    }

    /// Who may see a function: what its active version says, and the one that is named, too, whichever says less. Where there
    /// is none such it is nobody else's business either. Runs of workflows are never for those who are not known.
    #[must_use]
    pub fn visibility(&self, project: &str, function: &str, version: Option<VersionNumber>) -> Visibility {
        let snapshot = self.0.catalog.read();
        let said = |version| {
            let found = snapshot.function(project, function)?.version(version)?;
            let record = found.record();
            let most = match record.workflow {
                Some(_) => Visibility::Public,
                None => Visibility::Anonymous,
            };
            Ok::<_, Error>(record.settings.visibility.min(most))
        };
        let named = version.map_or(Ok(Visibility::Anonymous), |version| said(Some(version)));
        match (said(None), named) {
            (Ok(active), Ok(named)) => active.min(named),
            _ => Visibility::Private,
        }
    }

    /// Where the uploaded bytes of a version lie; none asks as [`Self::version`] does.
    ///
    /// # Errors
    /// Where there is no such version, or its code was lost or is damaged.
    pub async fn code_path(
        &self,
        project: &ProjectName,
        function: &FunctionName,
        version: Option<VersionNumber>,
    ) -> Result<PathBuf, Error> {
        let record = self.version(project, function, version)?;
        self.0.intact_code(record.digest, function).await
    }

    /// The code of every version there is. Stored code that is not among it belongs to nothing, as long as no deploy is under
    /// way.
    #[must_use]
    pub fn digests(&self) -> HashSet<Digest> {
        self.0.catalog.read().digests()
    }

    /// Begins to receive an upload, within the configured limit.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn receive(&self) -> Result<Box<dyn Receiving>, Error> {
        Ok(self.0.ports.artifacts.receive(self.0.config.upload_bytes).await?)
    }

    /// What a function printed lately.
    ///
    /// # Errors
    /// Where there is no such project or function.
    pub fn logs(&self, project: &ProjectName, function: &FunctionName) -> Result<Arc<Log>, Error> {
        let snapshot = self.0.catalog.read();
        Ok(Arc::clone(
            &snapshot.function(project.as_str(), function.as_str())?.logs,
        ))
    }

    /// What the nodes of a run printed lately; none where that is nothing, or is no longer kept. That there is such a run, and who
    /// may know, is for the caller to find out.
    #[must_use]
    pub fn run_log(&self, run: RunId) -> Option<Arc<Log>> {
        self.0.run_logs.find(run)
    }

    /// What the nodes of a run print, for who follows it: kept at least as long as it is held.
    #[must_use]
    pub fn follow_run_log(&self, run: RunId) -> Arc<Log> {
        self.0.run_logs.of(run)
    }

    /// Hands versions that are workflows to who runs them. Only the first time counts.
    pub fn attach_workflows(&self, workflows: Arc<dyn Workflows>) {
        let _ = self.0.workflows.set(workflows);
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Refuses calls and deploys from now on and returns once the calls under way have ended, or `patience` has.
    pub async fn drain(&self, patience: Duration) {
        self.0.drain(patience).await;
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}
