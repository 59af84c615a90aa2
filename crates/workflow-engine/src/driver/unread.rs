//! Arguments that a function gets by address, without being read on the way.

use bytes::Bytes;
use weft_types::image::{AssembleError, Attached, Attachment, Bounds};
use weft_types::value::{BlobAddress, Form};
use weft_types::{Address, Digest, Value};
use weft_workflow::evaluate::{Read, Root};
use weft_workflow::plan::{Kind, Node};

use super::lend::Loan;
use super::ready::{Held, Lent, Of};
use super::slot::Slot;
use crate::engine::Inner;

/// A parameter that is plain bytes, kept by address, and gets them as they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unread {
    pub(super) parameter: usize,
    root: Root,
    address: BlobAddress,
}

impl Slot {
    /// The arguments that a call of a function at a node gets without their being read.
    pub(super) fn unread(&self, node: &Node) -> Vec<Unread> {
        let Kind::Call(call) = &node.kind else {
            return Vec::new();
        };
        if call.workflow {
            return Vec::new();
        }
        let whole = call.arguments.whole_bytes().into_iter();
        whole
            .filter_map(|(parameter, whole)| match self.value(whole.root) {
                Some(Value::Address(Address::Blob(address))) if address.form == Form::Raw => Some(Unread {
                    parameter,
                    root: whole.root,
                    address: *address,
                }),
                _ => None,
            })
            .collect()
    }

    /// Takes the bytes of what is passed on unread from memory into `lent`; answers what has to be fetched first. They are
    /// mapped rather than read then, where they are a local file.
    pub(super) fn lend_unread(
        &self,
        node: &Node,
        unread: &[Unread],
        lent: &mut Lent,
        inner: &Inner,
    ) -> Vec<Loan> {
        let Kind::Call(call) = &node.kind else {
            return Vec::new();
        };
        let mut loans = Vec::<Loan>::new();
        for Unread { root, address, .. } in unread {
            let of = Of::Bytes(*root);
            if lent.iter().any(|(lent, _)| *lent == of) || loans.iter().any(|loan| loan.of == of) {
                continue;
            }
            let Some(Read { ty, .. }) = call.arguments.reads().iter().find(|read| read.root == *root) else {
                continue;
            };
            let resident = inner.residents.get(&self.open.project, address, ty);
            match resident.and_then(|image| image.raw(ty)) {
                Some(bytes) => lent.push((of, Held::Bytes(bytes))),
                None => loans.push(Loan {
                    of,
                    address: Address::Blob(*address),
                    ty: ty.clone(),
                }),
            }
        }
        loans
    }
}

impl Slot {
    /// What is attached to the arguments of a node by its hash, in the order of the parameters. An address is the hash already.
    pub(super) fn digests(&self, node: &Node, attached: &Attached) -> Vec<(usize, Digest)> {
        let unread = match attached.is_empty() {
            true => Vec::new(),
            false => self.unread(node),
        };
        let digest = |it: &Attachment| {
            let known = unread.iter().find(|unread| unread.parameter == it.parameter);
            known.map_or_else(|| Digest::of(&it.bytes), |unread| unread.address.digest)
        };
        let mut digests: Vec<_> = attached.iter().map(|it| (it.parameter, digest(it))).collect();
        digests.sort_by_key(|(parameter, _)| *parameter);
        digests
    }
}

/// What is left of the bounds on arguments for those that are read.
pub(super) fn bounds_beside(unread: &[Unread], bounds: Bounds) -> Result<Bounds, AssembleError> {
    let taken: u64 = unread.iter().map(|it| it.address.length).sum();
    let taken = usize::try_from(taken).ok();
    let bytes = taken.and_then(|taken| bounds.bytes.checked_sub(taken));
    let bytes = bytes.ok_or(AssembleError::TooLarge(bounds.bytes))?;
    Ok(Bounds { bytes, ..bounds })
}

/// Attaches what is passed on unread.
pub(super) fn attach(unread: &[Unread], lent: &Lent, attached: &mut Attached) {
    for Unread { parameter, root, .. } in unread {
        if let Some(bytes) = bytes_of(*root, lent) {
            attached.push(Attachment {
                parameter: *parameter,
                bytes,
            });
        }
    }
}

fn bytes_of(root: Root, lent: &Lent) -> Option<Bytes> {
    lent.iter().find_map(|(of, held)| match held {
        Held::Bytes(bytes) if *of == Of::Bytes(root) => Some(bytes.clone()),
        Held::Bytes(_) | Held::Value(_) => None,
    })
}
