//! From a definition to a plan, or to everything that is wrong with it.
//!
//! Pure: what a definition may call is looked up through [`Callees`]. The order of the steps is that of what they need: names
//! and callees give the types of outputs, references give the order of nodes, types and order give how values are put
//! together. Each step goes on with what is right: a mistake is told where it is made, and whoever depends on it stays silent.

use weft_types::ty::Shape;
use weft_types::{Digest, FunctionName, Signature, Type};

use crate::definition::{Definition, Spot};
use crate::plan::{Pins, Plan};
use crate::problem::Problem;

mod breaking;
mod budget;
mod callees;
mod condition;
mod edges;
mod globals;
mod graph;
mod hint;
mod kind;
mod lookup;
mod names;
mod needs;
mod node;
mod output;
mod planned;
mod pools;
mod reference;
mod retry;
mod skipped_along;
mod source;
mod typed;
mod unreachable;
mod walk;

pub use breaking::{Newer, newer};
pub use callees::{Callees, Found, Missing, NotFound};
use hint::hint;
pub use pools::{Pools, without_pool};

/// What a definition is checked for, beside itself.
#[derive(Clone, Copy, Debug)]
pub struct Options<'o> {
    /// The hash of the definition's text.
    pub source: Digest,
    /// The function that the definition is for; none where that is not decided. It cannot call itself.
    pub function: Option<&'o FunctionName>,
    /// Versions of callees whose version the definition leaves open; for those that are not here, the active one is taken.
    pub pins: &'o Pins,
    /// Bounds on the plan.
    pub limits: Limits,
}

/// Bounds on a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most nodes. Default 10,000.
    pub nodes: usize,
    /// Most edges between nodes. Default 100,000.
    pub edges: usize,
    /// How large the types of all parameters and outputs are together, counting types and names of cases or flags once for
    /// each node. Default 2,000,000.
    pub types: u64,
    /// Bytes of all values that are written out, as images. Default 16 MiB.
    pub constants: usize,
    /// Most problems that are told; the last then says how many more there are. Default 1,000.
    pub problems: usize,
}

/// What came of a definition.
#[derive(Debug)]
pub struct Checked {
    /// The plan; none where there are problems.
    pub plan: Option<Plan>,
    /// What the workflow takes and answers, as far as that could be found out.
    pub signature: Option<Signature>,
    /// Everything that is wrong, in the order of the text.
    pub problems: Vec<Problem>,
    /// What is planned but may not be meant, in the order of the text.
    pub warnings: Vec<Problem>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            nodes: 10_000,
            edges: 100_000,
            types: 2_000_000,
            constants: 16 << 20,
            problems: 1_000,
        }
    }
}

/// Checks a definition, and plans it where nothing is wrong.
#[must_use]
pub fn check(definition: &Definition, callees: &dyn Callees, options: &Options<'_>) -> Checked {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let mut work = Work {
        definition,
        callees,
        options,
        problems: &mut problems,
        warnings: &mut warnings,
    };
    let (signature, plan) = work.check().unwrap_or_default();
    let plan = plan.filter(|_| problems.is_empty());
    Checked {
        plan,
        signature,
        warnings: told(warnings, MOST_WARNINGS),
        problems: told(problems, options.limits.problems),
    }
}

/// The check of one definition.
struct Work<'w> {
    definition: &'w Definition,
    callees: &'w dyn Callees,
    options: &'w Options<'w>,
    problems: &'w mut Vec<Problem>,
    warnings: &'w mut Vec<Problem>,
}

