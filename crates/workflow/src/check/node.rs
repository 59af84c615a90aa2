//! One node: what it does, when, how often, and what follows a failure.

use std::rc::Rc;
use std::sync::Arc;

use weft_types::{Durability, Type};

use super::budget::Budget;
use super::callees::Callee;
use super::edges::Edges;
use super::kind::{self, Checked};
use super::names::{Names, Output};
use super::needs::Needs;
use super::reference::{Here, Item, Site};
use super::source::{Inference, Numbers, Sources};
use super::{condition, retry};
use crate::definition::{Catch, Definition, ForEach, Kind, Node, Spot};
use crate::evaluate::{Expression, Formula, Hop, Root};
use crate::expression::{Reference, SyntaxError, Term};
use crate::plan;
use crate::problem::Problem;

/// What a node is checked with.
pub(super) struct Context<'c, 'd> {
    pub(super) definition: &'d Definition,
    pub(super) names: &'c Names<'d>,
    pub(super) edges: &'c Edges,
    pub(super) callees: &'c [Option<Rc<Callee>>],
    pub(super) budget: &'c mut Budget,
    pub(super) problems: &'c mut Vec<Problem>,
}

/// A node that was checked.
pub(super) struct Done {
    /// What is waited for.
    pub(super) needs: Vec<(usize, bool)>,
    /// Whether its condition is never true.
    pub(super) never: bool,
    /// Whether it has a condition at all.
    pub(super) conditional: bool,
    /// The parts of the plan's node; none where one of them is wrong.
    pub(super) parts: Option<Parts>,
}

/// The parts of a node of the plan that come from its own definition.
pub(super) struct Parts {
    pub(super) checked: Checked,
    pub(super) when: Option<plan::Condition>,
    pub(super) for_each: Option<plan::ForEach>,
    pub(super) retry: plan::Retry,
    pub(super) caught: Option<plan::Source>,
}

/// Items at once where nothing is said.
const CONCURRENCY: u32 = 16;

impl<'c, 'd> Context<'c, 'd> {
    /// Checks the node at a place of the definition.
    pub(super) fn node(&mut self, index: usize) -> Done {
        let definition = self.definition;
        let node = &definition.nodes[index];
        let mut needs = Needs::default();
        for &before in &self.edges.after[index] {
            needs.add(before, false);
        }
        let when = self.condition(index, node, &mut needs);
        let facts = self.facts(index);
        let (for_each, item) = match &node.for_each {
            Some(for_each) => self.for_each(for_each, &facts, &mut needs),
            None => (Some(None), None),
        };
        let here = match (&node.for_each, &item) {
            (None, _) => Here::Nothing,
            (Some(_), None) => Here::Unknown,
            (Some(_), Some(item)) => Here::Item(item),
        };
        let checked = node.kind.as_ref().and_then(|kind| {
            self.express(index, node, kind);
            let callee = self.callees[index].as_ref();
            kind::check(&mut self.sources(here, &facts, &mut needs), node, kind, callee)
        });
        let retry = retry::check(self, node, self.callees[index].as_deref());
        let caught = self.caught(index, node, &facts, &mut needs);
        let needs = needs.merged();
        self.not_of_its_own_failure(index, &needs);
        let constant = |truth| matches!(when, Some(Some(Formula::Bool(it))) if it == truth);
        let (never, always) = (constant(false), constant(true));
        let parts = (|| {
            let checked = checked?;
            self.cache(node, &checked);
            let text = node.when.as_ref().map(|when| when.value.clone());
            let when = when?.filter(|_| !always);
            Some(Parts {
                checked,
                when: text
                    .zip(when)
                    .map(|(text, formula)| plan::Condition::new(text, formula)),
                for_each: for_each?,
                retry: retry?,
                caught: caught?,
            })
        })();
        Done {
            needs,
            never,
            conditional: node.when.is_some() && !always,
            parts,
        }
    }

    /// The condition. The outer none is for a wrong one, the inner one for none at all.
    fn condition(&mut self, index: usize, node: &'d Node, needs: &mut Needs) -> Option<Option<Formula>> {
        let Some(when) = &node.when else {
            return Some(None);
        };
        let site = self.site(when.spot);
        let term: &Result<Term, SyntaxError> = self.edges.conditions[index].as_ref()?;
        match term {
            Ok(term) => condition::check(site, term, needs, self.problems).map(Some),
            Err(error) => {
                let problem = site.problem(error.at, "condition-syntax", error.message.clone());
                self.problems.push(problem);
                None
            }
        }
    }

