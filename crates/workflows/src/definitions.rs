//! Checking definitions and saving them as versions.

use std::sync::Arc;

use weft_function_engine::{Deployment, Engine, Error, SaveWorkflow, SettingsChange};
use weft_types::version::{Pin, WorkflowSource};
use weft_types::{Digest, FunctionName, ProjectName, Signature};
use weft_workflow::check::{Limits, Options, Pools, check, without_pool};
use weft_workflow::plan::{Kind, Pins};
use weft_workflow::{Plan, Problem, definition};

use crate::directory::Directory;
use crate::groups;

/// Checks and saves definitions. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Definitions {
    pub(crate) engine: Engine,
    /// Bounds on a text.
    bounds: definition::Bounds,
    /// Bounds on a plan.
    limits: Limits,
}

/// A definition that may be saved.
#[derive(Debug)]
pub struct Validated {
    /// What would run.
    pub plan: Plan,
    /// What it is called with and what it answers.
    pub signature: Signature,
    /// Its description in one line, as versions have it; empty where it has none.
    pub description: String,
    /// What may not be meant: it may be saved nevertheless. Pool profiles and groups that it names and there are not now, so that nodes
    /// would fail, and parts of its output that are missing where a node is skipped along with another.
    pub warnings: Vec<Problem>,
}

/// A definition to be saved.
#[derive(Debug)]
pub struct Save {
    /// The namespace.
    pub project: ProjectName,
    /// The workflow.
    pub function: FunctionName,
    /// The definition, YAML or JSON.
    pub definition: String,
    /// The terms it shall run under.
    pub settings: SettingsChange,
    /// Whether it shall answer calls from now on.
    pub activate: bool,
    /// Who saves it.
    pub creator: String,
}

/// What was saved.
#[derive(Debug)]
pub struct Saved {
    /// The version.
    pub deployment: Deployment,
    /// What it runs.
    pub plan: Arc<Plan>,
    /// As [`Validated::warnings`].
    pub warnings: Vec<Problem>,
}

/// Why a definition was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// It is wrong: everything that is, each with its place.
    #[error("the definition has {} problems", .0.len())]
    Problems(Vec<Problem>),
    /// The function engine refused.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Definitions {
    /// Checks against the functions of `engine`, within the default bounds.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            bounds: definition::Bounds::default(),
            limits: Limits::default(),
        }
    }

    /// The longest definition that is read, in bytes.
    #[must_use]
    pub fn most_bytes(&self) -> usize {
        self.bounds.text
    }

    /// Checks a definition; nothing is stored. `function` is what it is for, where that is known: it cannot call itself.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn validate(
        &self,
        project: &ProjectName,
        function: Option<&FunctionName>,
        text: &[u8],
        pins: &Pins,
    ) -> Result<Validated, Vec<Problem>> {
        let mut read = definition::read(text, &self.bounds);
        let Some(definition) = &read.definition else {
            return Err(read.problems);
        };
        let description = one_line(&definition.description);
        let directory = Directory {
            engine: &self.engine,
            project,
        };
        let options = Options {
            source: Digest::of(text),
            function,
            pins,
            limits: self.limits,
        };
        let checked = check(definition, &directory, &options);
        read.problems.extend(checked.problems);
        match (checked.plan, checked.signature) {
            (Some(plan), Some(signature)) if read.problems.is_empty() => {
                let mut warnings = without_pool(definition, &self.pools());
                warnings.extend(checked.warnings);
                warnings.sort_by_key(|warning| warning.at);
                Ok(Validated {
                    plan,
                    signature,
                    description,
                    warnings,
                })
            }
            _ => {
                read.problems.sort_by_key(|problem| problem.at);
                Err(read.problems)
            }
        }
    }

    /// Where nodes may be executed.
    fn pools(&self) -> Pools {
        let any = groups::DEFAULT.to_owned();
        Pools {
            profiles: self.engine.profile_names(),
            groups: [any].into_iter().chain(self.engine.labels()).collect(),
        }
    }

    /// The blobs that saved definitions name, each with its project. Reads every definition that names one: for the background.
    #[must_use]
    pub fn blobs(&self) -> Vec<(ProjectName, Digest)> {
        let projects = self.engine.projects().into_iter();
        projects.flat_map(|project| self.blobs_of(project)).collect()
    }

    fn blobs_of(&self, project: ProjectName) -> Vec<(ProjectName, Digest)> {
        let mut blobs = Vec::new();
        for function in self.engine.names(&project) {
            // One that was deleted since names nothing any longer.
            let versions = self.engine.versions(&project, &function).unwrap_or_default();
            let sources = versions.iter().filter_map(|version| version.workflow.as_ref());
            for source in sources {
                let named = definition::blobs(source.definition.as_bytes(), &self.bounds);
                blobs.extend(named.into_iter().map(|named| (project.clone(), named.digest)));
            }
        }
        blobs
    }

    /// Checks a definition and saves it, with what it calls, as a version.
    ///
    /// # Errors
    /// Where it is wrong, or cannot be stored; nothing has changed then.
    pub async fn save(&self, save: Save) -> Result<Saved, SaveError> {
        self.engine.check_project(&save.project)?;
        let Validated {
            plan,
            signature,
            description,
            warnings,
        } = self.check(&save).await?;
        let settings = match save.settings {
            SettingsChange::Keep if !description.is_empty() => {
                SettingsChange::Merge(serde_json::json!({ "description": description }))
            }
            settings => settings,
        };
        let source = WorkflowSource {
            pins: plan.pins.0.clone(),
            calls: calls(&plan),
            durability: plan.durability,
            awaits: plan
                .nodes
                .iter()
                .any(|node| matches!(node.kind, Kind::Wait { .. })),
            definition: save.definition,
        };
        let saved = self.engine.save_workflow(SaveWorkflow {
            project: save.project,
            function: save.function,
            source,
            signature,
            effect_free: plan.effect_free,
            settings,
            activate: save.activate,
            creator: save.creator,
        });
        Ok(Saved {
            deployment: saved.await?,
            plan: Arc::new(plan),
            warnings,
        })
    }

    /// Checks where it delays no call: a large definition takes a third of a second.
    pub(crate) async fn check(&self, save: &Save) -> Result<Validated, SaveError> {
        let (this, text) = (self.clone(), save.definition.clone());
        let (project, function) = (save.project.clone(), save.function.clone());
        let check = move || this.validate(&project, Some(&function), text.as_bytes(), &Pins::default());
        let checked = tokio::task::spawn_blocking(check).await;
        checked
            .map_err(|error| Error::Platform(format!("the check of a definition ended: {error}")))?
            .map_err(SaveError::Problems)
    }
}

/// A description as versions have it: one line, cut where it is too long.
fn one_line(description: &str) -> String {
    let words = description
        .split_whitespace()
        .map(|word| word.replace(char::is_control, ""));
    let mut line = words.collect::<Vec<_>>().join(" ");
    line.truncate(line.floor_char_boundary(MOST_DESCRIPTION));
    line
}

/// The longest description of a version, in bytes.
const MOST_DESCRIPTION: usize = 1024;

/// Every version that a plan calls, in order.
pub(crate) fn calls(plan: &Plan) -> Vec<Pin> {
    let mut calls: Vec<_> = plan
        .nodes
        .iter()
        .filter_map(|node| match &node.kind {
            Kind::Call(call) => Some(Pin {
                function: call.function.clone(),
                version: call.version,
            }),
            Kind::Sleep { .. } | Kind::Wait { .. } => None,
        })
        .collect();
    calls.sort();
    calls.dedup();
    calls
}
