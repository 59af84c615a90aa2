//! Finding out what an attempt is to do from the values that it sees.

use std::sync::Arc;
use std::time::Duration;

use weft_types::image::{Attached, Bounds, Image};
use weft_types::value::Form;
use weft_types::{Address, Value};
use weft_workflow::Place;
use weft_workflow::evaluate::{EvaluationError, Items, Root};
use weft_workflow::event::{ErrorCode, NodeError};
use weft_workflow::plan::{Call, Kind, Node, Source};
use weft_workflow::state::MAX_ITEMS;

use super::event::failure;
use super::item_outputs::ItemOutputs;
use super::lend::{Lender, Loan};
use super::ready::Lent;
use super::slot::Slot;
use super::unread::{attach, bounds_beside};
use crate::engine::Inner;
use crate::values::is_raw;

/// What an attempt is to do.
pub(super) enum Begin {
    /// Nothing: its condition is false.
    Skip,
    /// Its items.
    Expand(Items),
    /// To wait, for so long at most.
    Suspend(Option<Duration>),
    /// To call with these arguments, and with those that are not in their image.
    Call(Value, Attached),
    /// It has failed already.
    Fail(NodeError),
}

impl Slot {
    /// Takes what an attempt reads from where it is kept.
    pub(super) fn lend_to_attempt(
        &self,
        place: Place,
        lent: &mut Lent,
        inner: &Inner,
    ) -> Result<(), Vec<Loan>> {
        let plan = self.plan();
        let node = plan.node(place.node);
        let residents = &inner.residents;
        // What is passed on by address is not read.
        let unread = self.unread(node);
        if self.passes_on(node).is_none() && unread.is_empty() {
            return self.lend(plan.reads(place.node), lent, residents);
        }
        let when = node.when.iter().flat_map(|when| when.reads());
        let list = node.for_each.iter().flat_map(|for_each| for_each.list.reads());
        let left_out: Vec<_> = unread.iter().map(|it| it.parameter).collect();
        let read = match &node.kind {
            Kind::Call(call) if !unread.is_empty() => call.arguments.reads_without(&left_out),
            Kind::Call(_) | Kind::Sleep { .. } | Kind::Wait { .. } => Vec::new(),
        };
        // The list that was put together is no value of the run.
        let read = read.iter().filter(|read| read.root != Root::List);
        let mut loans = self.lend_unread(node, &unread, lent, inner);
        if let Err(others) = self.lend(when.chain(list).chain(read), lent, residents) {
            loans.extend(others);
        }
        if loans.is_empty() { Ok(()) } else { Err(loans) }
    }

    /// What an attempt at a place is to do.
    pub(super) fn look(&mut self, place: Place, lent: &Lent, inner: &Inner) -> Begin {
        let bounds = inner.config.values;
        let begin = match place.item {
            None => self.look_at_node(place, lent, &inner.nothing, bounds),
            Some(_) => self.look_at_item(place, lent, &inner.nothing, bounds),
        };
        begin.unwrap_or_else(|error| Begin::Fail(not_evaluated(&error)))
    }

    fn look_at_node(
        &self,
        place: Place,
        lent: &Lent,
        nothing: &Image,
        bounds: Bounds,
    ) -> Result<Begin, EvaluationError> {
        let plan = self.plan();
        let lender = self.lender(place, lent, nothing);
        if !plan.condition(place.node, &lender)? {
            return Ok(Begin::Skip);
        }
        if let Some(items) = plan.items(place.node, &lender, bounds)? {
            return Ok(expand(items));
        }
        match &plan.node(place.node).kind {
            Kind::Call(call) => self.arguments(place, call, &lender, bounds),
            Kind::Sleep { .. } => Ok(Begin::Suspend(Some(plan.sleep_for(place.node, &lender)?))),
            Kind::Wait { timeout } => Ok(Begin::Suspend(*timeout)),
        }
    }

