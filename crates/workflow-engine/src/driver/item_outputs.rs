//! What came of the items of a node that goes over a list, as long as the node is not over.

use weft_types::image::Image;
use weft_types::value::Form;
use weft_types::{Address, Value};
use weft_workflow::NodeIndex;
use weft_workflow::event::{ErrorCode, NodeError};

use super::event::failure;
use super::slot::Slot;

/// What is known of the items of a node.
pub(super) struct ItemOutputs {
    /// The list, where it had to be put together.
    pub(super) list: Option<Image>,
    /// What each answered, or why it failed; none before that.
    pub(super) outputs: Vec<Option<Result<Option<Value>, Box<str>>>>,
    /// How large that is in all, wherever it is kept, in bytes: so large is at least the list of it.
    bytes: u64,
    /// How large that may be.
    most: usize,
}

impl ItemOutputs {
    /// Why no item is executed any more: together they are larger than a value may be.
    pub(super) fn too_large(&self) -> Option<NodeError> {
        (self.bytes > self.most as u64).then(|| {
            let most = self.most;
            let message = format!("the outputs of its items are larger than {most} bytes together");
            failure(ErrorCode::Limit, message)
        })
    }

    fn set(&mut self, item: u32, mut output: Result<Option<Value>, Box<str>>) {
        let Some(place) = self.outputs.get_mut(item as usize) else {
            return;
        };
        self.bytes += size(&output);
        // Nobody will see it: the node fails.
        if let Err(message) = &mut output
            && self.bytes > self.most as u64
        {
            *message = Box::default();
        }
        *place = Some(output);
    }
}

/// What an output adds to the size of the list, at least.
fn size(output: &Result<Option<Value>, Box<str>>) -> u64 {
    let payload = |length: u64| length.saturating_sub(Image::HEADER as u64);
    match output {
        Ok(Some(Value::Direct(image))) => payload(image.as_bytes().len() as u64),
        Ok(Some(Value::Address(Address::Blob(address)))) => match address.form {
            Form::Image => payload(address.length),
            Form::Raw => address.length,
        },
        Ok(None) => 0,
        Err(message) => message.len() as u64,
    }
}

impl Slot {
    /// A node goes over so many items, whose outputs are at most so many bytes together.
    pub(super) fn expand(&mut self, node: NodeIndex, items: u32, list: Option<Image>, most: usize) {
        let mut outputs = ItemOutputs {
            list,
            outputs: (0..items).map(|_| None).collect(),
            bytes: 0,
            most,
        };
        for (item, output) in self.reused.remove(&node).unwrap_or_default() {
            outputs.set(item, Ok(output));
        }
        self.items.insert(node, outputs);
    }

    /// Keeps the output of an item that is reused for when its node is expanded.
    pub(super) fn reuse_item(&mut self, node: NodeIndex, item: u32, output: Option<Value>) {
        self.reused.entry(node).or_default().push((item, output));
    }

    pub(super) fn set_item(&mut self, node: NodeIndex, item: u32, output: Result<Option<Value>, Box<str>>) {
        if let Some(items) = self.items.get_mut(&node) {
            items.set(item, output);
        }
    }
}
