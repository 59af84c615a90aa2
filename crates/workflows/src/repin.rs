//! Having a workflow call the versions that are active now.

use weft_function_engine::SettingsChange;
use weft_types::{FunctionName, ProjectName};
use weft_workflow::Problem;

use crate::{Definitions, Save, SaveError, Saved};

/// A workflow to be pinned anew.
#[derive(Debug)]
pub struct Repin {
    /// The namespace.
    pub project: ProjectName,
    /// The workflow.
    pub function: FunctionName,
    /// Whether the new version shall answer calls from now on.
    pub activate: bool,
    /// Who asks.
    pub creator: String,
    /// Only tell what would come of it.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Repinned {
    /// Each callee whose version changes: before and after.
    pub changes: Vec<Change>,
    /// The new version; none where nothing changes or nothing was to be saved.
    pub saved: Option<Saved>,
    /// As [`Validated::warnings`](crate::Validated::warnings), whether or not anything changes.
    pub warnings: Vec<Problem>,
}

/// A callee whose version changes.
#[derive(Debug)]
pub struct Change {
    /// The function.
    pub function: FunctionName,
    /// The version that is called now.
    pub from: weft_types::VersionNumber,
    /// The version that will be.
    pub to: weft_types::VersionNumber,
}

impl Definitions {
    /// Checks the latest definition against the versions that are active now and saves it as a new version that calls them.
    ///
    /// # Errors
    /// Where types changed so that the definition no longer fits: every place is told. Nothing has changed then.
    pub async fn repin(&self, repin: Repin) -> Result<Repinned, SaveError> {
        let latest = self.engine.version(&repin.project, &repin.function, None)?;
        let Some(source) = latest.workflow.clone() else {
            return Err(weft_function_engine::Error::NotAWorkflow(repin.function).into());
        };
        let save = Save {
            project: repin.project,
            function: repin.function,
            definition: source.definition.clone(),
            settings: SettingsChange::Keep,
            activate: repin.activate,
            creator: repin.creator,
        };
        let validated = self.check(&save).await?;
        let pins = validated.plan.pins.0.iter();
        let changes: Vec<_> = pins
            .filter_map(|(function, to)| {
                let from = source.pins.get(function)?;
                (from != to).then(|| Change {
                    function: function.clone(),
                    from: *from,
                    to: *to,
                })
            })
            .collect();
        if repin.dry_run || changes.is_empty() {
            return Ok(Repinned {
                changes,
                saved: None,
                warnings: validated.warnings,
            });
        }
        let saved = self.save(save).await?;
        let warnings = saved.warnings.clone();
        Ok(Repinned {
            changes,
            saved: Some(saved),
            warnings,
        })
    }
}