    /// What leads to something wherever the node is executed.
    fn facts(&self, index: usize) -> Vec<&'c Reference> {
        match &self.edges.conditions[index] {
            Some(Ok(term)) => condition::facts(term),
            Some(Err(_)) | None => Vec::new(),
        }
    }

    /// The list, and what its items are for the arguments.
    fn for_each(
        &mut self,
        for_each: &'d ForEach,
        facts: &[&Reference],
        needs: &mut Needs,
    ) -> (Option<Option<plan::ForEach>>, Option<Item>) {
        let mut sources = self.sources(Here::Nothing, facts, needs);
        let how = Inference {
            numbers: Numbers::Smallest,
            must_be: true,
        };
        let Some(ty) = sources.infer(&for_each.list, how) else {
            sources.look_through(&for_each.list);
            return (None, None);
        };
        let Some(element) = ty.element().cloned() else {
            let message = format!("`for-each` goes over a list, found {}", super::shown(&ty));
            sources.wrong::<()>(for_each.list.spot, "for-each-type", message);
            return (None, None);
        };
        let ty = Arc::new(ty);
        let Some(list) = sources.compile(&for_each.list, &ty) else {
            return (None, None);
        };
        let item = item_of(&list, &ty, Arc::new(element));
        let list = sources.finish(ty, list);
        let planned = plan::ForEach {
            list,
            concurrency: for_each.concurrency.map_or(CONCURRENCY, |it| it.value),
            on_failure: for_each.on_item_failure,
        };
        (Some(Some(planned)), Some(item))
    }

    /// What takes the place of the output. The outer none is for what is wrong.
    fn caught(
        &mut self,
        index: usize,
        node: &'d Node,
        facts: &[&Reference],
        needs: &mut Needs,
    ) -> Option<Option<plan::Source>> {
        let Some(catch) = &node.catch else {
            return Some(None);
        };
        match (&catch.value, &self.names.outputs[index]) {
            (Catch::Node(name), _) => self.fallback(index, name.spot).then_some(None),
            (_, Output::Unknown) => None,
            (Catch::Value(source), Output::Value(ty)) => {
                let ty = ty.clone();
                let mut sources = self.sources(Here::Nothing, facts, needs);
                let value = sources.compile(source, &ty)?;
                Some(Some(sources.finish(ty, value)))
            }
            (Catch::Value(source), Output::Nothing) => match source.form {
                crate::definition::Form::Null => {
                    let nothing = Arc::new(Type::record::<&str>([]).ok()?);
                    let value = Expression::Members(Box::default());
                    Some(Some(
                        self.sources(Here::Nothing, facts, needs).finish(nothing, value),
                    ))
                }
                _ => {
                    let message = "the node has no output, so that only `null` can take its place".to_owned();
                    self.wrong(source.spot, "catch-type", message);
                    None
                }
            },
        }
    }

    /// Whether the node that is executed in place of another answers the same type.
    fn fallback(&mut self, index: usize, spot: Spot) -> bool {
        let Some(fallback) = self.edges.fallback[index] else {
            return false;
        };
        let (own, other) = (&self.names.outputs[index], &self.names.outputs[fallback]);
        let found = match (own, other) {
            (Output::Unknown, _) | (_, Output::Unknown) => return false,
            (Output::Nothing, _) => return true,
            (Output::Value(own), Output::Value(other)) if own == other => return true,
            (Output::Value(_), Output::Value(other)) => super::shown(other),
            (Output::Value(_), Output::Nothing) => "no output".to_owned(),
        };
        let names = &self.definition.nodes;
        let own = match own {
            Output::Value(ty) => super::shown(ty),
            Output::Nothing | Output::Unknown => String::new(),
        };
        let message = format!(
            "edge `${}` -> `{}`: found {found}, expected {own}: what takes the place of an output has its type",
            names[fallback].name.value, names[index].name.value
        );
        self.wrong(spot, "catch-type", message);
        false
    }

    /// A node that is executed after the failure of another cannot wait for what that gives.
    fn not_of_its_own_failure(&mut self, index: usize, needs: &[(usize, bool)]) {
        let Some(failed) = self.edges.catches[index] else {
            return;
        };
        if needs.iter().any(|&(node, _)| node == failed) {
            let node = &self.definition.nodes[index];
            let failed = &self.definition.nodes[failed].name.value;
            let message = format!(
                "`{}` is executed where `{failed}` fails, and cannot wait for it otherwise",
                node.name.value
            );
            self.wrong(node.name.spot, "catch-waits", message);
        }
    }

    /// What express workflows cannot do: they are not journalled, so that nothing of them outlives a pause.
    fn express(&mut self, index: usize, node: &Node, kind: &Kind) {
        if self.definition.durability != Durability::Express {
            return;
        }
        let what = match kind {
            Kind::Sleep(_) => "sleep".to_owned(),
            Kind::Wait(_) => "wait for outside events".to_owned(),
            Kind::Call(call) => match self.callees[index].as_deref().map(|callee| &callee.found) {
                Some(found) if found.workflow && found.durability == Durability::Durable => {
                    format!("call `{}`, which is a durable one", call.function)
                }
                _ => return,
            },
        };
        let message = format!("an express workflow cannot {what}: make it `durability: durable`");
        self.wrong(node.name.spot, "express", message);
    }

    fn cache(&mut self, node: &Node, checked: &Checked) {
        if let Some(cache) = node.cache
            && !checked.effect_free
        {
            let message =
                "only results of nodes without effects can be reused, and what it calls may have some";
            self.wrong(cache.spot, "cache-effects", message.to_owned());
        }
    }

    fn sources<'s>(
        &'s mut self,
        item: Here<'s>,
        facts: &'s [&'s Reference],
        needs: &'s mut Needs,
    ) -> Sources<'s, 'd> {
        Sources {
            definition: self.definition,
            names: self.names,
            item,
            facts,
            needs,
            can_wait: true,
            budget: self.budget,
            problems: self.problems,
        }
    }

    fn site(&self, spot: Spot) -> Site<'c> {
        Site {
            names: self.names,
            definition: self.definition,
            spot,
            offset: 0,
            item: Here::Nothing,
        }
    }

    pub(super) fn wrong(&mut self, spot: Spot, code: &'static str, message: String) {
        let problem = self.definition.places.problem(spot, code, message);
        self.problems.push(problem);
    }
}

/// The item of a list, read where the list lies if that is a value of the run.
fn item_of(list: &Expression, ty: &Arc<Type>, element: Arc<Type>) -> Item {
    match list {
        Expression::Part {
            path,
            optional: false,
            conversion,
        } if conversion.is_identity() => Item {
            root: path.root,
            root_type: path.ty.clone(),
            hops: path.hops.iter().copied().chain([Hop::Item]).collect(),
            ty: element,
        },
        _ => Item {
            root: Root::List,
            root_type: ty.clone(),
            hops: vec![Hop::Item],
            ty: element,
        },
    }
}
