//! Comparing two runs.

use std::collections::HashMap;
use std::sync::Arc;

use weft_types::image::Image;
use weft_types::{ProjectName, RunId};
use weft_workflow::compare::{Comparing, Comparison, Sameness, Side};
use weft_workflow::{NodeIndex, Plan};

use crate::Error;
use crate::engine::Engine;
use crate::inputs::{Input, MOST_ITEMS};
use crate::port::blobs::BlobError;
use crate::told::Told;

/// Items that are named which were called with something else.
const MOST_NAMED: usize = 10;
/// The largest input that is told where it differs, in bytes of its image.
const MOST_INPUT: usize = 64 << 10;
/// How large all those are together.
const MOST_INPUTS: usize = 16 << 20;

/// Two runs beside each other.
#[derive(Debug)]
pub struct Compared {
    /// What they have in common and where they part.
    pub comparison: Comparison,
    /// What the one executes and what the other does.
    pub plans: [Arc<Plan>; 2],
    /// Of nodes that were called with something else, by name: with what.
    pub inputs: HashMap<String, InputsDiffer>,
}

/// How what a node was called with differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputsDiffer {
    /// It was called with this and that, where it is not large.
    Once([Option<Image>; 2]),
    /// It goes over a list.
    Items(ItemsDiffer),
}

/// How the items of a node differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemsDiffer {
    /// How many there are in the one run and in the other.
    pub totals: [u32; 2],
    /// How many of those that both have were compared, the first ones.
    pub compared: u32,
    /// How many of these were called with something else.
    pub differing: u32,
    /// The first of these.
    pub first: Vec<u32>,
}

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
    ) -> Result<Compared, Error> {
        let before = self.0.told(project, before).await?;
        let after = self.0.told(project, after).await?;
        let comparing = Comparing::new(side(&before), side(&after));
        let (mut sames, mut inputs) = (HashMap::new(), HashMap::new());
        let mut room = MOST_INPUTS;
        for pair in comparing.pairs() {
            let sameness = match comparing.input_at_sight(pair) {
                Some(sameness) => sameness,
                None => {
                    let (sameness, differing) = self.compare_inputs(&before, &after, pair, &mut room).await?;
                    let name = || before.plan.node(pair.0).name.to_string();
                    inputs.extend(differing.map(|sides| (name(), sides)));
                    sameness
                }
            };
            sames.insert(pair.0, sameness);
        }
        let comparison = comparing.finish(|node| sames.get(&node).copied().unwrap_or(Sameness::Absent));
        Ok(Compared {
            comparison,
            plans: [Arc::clone(&before.plan), Arc::clone(&after.plan)],
            inputs,
        })
    }

    /// What two nodes were called with, put together once more; the values where they differ.
    async fn compare_inputs(
        &self,
        before: &Told,
        after: &Told,
        nodes: (NodeIndex, NodeIndex),
        room: &mut usize,
    ) -> Result<(Sameness, Option<InputsDiffer>), Error> {
        match self.inputs_differ(before, after, nodes, room).await {
            // A value of a closed run may have been collected.
            Err(Error::Blob(BlobError::Missing(_))) => Ok((Sameness::Unknown, None)),
            compared => compared,
        }
    }

    async fn inputs_differ(
        &self,
        before: &Told,
        after: &Told,
        nodes: (NodeIndex, NodeIndex),
        room: &mut usize,
    ) -> Result<(Sameness, Option<InputsDiffer>), Error> {
        let old = self.input(before, nodes.0).await?;
        let new = self.input(after, nodes.1).await?;
        if let (Some(Input::Items(was, _)), Some(Input::Items(is, _))) = (&old, &new) {
            let differ = self
                .items_differ((before, nodes.0), (after, nodes.1), [*was, *is])
                .await?;
            return Ok((
                differ.sameness(),
                differ.are_others().then_some(InputsDiffer::Items(differ)),
            ));
        }
        let sameness = Sameness::of(old.as_ref(), new.as_ref());
        let differing = sameness == Sameness::Different;
        Ok((
            sameness,
            differing.then(|| InputsDiffer::Once([once(old, room), once(new, room)])),
        ))
    }

    async fn items_differ(
        &self,
        before: (&Told, NodeIndex),
        after: (&Told, NodeIndex),
        totals: [u32; 2],
    ) -> Result<ItemsDiffer, Error> {
        let mut differ = ItemsDiffer {
            totals,
            compared: totals[0].min(totals[1]).min(MOST_ITEMS),
            ..ItemsDiffer::default()
        };
        let compared = differ.compared;
        let differs = |item| {
            differ.differing += 1;
            if differ.first.len() < MOST_NAMED {
                differ.first.push(item);
            }
        };
        self.differing_items(before, after, compared, differs).await?;
        Ok(differ)
    }
}

impl ItemsDiffer {
    /// Whether anything is known to differ.
    fn are_others(&self) -> bool {
        self.differing > 0 || self.totals[0] != self.totals[1]
    }

    fn sameness(&self) -> Sameness {
        match self.are_others() {
            true => Sameness::Different,
            false if self.compared < self.totals[0] => Sameness::Unknown,
            false => Sameness::Same,
        }
    }
}

/// What is worth telling of an input.
fn once(input: Option<Input>, room: &mut usize) -> Option<Image> {
    let Input::Once(image) = input? else {
        return None;
    };
    let bytes = image.as_bytes().len();
    if bytes > MOST_INPUT {
        return None;
    }
    *room = room.checked_sub(bytes)?;
    Some(image)
}

fn side(told: &Told) -> Side<'_> {
    Side {
        record: &told.record,
        plan: &told.plan,
        accepted: &told.accepted,
        nodes: &told.nodes,
    }
}
