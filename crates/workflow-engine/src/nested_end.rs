//! How a nested run came to its end that the run around it had not heard of before a crash.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use weft_types::{ProjectName, RunId, RunStatus, Type};
use weft_workflow::Event;
use weft_workflow::event::ErrorCode;

use crate::Error;
use crate::alarm::Broken;
use crate::engine::Inner;
use crate::history::Frames;
use crate::open_run::Outcome;

/// How long the records may be behind, or fail, before they are taken to have stopped for good.
const CATCHING_UP: Duration = Duration::from_secs(600);

/// What became of a nested run.
#[derive(Debug)]
pub(crate) enum NestedEnd {
    /// It never began.
    Never,
    /// It ended so, and may have had effects of which nobody knows.
    Ended(Arc<Outcome>, bool),
    /// It ended, and how cannot be read.
    Unreadable(String),
    /// It is open and nobody drives it, as it could not be taken up.
    Open,
}

impl Inner {
    /// How a run ended that an attempt nested before a crash, with a result of type `ty`. It must be certain, as otherwise the run would be
    /// begun again, as another one: so where the records are behind or cannot be read, they are asked again.
    ///
    /// # Errors
    /// Where they answer nothing for [`CATCHING_UP`]: it may be known after the next start.
    pub(crate) async fn nested_end(
        &self,
        project: &ProjectName,
        run: RunId,
        ty: Option<&Type>,
    ) -> Result<NestedEnd, Broken> {
        let mut since = Instant::now();
        loop {
            let why = match self.look_for_end(project, run, ty).await {
                Ok(Some(end)) => return Ok(end),
                Ok(None) => "the records do not follow the journal any longer".to_owned(),
                Err(error) => error.to_string(),
            };
            if self.held().is_some() {
                // That passes, however long it takes.
                since = Instant::now();
            }
            if since.elapsed() >= CATCHING_UP {
                return Err(Broken(why));
            }
            tracing::warn!(%run, why, "waiting for the records to tell how a nested run ended");
            self.pause().await;
        }
    }

    /// The same, and waits as long as the run is open: somebody will end it, or the server be started anew.
    pub(crate) async fn nested_end_at_last(
        &self,
        project: &ProjectName,
        run: RunId,
        ty: Option<&Type>,
    ) -> Result<NestedEnd, Broken> {
        loop {
            match self.nested_end(project, run, ty).await? {
                NestedEnd::Open => self.pause().await,
                end => return Ok(end),
            }
        }
    }

    async fn pause(&self) {
        self.ports.clock.pause(self.config.retry_after).await;
    }

    /// None while the records are behind.
    async fn look_for_end(
        &self,
        project: &ProjectName,
        run: RunId,
        ty: Option<&Type>,
    ) -> Result<Option<NestedEnd>, Error> {
        if !self.settled_for(run).await {
            return Ok(None);
        }
        let Some(record) = self.ports.records.run(project, run).await? else {
            return Ok(Some(NestedEnd::Never));
        };
        Ok(Some(match self.outcome_of(&record, ty) {
            Ok(Some(outcome)) => {
                let unknown = outcome.status == RunStatus::Cancelled && self.has_unknown(run).await?;
                NestedEnd::Ended(Arc::new(outcome), unknown)
            }
            Ok(None) => NestedEnd::Open,
            Err(damaged) => NestedEnd::Unreadable(damaged.to_string()),
        }))
    }

    /// Whether something in a run may have had effects of which nobody knows. So it is, too, where it cannot be read.
    async fn has_unknown(&self, run: RunId) -> Result<bool, Error> {
        let mut frames = Frames::new(run);
        loop {
            let events = match frames.read(self).await {
                Err(Error::Damaged { .. }) => return Ok(true),
                events => events?,
            };
            if events.is_empty() {
                return Ok(false);
            }
            let unknown = |event: &Event| matches!(event, Event::NodeFailed { error, .. } if error.code == ErrorCode::OutcomeUnknown);
            if events.iter().any(|(_, stamped)| unknown(&stamped.event)) {
                return Ok(true);
            }
        }
    }
}
