//! Deliveries on the disk.
//!
//! A delivery is under its run's id in one of two stores: what is to be made, and what became of the others. It is put into the
//! second before it is taken out of the first, so that a crash in between leaves it in both, and the second counts.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use weft_function_engine::port::{KeyValue, StorageError};
use weft_types::{ProjectName, RunId};

use crate::{Delivery, State};

/// Names that no store of a function has: those have neither slashes nor colons.
const PENDING: &str = "weft:webhooks/pending";
const SETTLED: &str = "weft:webhooks/settled";
/// Keys read at once.
const PAGE: usize = 1_000;

/// The deliveries of all projects.
pub(crate) struct Outbox(pub(crate) Arc<dyn KeyValue>);

impl Outbox {
    /// Writes a delivery down, as it stands. Durable once this returns.
    pub(crate) async fn put(
        &self,
        project: &ProjectName,
        run: RunId,
        delivery: &Delivery,
    ) -> Result<(), StorageError> {
        let key = run.to_string();
        // Made of texts and numbers, it always serializes.
        let value = Bytes::from(serde_json::to_vec(delivery).unwrap_or_default());
        match delivery.state {
            State::Pending => self.0.set(project, PENDING, &key, value).await,
            State::Delivered | State::Failed => {
                self.0.set(project, SETTLED, &key, value).await?;
                self.0.delete(project, PENDING, &key).await
            }
        }
    }

    /// The delivery for a run.
    pub(crate) async fn get(
        &self,
        project: &ProjectName,
        run: RunId,
    ) -> Result<Option<Delivery>, StorageError> {
        let key = run.to_string();
        for store in [SETTLED, PENDING] {
            let value = self.0.get(project, store, &key).await?;
            if let Some(delivery) = value.and_then(|value| serde_json::from_slice(&value).ok()) {
                return Ok(Some(delivery));
            }
        }
        Ok(None)
    }

    /// Runs of a project whose deliveries are to be made, in order, behind `after`.
    pub(crate) async fn pending(
        &self,
        project: &ProjectName,
        after: Option<RunId>,
    ) -> Result<Vec<RunId>, StorageError> {
        self.page(project, PENDING, after).await
    }

    /// Forgets what became of deliveries for runs that were accepted before `before`. Answers how many those were.
    pub(crate) async fn forget(
        &self,
        project: &ProjectName,
        before: Timestamp,
    ) -> Result<usize, StorageError> {
        let mut forgotten = 0;
        loop {
            let runs = self.page(project, SETTLED, None).await?;
            let old: Vec<_> = runs.iter().filter(|run| accepted(**run) < before).collect();
            for run in &old {
                self.0.delete(project, SETTLED, &run.to_string()).await?;
            }
            forgotten += old.len();
            // Keys are ordered by the time in them.
            if old.len() < PAGE {
                return Ok(forgotten);
            }
        }
    }

    async fn page(
        &self,
        project: &ProjectName,
        store: &str,
        after: Option<RunId>,
    ) -> Result<Vec<RunId>, StorageError> {
        let after = after.map(|run| run.to_string());
        let keys = self.0.keys(project, store, after.as_deref(), PAGE).await?;
        Ok(keys.iter().filter_map(|key| key.parse().ok()).collect())
    }
}

/// When a run was accepted: the first 48 bits of its id.
fn accepted(run: RunId) -> Timestamp {
    let millis = (run.0.as_u128() >> 80) as i64;
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}
