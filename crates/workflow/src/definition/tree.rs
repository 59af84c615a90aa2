//! A text as a tree of maps, lists and scalars, each with its place: the same for YAML and JSON.

use std::ops::Range;

use super::place::Spot;
use crate::problem::Position;

mod build;
mod cursor;
mod json;
mod metered;
mod plain;
mod read;
mod yaml;

pub(super) use read::read;

/// A text that was read.
#[derive(Debug)]
pub(super) struct Tree {
    /// The text.
    pub(super) source: Box<str>,
    /// Every key and value in the order of the text, the root first.
    pub(super) elements: Vec<Element>,
    /// The decoded texts of all scalars, one after another.
    strings: String,
}

/// A key or a value.
#[derive(Debug)]
pub(super) struct Element {
    /// Where it begins.
    pub(super) start: Start,
    /// The map or list it is in; the root is in itself.
    pub(super) parent: Spot,
    /// How it is reached from there.
    pub(super) way: Way,
    /// What it is.
    pub(super) data: Data,
}

/// Where an element begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) position: Position,
    /// In bytes of the text.
    pub(super) offset: u32,
}

/// How an element is reached from the one it is in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// It is the root.
    Root,
    /// Its place in a list, from 0.
    Index(u32),
    /// The key it is under, or that it is itself.
    Key(Spot),
}

/// What an element is.
#[derive(Debug)]
pub(super) enum Data {
    /// Something that is wrong, which was told.
    Wrong,
    Null,
    Bool(bool),
    /// As it was written.
    Number(Text),
    String(Text, Style),
    List(Vec<Spot>),
    /// Keys are unique texts.
    Map(Vec<(Spot, Spot)>),
}

/// A range of [`Tree::strings`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    start: u32,
    end: u32,
}

/// How a string was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is, or as an indented block.
    Bare,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
}

impl Tree {
    /// The first element: the whole.
    pub(super) const ROOT: Spot = Spot(0);

    pub(super) fn element(&self, spot: Spot) -> &Element {
        &self.elements[spot.0 as usize]
    }

    pub(super) fn data(&self, spot: Spot) -> &Data {
        &self.element(spot).data
    }

    /// The characters of a scalar.
    pub(super) fn str(&self, text: Text) -> &str {
        &self.strings[Range::from(text)]
    }

    /// The characters of a key, or of a value that is a string; empty for what is neither.
    pub(super) fn string(&self, spot: Spot) -> &str {
        match self.data(spot) {
            Data::String(text, _) => self.str(*text),
            Data::Wrong | Data::Null | Data::Bool(_) | Data::Number(_) | Data::List(_) | Data::Map(_) => "",
        }
    }
}

impl From<Text> for Range<usize> {
    fn from(text: Text) -> Self {
        text.start as usize..text.end as usize
    }
}
