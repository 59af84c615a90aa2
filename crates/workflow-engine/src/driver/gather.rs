//! Putting outputs together that no call answers: the list of a node's items, the value in place of a failed node's.

use std::sync::Arc;

use weft_types::image::Image;
use weft_types::{Type, Value};
use weft_workflow::evaluate::EvaluationError;
use weft_workflow::event::Usage;
use weft_workflow::plan::Catch;
use weft_workflow::{NodeIndex, Place};

use super::Driver;
use super::item_outputs::ItemOutputs;
use super::job::{Task, Then};
use super::lend::Loan;
use super::look::not_evaluated;
use super::outcome::ok_type;
use super::ready::{Lent, Of};
use super::slot::Slot;
use super::slots::Key;
use crate::engine::Inner;

impl Driver {
    /// Puts the list of a node's items together.
    pub(super) fn gather(&mut self, key: Key, node: NodeIndex, lent: Lent) {
        let inner = Arc::clone(&self.inner);
        let Some(slot) = self.slots.get(key) else {
            return;
        };
        let errand = self.errand(key, Task::Gather(node));
        // Before any of it is loaded.
        if let Some(error) = slot.items.get(&node).and_then(ItemOutputs::too_large) {
            return self.fail_task(errand, error);
        }
        let loans = if lent.is_empty() {
            slot.items_by_address(node)
        } else {
            Vec::new()
        };
        if !loans.is_empty() {
            return self.load(errand, loans, lent);
        }
        let gathered = slot.gather(node, &lent, &inner);
        self.yield_output(errand, node, gathered);
    }

    /// Evaluates what takes the place of a failed node's output.
    pub(super) fn catch(&mut self, key: Key, node: NodeIndex, mut lent: Lent) {
        let inner = Arc::clone(&self.inner);
        let Some(slot) = self.slots.get(key) else {
            return;
        };
        let errand = self.errand(key, Task::Catch(node));
        let plan = Arc::clone(slot.plan());
        if let Some(Catch::Value(source)) = &plan.node(node).catch {
            if let Some(whole) = slot.whole(source) {
                let (whole, attempt) = (whole.clone(), slot.attempt(Place::of(node)));
                return self.succeed(key, Place::of(node), attempt, Usage::default(), Some(whole));
            }
            if let Err(loans) = slot.lend(source.reads(), &mut lent, &inner.residents) {
                return self.load(errand, loans, lent);
            }
        }
        let lender = slot.lender(Place::of(node), &lent, &inner.nothing);
        let caught = plan.caught(node, &lender, inner.config.values);
        self.yield_output(errand, node, caught);
    }

    fn yield_output(
        &mut self,
        errand: super::job::Errand,
        node: NodeIndex,
        output: Result<Option<Image>, EvaluationError>,
    ) {
        let Some(slot) = self.slots.get(errand.key) else {
            return;
        };
        let plan = Arc::clone(slot.plan());
        match (output, &plan.node(node).output) {
            (Ok(Some(image)), Some(ty)) => {
                self.yield_value(errand, image, ty, Then::Succeed(Usage::default()));
            }
            (Ok(_), _) => {
                let attempt = slot.attempt(Place::of(node));
                self.succeed(errand.key, Place::of(node), attempt, Usage::default(), None);
            }
            (Err(error), _) => self.fail_task(errand, not_evaluated(&error)),
        }
    }
}

impl Slot {
    /// The outputs of a node's items that have to be loaded.
    fn items_by_address(&self, node: NodeIndex) -> Vec<Loan> {
        let (Some(items), Some(ty)) = (self.items.get(&node), ok_type(self.plan().node(node))) else {
            return Vec::new();
        };
        let mut shared: Option<Arc<Type>> = None;
        let by_address = items
            .outputs
            .iter()
            .zip(0..)
            .filter_map(|(output, item)| match output {
                Some(Ok(Some(Value::Address(address)))) => Some((address.clone(), item)),
                Some(Ok(Some(Value::Direct(_)) | None) | Err(_)) | None => None,
            });
        by_address
            .map(|(address, item)| Loan {
                of: Of::Item(item),
                address,
                ty: Arc::clone(shared.get_or_insert_with(|| Arc::new(ty.clone()))),
            })
            .collect()
    }

    fn gather(&self, node: NodeIndex, lent: &Lent, inner: &Inner) -> Result<Option<Image>, EvaluationError> {
        let outputs = self.items.get(&node).map_or(&[][..], |items| &items.outputs);
        // In the order of the items, as they were asked for.
        let mut lent = lent.iter();
        let mut image = |value: &'_ Value| match value {
            Value::Direct(image) => Some(image.clone()),
            Value::Address(_) => lent.next().and_then(|(_, held)| held.value().cloned()),
        };
        let images: Vec<Result<Option<Image>, &str>> = outputs
            .iter()
            .map(|output| match output {
                Some(Ok(output)) => Ok(output.as_ref().and_then(&mut image)),
                Some(Err(message)) => Err(&**message),
                None => Err("it was not executed"),
            })
            .collect();
        let items = images.iter().map(|item| match item {
            Ok(output) => Ok(output.as_ref()),
            Err(message) => Err(*message),
        });
        self.plan().gather(node, items, inner.config.values)
    }
}
