//! Every project, function and version, as an immutable snapshot that calls read without a lock.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, MutexGuard};
use weft_types::version::FunctionRecord;
use weft_types::{Digest, FunctionName, ProjectName, VersionNumber, VersionRecord};

use crate::deploy::wiring::is_effect_free;
use crate::deployed::Deployed;
use crate::{Error, Log};

mod list;
mod rolling;

pub use list::{Filter, FunctionView, Page, RolloutView};
pub(crate) use rolling::Rolling;

/// The current snapshot, and the right to replace it.
pub(crate) struct Catalog {
    snapshot: ArcSwap<Snapshot>,
    writing: Mutex<()>,
}

/// The right to replace the snapshot: held from reading what a change builds on until the change is published, with the
/// registry's answer in between, so that changes happen one after another.
pub(crate) struct Writing<'a> {
    catalog: &'a Catalog,
    _only: MutexGuard<'a, ()>,
}

/// Everything there is at one moment.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    projects: BTreeMap<ProjectName, Arc<Project>>,
}

/// The functions of a project.
#[derive(Clone, Default)]
pub(crate) struct Project {
    pub(crate) functions: BTreeMap<FunctionName, Arc<Function>>,
}

/// A function with all its versions.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) record: FunctionRecord,
    /// Ascending and never empty.
    versions: Vec<Arc<Deployed>>,
    /// The one of `record.active`.
    pub(crate) active: Option<Arc<Deployed>>,
    /// The one that is about to take its place.
    pub(crate) rolling: Option<Arc<Rolling>>,
    pub(crate) logs: Arc<Log>,
}

impl Catalog {
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            writing: Mutex::default(),
        }
    }

    /// What there is now. Cheap, without a lock; not to be kept over an await.
    pub(crate) fn read(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    pub(crate) async fn write(&self) -> Writing<'_> {
        Writing {
            catalog: self,
            _only: self.writing.lock().await,
        }
    }
}

impl Writing<'_> {
    /// Replaces the snapshot by a changed copy. Copies the list of the one project that changes, nothing below it.
    fn publish(&self, change: impl FnOnce(&mut Snapshot)) {
        let mut snapshot = Snapshot::clone(&self.catalog.read());
        change(&mut snapshot);
        self.catalog.snapshot.store(Arc::new(snapshot));
    }

    pub(crate) fn add_project(&self, project: &ProjectName) {
        self.publish(|snapshot| {
            snapshot.projects.entry(project.clone()).or_default();
        });
    }

    pub(crate) fn remove_project(&self, project: &ProjectName) {
        self.publish(|snapshot| {
            snapshot.projects.remove(project);
        });
    }

    pub(crate) fn put(&self, function: Function) {
        self.publish(|snapshot| snapshot.put(function));
    }

    pub(crate) fn remove(&self, project: &ProjectName, function: &FunctionName) {
        self.publish(|snapshot| {
            if let Some(project) = snapshot.projects.get_mut(project) {
                Arc::make_mut(project).functions.remove(function);
            }
        });
    }
}

impl Snapshot {
    pub(crate) fn add_project(&mut self, project: ProjectName) {
        self.projects.entry(project).or_default();
    }

    pub(crate) fn put(&mut self, function: Function) {
        let project = self.projects.entry(function.record.project.clone()).or_default();
        Arc::make_mut(project)
            .functions
            .insert(function.record.function.clone(), Arc::new(function));
    }

    pub(crate) fn projects(&self) -> impl Iterator<Item = (&ProjectName, &Arc<Project>)> {
        self.projects.iter()
    }

    pub(crate) fn project_names(&self) -> Vec<ProjectName> {
        self.projects.keys().cloned().collect()
    }

    pub(crate) fn project(&self, name: &str) -> Result<&Arc<Project>, Error> {
        self.projects
            .get(name)
            .ok_or_else(|| Error::NoProject(name.to_owned()))
    }

    pub(crate) fn function(&self, project: &str, function: &str) -> Result<&Arc<Function>, Error> {
        self.project(project)?
            .functions
            .get(function)
            .ok_or_else(|| Error::no_function(project, function))
    }

    /// Some version, of whatever function, made from the code `digest`.
    pub(crate) fn version_of(&self, digest: Digest) -> Option<&Arc<VersionRecord>> {
        let functions = self
            .projects
            .values()
            .flat_map(|project| project.functions.values());
        functions
            .flat_map(|function| &function.versions)
            .map(|deployed| deployed.record())
            .find(|record| record.digest == digest)
    }

    /// The code of every version.
    pub(crate) fn digests(&self) -> HashSet<Digest> {
        self.functions()
            .flat_map(|function| &function.versions)
            .map(|deployed| deployed.record().digest)
            .collect()
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.projects
            .values()
            .flat_map(|project| project.functions.values())
    }
}

impl Project {
    /// What is known of a version, with its class as it is now: what it may call, or how often its instances serve, may have
    /// changed since it was stored.
    pub(crate) fn current(&self, deployed: &Deployed) -> Arc<VersionRecord> {
        let record = deployed.record();
        match is_effect_free(deployed, self) {
            same if same == record.effect_free => Arc::clone(record),
            effect_free => Arc::new(VersionRecord {
                effect_free,
                ..VersionRecord::clone(record)
            }),
        }
    }

