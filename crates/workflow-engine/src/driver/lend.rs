//! The values that a step of a run sees.

use std::sync::Arc;

use weft_types::image::Image;
use weft_types::{Address, Digest, ProjectName, Type, Value};
use weft_workflow::NodeIndex;
use weft_workflow::evaluate::{Read, Root, Scope};
use weft_workflow::event::{ErrorCode, NodeError};
use weft_workflow::plan::Catch;

use super::event::failure;
use super::ready::{Held, Lent, Of};
use super::slot::Slot;
use crate::engine::Inner;
use crate::values::{Residents, Unavailable, named_in_definition};

/// A value that has to be loaded before a step can be taken.
#[derive(Debug)]
pub(super) struct Loan {
    pub(super) of: Of,
    pub(super) address: Address,
    pub(super) ty: Arc<Type>,
}

/// The values of a run, for one step at one node.
pub(super) struct Lender<'a> {
    pub(super) slot: &'a Slot,
    pub(super) node: NodeIndex,
    pub(super) item: Option<u32>,
    /// What of it had to be loaded.
    pub(super) lent: &'a Lent,
    /// Lent for what is not there: of no type that anything reads, so that it is noticed.
    pub(super) nothing: &'a Image,
}

impl Slot {
    /// Takes what of `reads` is kept by address from memory into `lent`.
    ///
    /// # Errors
    /// What has to be loaded first.
    pub(super) fn lend<'r>(
        &self,
        reads: impl IntoIterator<Item = &'r Read>,
        lent: &mut Lent,
        residents: &Residents,
    ) -> Result<(), Vec<Loan>> {
        let mut loans = Vec::new();
        for read in reads {
            let Some(Address::Blob(address)) = self.address(read) else {
                continue;
            };
            let of = Of::Root(read.root);
            if lent.iter().any(|(lent, _)| *lent == of) {
                continue;
            }
            match residents.get(&self.open.project, &address, &read.ty) {
                Some(image) => lent.push((of, Held::Value(image))),
                None => loans.push(Loan {
                    of,
                    address: Address::Blob(address),
                    ty: Arc::clone(&read.ty),
                }),
            }
        }
        if loans.is_empty() { Ok(()) } else { Err(loans) }
    }

    /// The value at a root, wherever it is kept; none for what is not kept with the run, or was skipped.
    pub(super) fn value(&self, root: Root) -> Option<&Value> {
        match root {
            Root::Input => Some(&self.arguments),
            Root::Globals => self.globals.as_ref(),
            Root::Node(node) => self.output(node),
            Root::List | Root::Blob(_) => None,
        }
    }

    /// The output of a node; that of its fallback where that took its place.
    fn output(&self, node: NodeIndex) -> Option<&Value> {
        let source = match self.plan().node(node).catch {
            Some(Catch::Node(_)) => self.state.output_of(self.plan(), node)?,
            Some(Catch::Value(_)) | None => node,
        };
        self.outputs[source.0 as usize].as_ref()
    }

    /// Where a value is kept, if not in memory.
    fn address(&self, read: &Read) -> Option<Address> {
        match (self.value(read.root), read.root) {
            (Some(Value::Address(address)), _) => Some(address.clone()),
            (None, Root::Blob(digest)) => Some(named_in_definition(digest, &read.ty)),
            (Some(Value::Direct(_)) | None, _) => None,
        }
    }
}

impl Lender<'_> {
    fn image<'a>(&'a self, root: Root, value: Option<&'a Value>) -> Option<&'a Image> {
        match value {
            Some(Value::Direct(image)) => Some(image),
            Some(Value::Address(_)) | None => self
                .lent
                .iter()
                .find_map(|(lent, held)| held.value().filter(|_| *lent == Of::Root(root))),
        }
    }

    fn at(&self, root: Root) -> Option<&Image> {
        self.image(root, self.slot.value(root))
    }
}

impl Scope for Lender<'_> {
    fn input(&self) -> &Image {
        self.at(Root::Input).unwrap_or(self.nothing)
    }

    fn globals(&self) -> Option<&Image> {
        let defaults = self.slot.plan().globals.as_ref().map(|globals| &globals.defaults);
        self.at(Root::Globals).or(defaults)
    }

    fn output(&self, node: NodeIndex) -> Option<&Image> {
        self.at(Root::Node(node))
    }

    fn item(&self) -> Option<u32> {
        self.item
    }

    fn list(&self) -> Option<&Image> {
        self.slot.items.get(&self.node)?.list.as_ref()
    }

    fn blob(&self, digest: &Digest) -> Option<&Image> {
        self.at(Root::Blob(*digest))
    }
}

/// Loads values for one step.
pub(super) async fn load(
    inner: Arc<Inner>,
    project: ProjectName,
    loans: Vec<Loan>,
    mut lent: Lent,
) -> Result<Lent, NodeError> {
    for loan in loans {
        match fetch(&inner, &project, &loan).await {
            Ok(held) => lent.push((loan.of, held)),
            Err(unavailable) => return Err(not_loaded(&unavailable)),
        }
    }
    Ok(lent)
}

async fn fetch(inner: &Inner, project: &ProjectName, loan: &Loan) -> Result<Held, Unavailable> {
    match (loan.of, &loan.address) {
        (Of::Bytes(_), Address::Blob(address)) => Ok(Held::Bytes(inner.bytes(project, address).await?)),
        (Of::Root(_) | Of::Item(_), address) => {
            Ok(Held::Value(inner.load(project, address, &loan.ty).await?))
        }
    }
}

fn not_loaded(unavailable: &Unavailable) -> NodeError {
    use crate::port::blobs::BlobError;
    let code = match unavailable {
        Unavailable::Blob(BlobError::Store(_) | BlobError::Full | BlobError::Quota(_)) => ErrorCode::Platform,
        Unavailable::Blob(BlobError::Missing(_) | BlobError::Damaged(_) | BlobError::TooLarge(_))
        | Unavailable::Invalid(..)
        | Unavailable::NotBytes(..) => ErrorCode::Evaluation,
    };
    failure(code, unavailable.to_string())
}
