//! The type language: WIT's value types, each with the layout of its values in memory.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Digest;

mod build;
mod cache;
mod layout;
mod members;
mod parse;
mod text;

pub use build::TypeError;
pub use layout::Layout;
pub(crate) use layout::{align_up, discriminant_size};
pub use parse::ParseError;

/// A WIT value type together with its [`Layout`], computed once when the type is built.
///
/// Equality is structural, with the order of fields and cases significant. Its text form is WIT on one line, with records
/// and variants written out in place; serde writes and reads that text, so that deep types are not deep documents.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    shape: Shape,
    layout: Layout,
    by_name: members::ByName,
    digest: cache::Digest,
}

/// What a [`Type`] is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// `bool`
    Bool,
    /// `s8`
    S8,
    /// `u8`
    U8,
    /// `s16`
    S16,
    /// `u16`
    U16,
    /// `s32`
    S32,
    /// `u32`
    U32,
    /// `s64`
    S64,
    /// `u64`
    U64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `char`: a Unicode scalar value
    Char,
    /// `string`, UTF-8
    String,
    /// `list<T>`
    List(Box<Type>),
    /// `record { … }`
    Record(Box<[Field]>),
    /// `tuple<…>`
    Tuple(Box<[Slot]>),
    /// `variant { … }`
    Variant(Cases),
    /// `enum { … }`, the names of its cases
    Enum(Box<[Box<str>]>),
    /// `option<T>`: case 0 is none, case 1 is some
    Option(Payload),
    /// `result<T, E>`: case 0 is ok, case 1 is err
    Result(Either),
    /// `flags { … }`, the names of its bits from the lowest
    Flags(Box<[Box<str>]>),
}

/// A named member of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// Its WIT name.
    pub name: Box<str>,
    /// Its type.
    pub ty: Type,
    /// Where it lies in the record, in bytes.
    pub offset: u32,
}

/// A member of a tuple.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// Its type.
    pub ty: Type,
    /// Where it lies in the tuple, in bytes.
    pub offset: u32,
}

/// A case of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    /// Its WIT name.
    pub name: Box<str>,
    /// What it carries.
    pub ty: Option<Type>,
}

/// The cases of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cases {
    /// In order of their discriminants.
    pub cases: Box<[Case]>,
    /// Where a payload lies, in bytes.
    pub payload: u32,
}

/// The payload of an option.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Payload {
    /// Its type.
    pub ty: Box<Type>,
    /// Where it lies, in bytes.
    pub payload: u32,
}

/// The two payloads of a result.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Either {
    /// What success carries.
    pub ok: Option<Box<Type>>,
    /// What failure carries.
    pub err: Option<Box<Type>>,
    /// Where a payload lies, in bytes.
    pub payload: u32,
}

impl Type {
    /// The largest value itself (not what it points to), in bytes. Bounds records of records of records, and what a short
    /// `{}` in a list can grow to.
    pub const MAX_SIZE: u32 = 1 << 16;
    /// The deepest nesting of types. Bounds every recursion over a type or a value.
    pub const MAX_DEPTH: u32 = 64;
    /// The largest type as a tree, counting types and names of cases and flags: shared parts of a hostile component count
    /// each time they are reached.
    pub const MAX_NODES: u32 = 20_000;
    /// Most fields, cases or flags of one type.
    pub const MAX_MEMBERS: usize = 4096;
    /// The longest name of a field, case or flag, in bytes.
    pub const MAX_NAME: usize = 256;

    /// What it is made of.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How its values lie in memory.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The element type of a list.
    #[must_use]
    pub fn element(&self) -> Option<&Type> {
        match &self.shape {
            Shape::List(element) => Some(element),
            _ => None,
        }
    }

    /// The fields of a record.
    #[must_use]
    pub fn fields(&self) -> Option<&[Field]> {
        match &self.shape {
            Shape::Record(fields) => Some(fields),
            _ => None,
        }
    }

    /// Whether it is `list<u8>`, whose values may travel as raw bytes.
    #[must_use]
    pub fn is_bytes(&self) -> bool {
        matches!(&self.shape, Shape::List(element) if element.shape == Shape::U8)
    }

    /// The index of a field, case or flag.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<usize> {
        self.by_name.find(&self.shape, name)
    }

    /// A hash that two types share exactly when they are equal: BLAKE3 of the text form. Computed once.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest.get_or(|| Digest::of(self.to_string().as_bytes()))
    }
}

impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
