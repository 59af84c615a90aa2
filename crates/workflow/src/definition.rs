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

use crate::problem::Problem;

/// What a text says.
#[derive(Debug)]
pub struct Read {
    /// What could be made of it: none where the text cannot be read to its end, or is no map. Where there are problems it is
    /// incomplete, and good only for finding more of them.
    pub definition: Option<Definition>,
    /// Everything that is wrong, in the order of the text.
    pub problems: Vec<Problem>,
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
