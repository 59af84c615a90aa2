//! Two runs beside each other.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_workflow::Plan;
use weft_workflow::compare::{self, Sameness};
use weft_workflow::event::Origin;
use weft_workflow::state::Reason;
use weft_workflow_engine::{Compared, InputsDiffer};

use super::difference::{Difference, differences};
use super::json::Json;
use super::run::{NodeError, Usage, is_zero};
use super::run_view::{in_words, input_type, name, shown, shown_image};

/// What two runs have in common and where they part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// The one run.
    pub before: ComparedRun,
    /// The other.
    pub after: ComparedRun,
    /// Their arguments: `same`, `different`, `absent` (neither has any) or `unknown` (a value is no longer kept).
    #[schema(example = "same")]
    pub arguments: String,
    /// Their global parameters, likewise.
    pub globals: String,
    /// The first 4 places at which their arguments differ; those that are larger than 64 KiB, or by address, are told by their size or address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments_differ: Vec<Difference>,
    /// Their results, likewise.
    pub result: String,
    /// And the places at which these differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub result_differs: Vec<Difference>,
    /// What differs between what they execute, as `GET …/functions/{function}/diff` tells it.
    #[schema(value_type = Object)]
    pub definition: serde_json::Value,
    /// Nodes that both have, in the order of the other run.
    pub nodes: Vec<ComparedNode>,
}

/// One of the runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ComparedRun {
    /// Its id.
    pub run: String,
    /// Its workflow.
    pub workflow: String,
    /// The version.
    pub version: u32,
    /// Where it stands.
    pub status: String,
    /// Microseconds from its acceptance to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_us: Option<u64>,
    /// Names of the nodes that the other does not have.
    pub only: Vec<String>,
}

/// A node that both runs have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ComparedNode {
    /// Its name.
    pub name: String,
    /// What became of it in the one run.
    pub before: NodeSide,
    /// And in the other.
    pub after: NodeSide,
    /// What it was called with: `same`, `different`, `absent` or `unknown`.
    pub input: String,
    /// Its outputs, likewise.
    pub output: String,
    /// Whether it is defined otherwise, which `definition` tells.
    pub redefined: bool,
    /// The first 4 places at which what it was called with differs; none where it goes over a list, or that is larger than 64 KiB.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_differs: Vec<Difference>,
    /// Of a node that goes over a list, how many of its items were called with something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items_differ: Option<ItemsDiffer>,
    /// And at which its outputs do; one that is larger than 64 KiB is told by its size or address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_differs: Vec<Difference>,
}

/// How many items of a node were called with something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ItemsDiffer {
    /// How many there are in the one run.
    pub before: u32,
    /// And in the other.
    pub after: u32,
    /// How many of those that both have were compared: the first 10,000 at most.
    pub compared: u32,
    /// How many of these were called with something else.
    pub differing: u32,
    /// The numbers of the first 10 of these.
    pub first: Vec<u32>,
}

/// What became of a node in one of the runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct NodeSide {
    /// Where it stands.
    pub status: String,
    /// Where its output was given in place of executing it: `reused` from the run that was repeated, or `stub`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "reused")]
    pub given: Option<String>,
    /// Why it is so, where its attempts do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<NodeError>,
    /// The number of its latest attempt; 0 before the first.
    pub attempt: u32,
    /// When its first attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// What its attempts cost.
    pub usage: Usage,
    /// How many of its items were executed by the run that this one repeats.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reused_items: u32,
}

impl From<&Compared> for Comparison {
    fn from(compared: &Compared) -> Self {
        let comparison = &compared.comparison;
        let [before, after] = &comparison.runs;
        Self {
            before: ComparedRun::from(before),
            after: ComparedRun::from(after),
            arguments: in_a_word(comparison.arguments),
            arguments_differ: differing([before, after], compared, |side, plan| {
                Some(shown(side.arguments.as_ref()?, &plan.signature.params))
            }),
            globals: in_a_word(comparison.globals),
            result: in_a_word(comparison.result),
            result_differs: differing([before, after], compared, |side, plan| {
                Some(shown(side.result.as_ref()?, plan.signature.result.as_ref()?))
            }),
            // Made of texts and lists, it always serializes.
            definition: serde_json::to_value(&comparison.definition).unwrap_or_default(),
            nodes: comparison
                .nodes
                .iter()
                .map(|node| ComparedNode::new(node, compared))
                .collect(),
        }
    }
}

