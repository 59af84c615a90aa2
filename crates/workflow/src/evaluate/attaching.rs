//! Arguments whose large bytes stay where they are.

use bytes::Bytes;
use weft_types::image::{AssembleError, Attached, Attachment, Bounds, Image};

use super::expression::Expression;
use super::{EvaluationError, Scope};
use crate::plan::{Call, Kind, NodeIndex, Plan, Source};

/// Fewer bytes are copied: it is no dearer than holding on to the value that they are a part of.
const ATTACHED_FROM: usize = 16 << 10;

impl Plan {
    /// As [`arguments`](Self::arguments), with the large ones among them beside the image where they are a part of another
    /// value: they share its bytes. Those at the places `left_out`, each a `list<u8>`, are left empty and not evaluated.
    ///
    /// # Errors
    /// As there; `bounds` apply to all of it.
    pub fn arguments_attaching(
        &self,
        node: NodeIndex,
        scope: &dyn Scope,
        bounds: Bounds,
        left_out: &[usize],
    ) -> Result<(Image, Attached), EvaluationError> {
        let Kind::Call(Call {
            arguments: source, ..
        }) = &self.node(node).kind
        else {
            return Ok((self.arguments(node, scope, bounds)?, Attached::default()));
        };
        let attached = source.attached(scope, left_out)?;
        let empty: Vec<_> = attached
            .iter()
            .map(|it| it.parameter)
            .chain(left_out.iter().copied())
            .collect();
        if empty.is_empty() {
            return Ok((source.evaluate(scope, bounds)?, attached));
        }
        let length: usize = attached.iter().map(|it| it.bytes.len()).sum();
        let bytes = bounds.bytes.checked_sub(length);
        let bytes = bytes.ok_or(AssembleError::TooLarge(bounds.bytes))?;
        let rest = Bounds { bytes, ..bounds };
        let image = source
            .expression
            .evaluate_without(&source.ty, &empty, scope, rest)?;
        Ok((image, attached))
    }
}

impl Source {
    /// The members that are large plain bytes and a part of another value as it stands.
    fn attached(&self, scope: &dyn Scope, left_out: &[usize]) -> Result<Attached, EvaluationError> {
        let members = self
            .parts()
            .filter(|(index, _, ty)| ty.is_bytes() && !left_out.contains(index));
        let mut attached = Attached::default();
        for (parameter, part, _) in members {
            if let Some(bytes) = part.large_bytes(scope)? {
                attached.push(Attachment { parameter, bytes });
            }
        }
        Ok(attached)
    }
}

impl Expression {
    fn large_bytes(&self, scope: &dyn Scope) -> Result<Option<Bytes>, EvaluationError> {
        match self {
            Self::Part {
                path,
                conversion,
                optional: false,
            } if conversion.is_identity() => {
                let view = path.require(scope)?;
                let is_large = view.length().is_some_and(|length| length >= ATTACHED_FROM);
                Ok(view.to_bytes().filter(|_| is_large))
            }
            _ => Ok(None),
        }
    }
}
