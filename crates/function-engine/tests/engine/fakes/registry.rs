//! A registry in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use weft_function_engine::port::{Added, Boxed, NewVersion, Registry, RegistryError};
use weft_types::moves::Moves;
use weft_types::version::FunctionRecord;
use weft_types::{FunctionName, ProjectName, VersionNumber, VersionRecord};

type Functions = Vec<(FunctionRecord, Vec<VersionRecord>)>;

#[derive(Default)]
pub(crate) struct MemoryRegistry {
    projects: Mutex<BTreeSet<ProjectName>>,
    functions: Mutex<Functions>,
    /// The largest number of those that were deleted.
    deleted: Mutex<BTreeMap<(ProjectName, FunctionName), u32>>,
    /// Fails every change while set.
    pub(crate) full: AtomicBool,
}

impl MemoryRegistry {
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Functions) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        if self.full.load(SeqCst) {
            return Err(RegistryError::Full);
        }
        change(&mut self.functions.lock().unwrap())
    }

    fn deleted(&self, project: &ProjectName, function: &FunctionName) -> u32 {
        let name = (project.clone(), function.clone());
        self.deleted.lock().unwrap().get(&name).copied().unwrap_or(0)
    }

    fn add(functions: &mut Functions, new: NewVersion, deleted: u32) -> Added {
        let known = |(record, _): &(FunctionRecord, Vec<VersionRecord>)| {
            record.project == new.project && record.function == new.function
        };
        let index = functions.iter().position(known).unwrap_or(functions.len());
        if index == functions.len() {
            functions.push((first(&new, deleted), Vec::new()));
        }
        let (record, versions) = &mut functions[index];
        let same = versions
            .iter()
            .find(|v| v.digest == new.digest && v.settings == new.settings)
            .cloned();
        let existed = same.is_some();
        let version = same.unwrap_or_else(|| {
            let version = numbered(&new, last(record, versions) + 1);
            versions.push(version.clone());
            version
        });
        if let Some(moves) = new.activate {
            record.active = Some(version.version);
            record.moves = moves;
        }
        Added {
            function: record.clone(),
            version,
            existed,
        }
    }
}

impl Registry for MemoryRegistry {
    fn projects(&self) -> Boxed<'_, Result<Vec<ProjectName>, RegistryError>> {
        let mut projects = self.projects.lock().unwrap().clone();
        projects.insert("default".parse().unwrap());
        Box::pin(async move { Ok(projects.into_iter().collect()) })
    }

    fn create_project<'a>(&'a self, project: &'a ProjectName) -> Boxed<'a, Result<(), RegistryError>> {
        self.projects.lock().unwrap().insert(project.clone());
        Box::pin(async { Ok(()) })
    }

    fn delete_project<'a>(&'a self, project: &'a ProjectName) -> Boxed<'a, Result<(), RegistryError>> {
        Box::pin(async move {
            let has_functions = |functions: &mut Functions| match functions
                .iter()
                .any(|(record, _)| record.project == *project)
            {
                true => Err(RegistryError::ProjectInUse(project.clone())),
                false => Ok(()),
            };
            self.change(has_functions)?;
            match self.projects.lock().unwrap().remove(project) {
                true => Ok(()),
                false => Err(RegistryError::NoProject(project.clone())),
            }
        })
    }

    fn load(&self) -> Boxed<'_, Result<Functions, RegistryError>> {
        let functions = self.functions.lock().unwrap().clone();
        Box::pin(async move { Ok(functions) })
    }

    fn last_number<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
    ) -> Boxed<'a, Result<u32, RegistryError>> {
        let functions = self.functions.lock().unwrap();
        let known = functions
            .iter()
            .find(|(record, _)| record.project == *project && record.function == *function);
        let last = known.map(|(record, versions)| last(record, versions));
        let last = last.unwrap_or_else(|| self.deleted(project, function));
        Box::pin(async move { Ok(last) })
    }

    fn add_version(&self, new: NewVersion) -> Boxed<'_, Result<Added, RegistryError>> {
        Box::pin(async move {
            // As a real store, it does not answer at once.
            tokio::task::yield_now().await;
            let deleted = self.deleted(&new.project, &new.function);
            self.change(|functions| Ok(Self::add(functions, new, deleted)))
        })
    }

    fn activate<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
        version: VersionNumber,
        moves: Arc<Moves>,
        at: Timestamp,
    ) -> Boxed<'a, Result<FunctionRecord, RegistryError>> {
        let activated = self.change(|functions| {
            let record = found(functions, project, function)?;
            record.active = Some(version);
            record.moves = moves;
            record.updated_at = at;
            Ok(record.clone())
        });
        Box::pin(async move { activated })
    }

    fn note_moves<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
        moves: Arc<Moves>,
    ) -> Boxed<'a, Result<FunctionRecord, RegistryError>> {
        let noted = self.change(|functions| {
            let record = found(functions, project, function)?;
            record.moves = moves;
            Ok(record.clone())
        });
        Box::pin(async move { noted })
    }

    fn delete_versions<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
        versions: &'a [VersionNumber],
    ) -> Boxed<'a, Result<(), RegistryError>> {
        let deleted = self.change(|functions| {
            found(functions, project, function)?;
            for (record, known) in functions {
                if record.project == *project && record.function == *function {
                    record.numbered = last(record, known);
                    known.retain(|version| !versions.contains(&version.version));
                }
            }
            Ok(())
        });
        Box::pin(async move { deleted })
    }

    fn delete<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
    ) -> Boxed<'a, Result<(), RegistryError>> {
        let deleted = self.change(|functions| {
            let mut deleted = self.deleted.lock().unwrap();
            for (record, versions) in functions.extract_if(.., |(record, _)| {
                record.project == *project && record.function == *function
            }) {
                deleted.insert((project.clone(), function.clone()), last(&record, &versions));
            }
            Ok(())
        });
        Box::pin(async move { deleted })
    }
}

fn found<'a>(
    functions: &'a mut Functions,
    project: &ProjectName,
    function: &FunctionName,
) -> Result<&'a mut FunctionRecord, RegistryError> {
    let mut records = functions.iter_mut().map(|(record, _)| record);
    let known = |record: &&mut FunctionRecord| record.project == *project && record.function == *function;
    let no_function = || RegistryError::NoFunction(project.clone(), function.clone());
    records.find(known).ok_or_else(no_function)
}

/// The largest number that a version of a function has had.
fn last(record: &FunctionRecord, versions: &[VersionRecord]) -> u32 {
    let last = versions.last().map_or(0, |last| last.version.0);
    last.max(record.numbered)
}

fn first(new: &NewVersion, numbered: u32) -> FunctionRecord {
    FunctionRecord {
        project: new.project.clone(),
        function: new.function.clone(),
        active: None,
        creator: new.creator.clone(),
        created_at: new.created_at,
        updated_at: new.created_at,
        moves: Arc::default(),
        numbered,
    }
}

fn numbered(new: &NewVersion, number: u32) -> VersionRecord {
    VersionRecord {
        project: new.project.clone(),
        function: new.function.clone(),
        version: VersionNumber(number),
        kind: new.kind,
        digest: new.digest,
        size: new.size,
        inspection: new.inspection.clone(),
        workflow: new.workflow.clone(),
        settings: new.settings.clone(),
        effect_free: new.effect_free,
        creator: new.creator.clone(),
        created_at: new.created_at,
    }
}