/// Where values of the runs as a whole differ.
fn differing(
    sides: [&compare::RunSide; 2],
    compared: &Compared,
    value: impl Fn(&compare::RunSide, &Plan) -> Option<Json>,
) -> Vec<Difference> {
    let [old, new] = &compared.plans;
    differences(value(sides[0], old).as_ref(), value(sides[1], new).as_ref())
}

impl From<&weft_workflow_engine::ItemsDiffer> for ItemsDiffer {
    fn from(differ: &weft_workflow_engine::ItemsDiffer) -> Self {
        let [before, after] = differ.totals;
        Self {
            before,
            after,
            compared: differ.compared,
            differing: differ.differing,
            first: differ.first.clone(),
        }
    }
}

impl From<&compare::RunSide> for ComparedRun {
    fn from(side: &compare::RunSide) -> Self {
        Self {
            run: side.run.to_string(),
            workflow: side.workflow.clone(),
            version: side.version.0,
            status: name(&side.status),
            took_us: side
                .took
                .map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
            only: side.only.clone(),
        }
    }
}

impl ComparedNode {
    fn new(node: &compare::NodeComparison, compared: &Compared) -> Self {
        let [before, after] = &node.sides;
        let [old, new] = &compared.plans;
        let inputs = compared.inputs.get(&node.name);
        let input = |side: usize, plan: &Plan| {
            let Some(InputsDiffer::Once(images)) = inputs else {
                return None;
            };
            let image = images[side].as_ref()?;
            Some(shown_image(image, &input_type(plan, plan.find(&node.name)?)?))
        };
        let output = |side: &compare::NodeSide, plan: &Plan| {
            let ty = plan.node(plan.find(&node.name)?).output.as_ref()?;
            Some(shown(side.output.as_ref()?, ty))
        };
        let items_differ = match inputs {
            Some(InputsDiffer::Items(differ)) => Some(ItemsDiffer::from(differ)),
            Some(InputsDiffer::Once(_)) | None => None,
        };
        Self {
            items_differ,
            name: node.name.clone(),
            before: NodeSide::new(before, old),
            after: NodeSide::new(after, new),
            input: in_a_word(node.input),
            output: in_a_word(node.output),
            redefined: node.redefined,
            input_differs: differences(input(0, old).as_ref(), input(1, new).as_ref()),
            output_differs: differences(output(before, old).as_ref(), output(after, new).as_ref()),
        }
    }
}

impl NodeSide {
    fn new(side: &compare::NodeSide, plan: &Plan) -> Self {
        let given = match side.reason {
            Some(Reason::Given(Origin::Reused)) => Some("reused"),
            Some(Reason::Given(Origin::Stub)) => Some("stub"),
            _ => None,
        };
        let error = side.error.as_ref();
        Self {
            status: name(&side.status),
            given: given.map(str::to_owned),
            reason: side.reason.map(|reason| in_words(reason, plan)),
            error: error.map(|(place, error)| NodeError::new(Some(*place), error, Some(plan))),
            attempt: side.attempt,
            started_at: side.started_at,
            finished_at: side.finished_at,
            usage: Usage::from(side.usage),
            reused_items: side.items.map_or(0, |items| items.reused),
        }
    }
}

fn in_a_word(sameness: Sameness) -> String {
    let word = match sameness {
        Sameness::Same => "same",
        Sameness::Different => "different",
        Sameness::Absent => "absent",
        Sameness::Unknown => "unknown",
    };
    word.to_owned()
}