    /// Whether a version was made from this code, or is this definition.
    pub(crate) fn has_code(&self, digest: Digest) -> bool {
        let mut versions = self.functions.values().flat_map(|function| &function.versions);
        versions.any(|deployed| deployed.record().digest == digest)
    }

    /// The code of every version and how many bytes that has, each once.
    pub(crate) fn code(&self) -> BTreeMap<Digest, u64> {
        let versions = self.functions.values().flat_map(|function| &function.versions);
        versions
            .map(|deployed| (deployed.record().digest, deployed.record().size))
            .collect()
    }

    /// The active version of a function.
    pub(crate) fn active(&self, function: &FunctionName) -> Option<&Arc<Deployed>> {
        self.functions
            .get(function)
            .and_then(|function| function.active.as_ref())
    }

    /// The version of a function that is about to become the active one.
    pub(crate) fn candidate(&self, function: &FunctionName) -> Option<&Arc<Deployed>> {
        let rolling = self.functions.get(function)?.rolling.as_ref()?;
        Some(&rolling.candidate)
    }
}

impl Function {
    /// A function with its first versions; none without any.
    pub(crate) fn new(record: FunctionRecord, versions: Vec<Arc<Deployed>>, logs: Arc<Log>) -> Option<Self> {
        let mut function = Self {
            record,
            versions,
            active: None,
            rolling: None,
            logs,
        };
        function.activate_recorded();
        (!function.versions.is_empty()).then_some(function)
    }

    /// The same function with `record`, and with `deployed` among its versions.
    pub(crate) fn with(&self, record: FunctionRecord, deployed: &Arc<Deployed>) -> Self {
        let mut function = Self {
            record,
            ..self.clone()
        };
        let number = deployed.record().version;
        match function.position(number) {
            Ok(_) => (),
            Err(place) => function.versions.insert(place, Arc::clone(deployed)),
        }
        function.activate_recorded();
        function
    }

    /// The same function with another record of itself.
    pub(crate) fn recorded(&self, record: FunctionRecord) -> Self {
        let mut function = Self {
            record,
            ..self.clone()
        };
        function.activate_recorded();
        function
    }

    /// The same function without some of its versions. One that is active stays, and so does the last.
    pub(crate) fn without(&self, gone: &[VersionNumber]) -> Self {
        let mut function = self.clone();
        let is_gone = |deployed: &Arc<Deployed>| gone.contains(&deployed.record().version);
        let active = self.record.active;
        function.record.numbered = self.next().0 - 1;
        function
            .versions
            .retain(|deployed| !is_gone(deployed) || Some(deployed.record().version) == active);
        if function.versions.is_empty() {
            function.versions.push(Arc::clone(self.latest()));
        }
        function
    }

    /// The number of the next version: none is given again.
    pub(crate) fn next(&self) -> VersionNumber {
        VersionNumber(self.latest().record().version.0.max(self.record.numbered) + 1)
    }

    /// The version that is about to take over, where it answers the next call that names none.
    pub(crate) fn candidate(&self) -> Option<&Arc<Deployed>> {
        let rolling = self.rolling.as_ref().filter(|rolling| rolling.takes());
        rolling.map(|rolling| &rolling.candidate)
    }

    /// The versions that answer calls that name none.
    pub(crate) fn answering(&self) -> impl Iterator<Item = &Arc<Deployed>> {
        let candidate = self.rolling.as_ref().map(|rolling| &rolling.candidate);
        self.active.iter().chain(candidate)
    }

    pub(crate) fn versions(&self) -> &[Arc<Deployed>] {
        &self.versions
    }

    pub(crate) fn latest(&self) -> &Arc<Deployed> {
        // `new` refuses to make one without versions and `without` leaves one.
        self.versions.last().expect("a function has a version")
    }

    /// The version of a number; without one the active, else an error.
    pub(crate) fn version(&self, number: Option<VersionNumber>) -> Result<&Arc<Deployed>, Error> {
        let Some(version) = number else {
            return self.active.as_ref().ok_or_else(|| Error::NoActiveVersion {
                function: self.record.function.clone(),
                missing: Vec::new(),
            });
        };
        match self.position(version) {
            Ok(place) => Ok(&self.versions[place]),
            Err(_) => Err(Error::NoVersion {
                function: self.record.function.clone(),
                version,
                latest: self.latest().record().version,
            }),
        }
    }

    fn position(&self, number: VersionNumber) -> Result<usize, usize> {
        self.versions
            .binary_search_by_key(&number, |deployed| deployed.record().version)
    }

    fn activate_recorded(&mut self) {
        let place = self.record.active.and_then(|number| self.position(number).ok());
        self.active = place.map(|place| Arc::clone(&self.versions[place]));
        self.rolling = self.rolling_recorded();
    }

    fn rolling_recorded(&self) -> Option<Arc<Rolling>> {
        let (active, rollout) = (self.active.as_ref()?, self.record.moves.rollout.as_ref()?);
        let candidate = &self.versions[self.position(rollout.version).ok()?];
        Some(match &self.rolling {
            Some(known) if known.rollout == *rollout => Arc::clone(known),
            Some(known) if known.is_of(rollout, candidate) => Arc::new(known.at(rollout)),
            _ => Arc::new(Rolling::new(rollout, candidate, active)),
        })
    }
}