impl Work<'_> {
    /// The signature and the plan, each as far as it goes; none where it is not worth going on.
    fn check(&mut self) -> Option<(Option<Signature>, Option<Plan>)> {
        let (definition, options) = (self.definition, self.options);
        let limits = &options.limits;
        self.within("nodes", definition.nodes.len(), limits.nodes)?;
        let mut budget = budget::Budget::new(limits.types, limits.constants);
        let callees = lookup::callees(definition, self.callees, options, self.problems);
        let outputs = lookup::outputs(definition, &callees, &mut budget, self.problems)?;
        let mut names = names::Names::new(definition, outputs, self.problems);
        let edges = edges::collect(definition, &names, limits.edges, self.problems);
        self.within("edges", edges.all.len(), limits.edges)?;
        let graph = graph::Graph::new(definition.nodes.len(), edges.all.iter().copied());
        self.cycles(&graph);
        let order = graph.order();
        names.place(&order.nodes);

        let mut done: Vec<Option<node::Done>> = definition.nodes.iter().map(|_| None).collect();
        let mut along = skipped_along::Along::new(definition.nodes.len());
        for index in order.nodes.iter().copied().chain(order.left_out()) {
            let node = node::Context {
                definition,
                names: &names,
                edges: &edges,
                callees: &callees,
                budget: &mut budget,
                problems: self.problems,
            }
            .node(index);
            names.skippable[index] = names.may_be_skipped(&node, edges.catches[index]);
            along.take(index, &node, &names, edges.catches[index].is_some());
            done[index] = Some(node);
        }
        unreachable::tell(definition, &order, &edges, &done, self.problems);
        let globals = globals::check(definition, &names, &mut budget, self.problems);
        let result = output::check(definition, &names, &mut budget, self.problems);
        let signature = names
            .input
            .ty
            .as_deref()
            .zip(result.as_ref())
            .map(|(params, result)| Signature {
                params: params.clone(),
                result: result.as_ref().map(|source| source.ty().clone()),
            });
        if !self.problems.is_empty() {
            return Some((signature, None));
        }
        self.warnings.extend(along.tell(definition, &names));
        let planned = planned::Planned {
            definition,
            options,
            callees: &callees,
            names: &names,
            order: &order,
            edges: &edges,
        };
        let plan = planned.plan(done, globals?, result?, signature.clone()?);
        Some((signature, plan))
    }

    /// Tells where there is too much of something, and that it is not worth going on.
    fn within(&mut self, what: &str, count: usize, most: usize) -> Option<()> {
        if count <= most {
            return Some(());
        }
        self.problems.push(Problem {
            at: crate::problem::Position { line: 1, column: 1 },
            code: "too-large",
            path: "nodes".to_owned(),
            message: format!("the workflow has {count} {what}, at most {most} are supported"),
        });
        None
    }

    fn cycles(&mut self, graph: &graph::Graph<Spot>) {
        for cycle in graph.cycles() {
            let name = |index: &usize| &*self.definition.nodes[*index].name.value;
            let mut way: Vec<_> = cycle.nodes.iter().take(SHOWN_OF_CYCLE).map(name).collect();
            if cycle.nodes.len() > SHOWN_OF_CYCLE {
                way.push("…");
            }
            way.extend(cycle.nodes.first().map(name));
            let what = if cycle.nodes.len() == 1 {
                "a node waits for itself"
            } else {
                "nodes wait for each other"
            };
            let message = format!("{what}: `{}`", way.join(" -> "));
            let problem = self.definition.places.problem(cycle.mark, "cycle", message);
            self.problems.push(problem);
        }
    }
}

/// Most warnings that are told.
const MOST_WARNINGS: usize = 100;

/// So many nodes of a cycle are named.
const SHOWN_OF_CYCLE: usize = 20;

/// A bounded number of problems, in the order of the text, each once.
fn told(mut problems: Vec<Problem>, most: usize) -> Vec<Problem> {
    problems.sort_by_key(|problem| problem.at);
    problems.dedup();
    let left_out = problems.len().saturating_sub(most.max(1));
    problems.truncate(most.max(1));
    if let Some(last) = problems.last().filter(|_| left_out > 0) {
        let more = Problem {
            at: last.at,
            code: "more-problems",
            path: String::new(),
            message: format!("{left_out} more problems are not told, only the first {most}"),
        };
        problems.push(more);
    }
    problems
}

/// A type as it is told to people: the beginning of its text.
fn shown(ty: &Type) -> String {
    const LONGEST: usize = 200;
    let mut text = ty.to_string();
    // Types are written in ASCII.
    if text.len() > LONGEST {
        text.truncate(LONGEST);
        text.push('…');
    }
    text
}

/// A type of values that cannot be taken apart.
fn scalar(shape: Shape) -> Type {
    match Type::from_shape(shape) {
        Ok(ty) => ty,
        // Only what has members or parts can break a bound.
        Err(error) => unreachable!("{error}"),
    }
}

/// The wider of two types, if all values of one are values of the other.
fn widen<'t>(a: &'t Type, b: &'t Type) -> Option<&'t Type> {
    use weft_types::image::Conversion;
    if Conversion::between(b, a).is_ok() {
        return Some(a);
    }
    Conversion::between(a, b).is_ok().then_some(b)
}
