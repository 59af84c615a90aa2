//! The definition language: from a text, YAML or JSON, to a [`Definition`].
//!
//! A text becomes a tree of maps, lists and scalars, each with its place; the tree becomes a [`Definition`], part by part.
//! Nothing is resolved here but the types that the text declares itself: what nodes, functions and fields are called is
//! checked by who knows them. Every problem is told, not only the first.

mod bounds;
mod catch;
mod condition;
mod for_each;
mod kind;
mod limits;
mod model;
mod node;
mod place;
mod problems;
pub(crate) mod quote;
mod reader;
pub(crate) mod reference;
mod retry;
mod schema;
mod source;
mod tree;
mod types;
mod workflow;

pub use bounds::Bounds;
pub use model::{
    Access, Argument, At, Call, Catch, Defaults, Definition, ForEach, Form, Global, Input, Kind, Member,
    Node, Output, Pause, Reference, Root, Sleep, Source, Step, Wait, Written,
};
pub use place::{Places, Spot};
pub use schema::{PATH as SCHEMA_PATH, schema};

use weft_types::Digest;

use crate::problem::{Position, Problem};

/// What a text says.
#[derive(Debug)]
pub struct Read {
    /// What could be made of it: none where the text cannot be read to its end, or is no map. Where there are problems it is
    /// incomplete, and good only for finding more of them.
    pub definition: Option<Definition>,
    /// Everything that is wrong, in the order of the text.
    pub problems: Vec<Problem>,
}

/// A blob that a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedBlob {
    /// Which.
    pub digest: Digest,
    /// Where.
    pub at: Position,
    /// The path in the definition, such as `nodes.charge.with.picture`.
    pub path: String,
}

/// The blobs that a text names as `{"$blob": "<digest>"}`, in its order. Takes time proportional to its length, but hardly any where
/// there is none.
#[must_use]
pub fn blobs(text: &[u8], bounds: &Bounds) -> Vec<NamedBlob> {
    // A digest is written as it is, or with escapes.
    const DIGEST: &[u8] = b"blake3:";
    if !text.windows(DIGEST.len()).any(|part| part == DIGEST) && !text.contains(&b'\\') {
        return Vec::new();
    }
    let places = tree::read(text, bounds, &mut problems::Problems::new(0));
    places.map_or_else(Vec::new, |places| source::blobs(&places).collect())
}

/// Reads a definition. Takes time proportional to the length of the text.
#[must_use]
pub fn read(text: &[u8], bounds: &Bounds) -> Read {
    let mut problems = problems::Problems::new(bounds.problems);
    let places = tree::read(text, bounds, &mut problems);
    let definition = places.and_then(|places| workflow::read(places, &mut problems));
    Read {
        definition,
        problems: problems.into_vec(),
    }
}
