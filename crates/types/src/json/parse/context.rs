//! What all seeds of one reading share.

use std::sync::Arc;

use bytes::Bytes;

use crate::image::build::{Builder, TooLarge};
use crate::image::{Attached, Attachment, Bounds};
use crate::json::blobs::Blobs;
use crate::{Type, pointer};

/// The image under construction and, once something is wrong, the way to it.
pub(super) struct Context {
    pub(super) builder: Builder,
    /// The blobs that may stand for values, where any may.
    pub(super) blobs: Option<Arc<Blobs>>,
    /// Takes the blobs that stand for whole parameters, where they are to stay what they are.
    pub(super) attaching: Option<Attaching>,
    /// Whether all blocks came in the order of the type.
    pub(super) in_order: bool,
    /// Whether the error is that a bound was exceeded.
    pub(super) too_large: bool,
    /// Names and indexes from the place of the error outwards.
    path: Vec<String>,
}

/// Attachments being gathered.
pub(super) struct Attaching {
    /// Where the parameters that are plain bytes lie in the root. The elements of lists gather behind it, and no part of another
    /// parameter lies there: so whatever is read there is that parameter.
    places: Vec<(usize, usize)>,
    attached: Attached,
}

/// The longest name of a member in a pointer, in bytes; the pointer ends before a longer one, which is not ours.
const MAX_SEGMENT: usize = 256;
/// The longest message, in characters, and how much of its beginning and end is kept.
const MAX_MESSAGE: usize = 600;
const KEPT: usize = 280;

impl Context {
    pub(super) fn new(ty: &Type, bounds: Bounds, expected: usize) -> Result<Self, TooLarge> {
        Ok(Self {
            builder: Builder::new(ty, bounds, expected)?,
            blobs: None,
            attaching: None,
            in_order: true,
            too_large: false,
            path: Vec::new(),
        })
    }

    /// Turns an exceeded bound into an error of the reading.
    pub(super) fn fit<T, E: serde::de::Error>(&mut self, result: Result<T, TooLarge>) -> Result<T, E> {
        result.map_err(|error| {
            self.too_large = true;
            E::custom(error)
        })
    }

    /// Notes, while an error goes outwards, that it happened in the member `name`.
    #[cold]
    pub(super) fn leave(&mut self, name: impl Into<String>) {
        self.path.push(name.into());
    }

    /// The JSON pointer to the error.
    pub(super) fn pointer(&self) -> String {
        let known = self
            .path
            .iter()
            .rev()
            .take_while(|name| name.len() <= MAX_SEGMENT);
        known.fold(String::new(), |mut pointer, name| {
            pointer::push(&mut pointer, name);
            pointer
        })
    }
}

impl Attaching {
    /// For the parameters that are fields of the record `params`.
    pub(super) fn new(params: &Type) -> Self {
        let fields = params.fields().unwrap_or_default().iter().enumerate();
        let bytes = fields.filter(|(_, field)| field.ty.is_bytes());
        Self {
            places: bytes
                .map(|(index, field)| (field.offset as usize, index))
                .collect(),
            attached: Attached::default(),
        }
    }

    /// Attaches a blob, if a parameter is what it stands for at `at` in the frames.
    pub(super) fn take(&mut self, at: usize, bytes: &Bytes) -> bool {
        let Some((_, parameter)) = self.places.iter().find(|(place, _)| *place == at) else {
            return false;
        };
        self.attached.push(Attachment {
            parameter: *parameter,
            bytes: bytes.clone(),
        });
        true
    }

    /// What was attached.
    pub(super) fn finish(self) -> Attached {
        self.attached
    }
}

/// Cuts the middle out of a message that quotes something long.
pub(super) fn shorten(message: &str) -> String {
    let length = message.chars().count();
    if length <= MAX_MESSAGE {
        return message.to_owned();
    }
    let head: String = message.chars().take(KEPT).collect();
    let tail: String = message.chars().skip(length - KEPT).collect();
    format!("{head} … {tail}")
}

/// Names as a list for people: the first few of them.
pub(super) fn list<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let more = names.len().saturating_sub(SHOWN);
    let shown: Vec<_> = names.take(SHOWN).map(|name| format!("`{name}`")).collect();
    match (shown.len(), more) {
        (0, _) => "nothing".to_owned(),
        (_, 0) => shown.join(", "),
        _ => format!("{} and {more} more", shown.join(", ")),
    }
}
