//! Comparing two runs.

use std::collections::HashMap;

use weft_types::{ProjectName, RunId};
use weft_workflow::NodeIndex;
use weft_workflow::compare::{Comparing, Comparison, Sameness, Side};

use crate::Error;
use crate::engine::Engine;
use crate::port::blobs::BlobError;
use crate::told::Told;

/// Items of a node whose arguments are compared at most.
const MOST_ITEMS: u32 = 1_000;

impl Engine {
    /// What two runs of a project have in common, as far as they are committed: of one workflow, or of two. Takes time and memory
    /// proportional to what happened in them.
    ///
    /// # Errors
    /// Where there is no such run, its plan can no longer be made, or what is stored cannot be read.
    pub async fn compare(
        &self,
        project: &ProjectName,
        before: RunId,
        after: RunId,
    ) -> Result<Comparison, Error> {
        let before = self.0.told(project, before).await?;
        let after = self.0.told(project, after).await?;
        let comparing = Comparing::new(side(&before), side(&after));
        let mut inputs = HashMap::new();
        for pair in comparing.pairs() {
            let sameness = match comparing.input_at_sight(pair) {
                Some(sameness) => sameness,
                None => self.compare_inputs(&before, &after, pair).await?,
            };
            inputs.insert(pair.0, sameness);
        }
        Ok(comparing.finish(|node| inputs.get(&node).copied().unwrap_or(Sameness::Absent)))
    }

    /// What two nodes were called with, put together once more.
    async fn compare_inputs(
        &self,
        before: &Told,
        after: &Told,
        nodes: (NodeIndex, NodeIndex),
    ) -> Result<Sameness, Error> {
        let inputs = async {
            let old = self.input(before, nodes.0, MOST_ITEMS).await?;
            let new = self.input(after, nodes.1, MOST_ITEMS).await?;
            Ok((old, new))
        };
        match inputs.await {
            Ok((old, new)) => Ok(Sameness::of(old.as_ref(), new.as_ref())),
            // A value of a closed run may have been collected.
            Err(Error::Blob(BlobError::Missing(_))) => Ok(Sameness::Unknown),
            Err(error) => Err(error),
        }
    }
}

fn side(told: &Told) -> Side<'_> {
    Side {
        record: &told.record,
        plan: &told.plan,
        accepted: &told.accepted,
        nodes: &told.nodes,
    }
}
