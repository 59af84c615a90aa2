//! Large arguments beside the image of the others.

use bytes::Bytes;

use super::{AssembleError, Bounds, Conversion, Image, Piece};
use crate::Type;

/// A `list<u8>` among the arguments of a call that is passed beside their image, where an empty one stands in its place: what
/// is mapped or was received already need not be copied into the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Which parameter, from 0; its type is `list<u8>`.
    pub parameter: usize,
    /// Its value.
    pub bytes: Bytes,
}

/// The attachments of one call, none twice for one parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attached(Vec<Attachment>);

impl Attached {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is attached for a parameter.
    #[must_use]
    pub fn get(&self, parameter: usize) -> Option<&Bytes> {
        let found = self.0.iter().find(|attachment| attachment.parameter == parameter);
        found.map(|attachment| &attachment.bytes)
    }

    /// Attaches a value, in the place of an earlier one for the same parameter.
    pub fn push(&mut self, attachment: Attachment) {
        self.0.retain(|earlier| earlier.parameter != attachment.parameter);
        self.0.push(attachment);
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Attachment> {
        self.0.iter()
    }

    /// Puts them where they belong, with one copy of each: what to do where nobody takes them as they are. `image` must be an
    /// image of `params`, a record.
    ///
    /// # Errors
    /// Where one belongs to no `list<u8>`, or the whole is larger than `bounds`.
    pub fn put_into(&self, params: &Type, image: &Image, bounds: Bounds) -> Result<Image, AssembleError> {
        if self.is_empty() {
            return Ok(image.clone());
        }
        let misfit = || AssembleError::Misfit {
            found: "an attachment".to_owned(),
            expected: params.to_string(),
        };
        let fields = params.fields().ok_or_else(misfit)?;
        let mut raw = Vec::with_capacity(self.0.len());
        for attachment in &self.0 {
            let field = fields.get(attachment.parameter).ok_or_else(misfit)?;
            let bytes = field
                .ty
                .is_bytes()
                .then(|| Image::of_raw(&field.ty, &attachment.bytes));
            raw.push((attachment.parameter, bytes.flatten().ok_or_else(misfit)?));
        }
        let view = image.view(params);
        let piece = |index| {
            let attached = raw.iter().find(|(parameter, _)| *parameter == index);
            let own = || {
                view.member(index)
                    .map(|part| Piece::View(part, &Conversion::IDENTITY))
            };
            attached.map(|(_, image)| Piece::Image(image)).or_else(own)
        };
        let pieces = (0..fields.len()).map(piece).collect::<Option<_>>();
        Image::assemble(params, &Piece::Members(pieces.ok_or_else(misfit)?), bounds)
    }
}

impl FromIterator<Attachment> for Attached {
    fn from_iter<I: IntoIterator<Item = Attachment>>(attachments: I) -> Self {
        let mut attached = Self::default();
        attachments
            .into_iter()
            .for_each(|attachment| attached.push(attachment));
        attached
    }
}