    fn look_at_item(
        &mut self,
        place: Place,
        lent: &Lent,
        nothing: &Image,
        bounds: Bounds,
    ) -> Result<Begin, EvaluationError> {
        let plan = Arc::clone(self.plan());
        let Kind::Call(call) = &plan.node(place.node).kind else {
            return Ok(Begin::Skip);
        };
        if let Some(error) = self.items.get(&place.node).and_then(ItemOutputs::too_large) {
            return Ok(Begin::Fail(error));
        }
        self.restore_list(place, call, lent, nothing, bounds)?;
        self.arguments(place, call, &self.lender(place, lent, nothing), bounds)
    }

    /// After a restart, puts the list of the items together again: it is no event, as it follows from earlier ones.
    fn restore_list(
        &mut self,
        place: Place,
        call: &Call,
        lent: &Lent,
        nothing: &Image,
        bounds: Bounds,
    ) -> Result<(), EvaluationError> {
        let is_there = self
            .items
            .get(&place.node)
            .is_some_and(|items| items.list.is_some());
        if is_there || !call.arguments.reads().iter().any(|read| read.root == Root::List) {
            return Ok(());
        }
        let lender = self.lender(Place::of(place.node), lent, nothing);
        let items = self.plan().items(place.node, &lender, bounds)?;
        if let (Some(items), Some(known)) = (items, self.items.get_mut(&place.node)) {
            known.list = items.list;
        }
        Ok(())
    }

    fn arguments(
        &self,
        place: Place,
        call: &Call,
        lender: &Lender<'_>,
        bounds: Bounds,
    ) -> Result<Begin, EvaluationError> {
        debug_assert!(!call.workflow || place.node == lender.node);
        let passed_on = self.passes_on(self.plan().node(place.node));
        if let Some(whole) = passed_on {
            return Ok(Begin::Call(whole.clone(), Attached::default()));
        }
        if call.workflow {
            let arguments = self.plan().arguments(place.node, lender, bounds)?;
            return Ok(Begin::Call(Value::Direct(arguments), Attached::default()));
        }
        let unread = self.unread(self.plan().node(place.node));
        let left_out: Vec<_> = unread.iter().map(|it| it.parameter).collect();
        let others = bounds_beside(&unread, bounds)?;
        let (arguments, mut attached) = self
            .plan()
            .arguments_attaching(place.node, lender, others, &left_out)?;
        attach(&unread, lender.lent, &mut attached);
        Ok(Begin::Call(Value::Direct(arguments), attached))
    }

    /// The value by address that a nested run is called with as it stands, without being looked at.
    fn passes_on(&self, node: &Node) -> Option<&Value> {
        let Kind::Call(call) = &node.kind else {
            return None;
        };
        if call.workflow {
            self.whole(&call.arguments)
        } else {
            None
        }
    }

    /// The value by address that a source is as it stands.
    pub(super) fn whole(&self, source: &Source) -> Option<&Value> {
        let whole = source.whole()?;
        let value = self.value(whole.root)?;
        let Value::Address(Address::Blob(address)) = value else {
            return None;
        };
        let serves = match address.form {
            Form::Raw => is_raw(source.ty()),
            Form::Image => whole.same_type,
        };
        serves.then_some(value)
    }

    pub(super) fn lender<'a>(&'a self, place: Place, lent: &'a Lent, nothing: &'a Image) -> Lender<'a> {
        Lender {
            slot: self,
            node: place.node,
            item: place.item,
            lent,
            nothing,
        }
    }
}

fn expand(items: Items) -> Begin {
    if items.count <= MAX_ITEMS {
        return Begin::Expand(items);
    }
    let message = format!(
        "the list has {} items, and a node goes over {MAX_ITEMS} at most",
        items.count
    );
    Begin::Fail(failure(ErrorCode::Evaluation, message))
}

pub(super) fn not_evaluated(error: &EvaluationError) -> NodeError {
    failure(ErrorCode::Evaluation, error.to_string())
}
