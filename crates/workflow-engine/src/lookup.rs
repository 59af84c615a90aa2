//! Runs as the records tell of them: only what is committed.

use weft_types::{ProjectName, RunId, Type, Value};
use weft_workflow::Plan;
use weft_workflow::event::Stored;
use weft_workflow::record::RunRecord;

use crate::Error;
use crate::engine::Inner;
use crate::open_run::Outcome;

impl Inner {
    /// The record of a run, with everything in it that is committed by now.
    pub(crate) async fn record(&self, project: &ProjectName, run: RunId) -> Result<RunRecord, Error> {
        if let Some(kept) = self.kept_of(run)
            && let Some(record) = kept.record().filter(|record| record.project == *project)
        {
            return Ok(RunRecord::clone(&record));
        }
        let settled = self.settled_for(run).await;
        let record = self.ports.records.run(project, run).await?;
        match record {
            Some(record) if settled || record.status.is_closed() || self.registry.get(run).is_some() => {
                Ok(record)
            }
            None if settled => Err(Error::NoRun(run)),
            // It may have begun, or ended.
            Some(_) | None => {
                self.check_records()?;
                Err(Error::Behind {
                    run,
                    retry_after: self.config.retry_after,
                })
            }
        }
    }

    /// Waits, up to a bounded time, until the records have everything of a run that is committed by now, whatever others do.
    /// Whether they have.
    pub(crate) async fn settled_for(&self, run: RunId) -> bool {
        let committed = self.ports.journal.committed();
        let last = match self.registry.get(run) {
            Some(open) => open.passed().unwrap_or_default(),
            None => self.ends.of(run).unwrap_or(committed),
        };
        self.ports.records.settled(last.min(committed)).await
    }

    /// Waits, up to a bounded time, until the records have everything that is committed by now. Whether they have.
    pub(crate) async fn settled(&self) -> bool {
        let committed = self.ports.journal.committed();
        self.ports.records.settled(committed).await
    }

    /// How a run ended, as its record tells; none where it has not.
    pub(crate) fn outcome(&self, record: &RunRecord, plan: &Plan) -> Result<Option<Outcome>, Error> {
        self.outcome_of(record, plan.signature.result.as_ref())
    }

    /// The same of a run with results of this type.
    pub(crate) fn outcome_of(&self, record: &RunRecord, ty: Option<&Type>) -> Result<Option<Outcome>, Error> {
        let Some(finished_at) = record.finished_at.filter(|_| record.status.is_closed()) else {
            return Ok(None);
        };
        let result = match (&record.result, ty) {
            (Some(stored), Some(ty)) => Some(self.verified(record.run, stored, ty)?),
            (_, _) => None,
        };
        Ok(Some(Outcome {
            run: record.run,
            version: record.version,
            status: record.status,
            result,
            failure: record.failure.clone(),
            counts: record.counts,
            usage: record.usage,
            created_at: record.created_at,
            started_at: record.started_at,
            finished_at,
        }))
    }

    /// A value that was written down, once every rule of images was checked.
    pub(crate) fn verified(&self, run: RunId, stored: &Stored, ty: &Type) -> Result<Value, Error> {
        let verified = stored.verify(ty, self.config.values);
        verified.map_err(|invalid| Error::Damaged {
            run,
            message: invalid.to_string(),
        })
    }
}
