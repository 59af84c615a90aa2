//! Values with references in them.

use super::NamedBlob;
use super::model::{At, Form, Member, Reference, Source};
use super::place::{Places, Spot};
use super::quote::quoted;
use super::reader::{Reader, json_number};
use super::reference;
use super::tree::{Data, Text, Way};

/// The key of the one member of a map that stands for a stored value.
const BLOB: &str = "$blob";

impl Reader<'_> {
    /// How the value at `spot` is put together. Recursion is bounded: the tree was read with a bound on its depth.
    pub(super) fn source(&mut self, spot: Spot) -> Source {
        let form = match self.data(spot) {
            Data::Wrong => Form::Wrong,
            Data::Null => Form::Null,
            Data::Bool(value) => Form::Bool(*value),
            Data::Number(text) => self.number_form(spot, *text),
            Data::String(text, _) => self.string_form(spot, *text),
            Data::List(items) => Form::List(items.iter().map(|item| self.source(*item)).collect()),
            Data::Map(members) => self.map_form(members),
        };
        Source { spot, form }
    }

    /// A value in which nothing depends on a run; none where something does, which is told.
    pub(super) fn literal(&mut self, spot: Spot, what: &str) -> Option<Source> {
        let source = self.source(spot);
        if let Some(at) = first_reference(&source) {
            self.tell(
                at,
                "not-literal",
                format!("{what} is a literal, without references"),
            );
            return None;
        }
        Some(source)
    }

    /// The reference at `spot`; none where the text is none, which is told.
    pub(super) fn reference(&mut self, spot: Spot, text: &str) -> Option<Reference> {
        match reference::whole(text) {
            Ok((root, steps)) => Some(Reference { spot, root, steps }),
            Err(wrong) => {
                let message = format!("{} is not a reference: {}", quoted(text), wrong.message);
                self.tell_within(spot, wrong.at, "reference", message);
                None
            }
        }
    }

    fn number_form(&mut self, spot: Spot, text: Text) -> Form {
        let text = self.tree().str(text);
        match json_number(text) {
            Some(number) => Form::Number(number.into()),
            None => {
                let message = format!(
                    "{} is no number of JSON: write \"Infinity\", \"-Infinity\", \"NaN\", or the digits",
                    quoted(text)
                );
                self.tell(spot, "number", message);
                Form::Wrong
            }
        }
    }

    fn string_form(&mut self, spot: Spot, text: Text) -> Form {
        let text = self.tree().str(text);
        match text.strip_prefix('$') {
            None => Form::String(text.into()),
            Some(escaped) if escaped.starts_with('$') => Form::String(escaped.into()),
            Some(_) => self.reference(spot, text).map_or(Form::Wrong, Form::Reference),
        }
    }

    fn map_form(&mut self, members: &[(Spot, Spot)]) -> Form {
        if let [(key, value)] = members
            && self.tree().string(*key) == BLOB
        {
            return self.blob(*value);
        }
        Form::Map(members.iter().filter_map(|member| self.member(*member)).collect())
    }

    fn member(&mut self, (spot, value): (Spot, Spot)) -> Option<Member> {
        let key = self.tree().string(spot);
        if key.starts_with('$') {
            let message = format!(
                "the key {} is reserved: only {{\"{BLOB}\": \"<digest>\"}}, alone in its map, means something",
                quoted(key)
            );
            self.tell(spot, "key", message);
            return None;
        }
        let key = At {
            spot,
            value: key.into(),
        };
        let value = self.source(value);
        Some(Member { key, value })
    }

    fn blob(&mut self, spot: Spot) -> Form {
        let Some(text) = self.string(spot, "the digest of a blob: `blake3:` and 64 hexadecimal digits")
        else {
            return Form::Wrong;
        };
        match text.parse() {
            Ok(digest) => Form::Blob(digest),
            Err(error) => {
                self.tell(spot, "blob", error.to_string());
                Form::Wrong
            }
        }
    }
}

/// The blobs that a text names.
pub(super) fn blobs(places: &Places) -> impl Iterator<Item = NamedBlob> {
    let tree = &places.tree;
    let elements = (0..).map(Spot).zip(&tree.elements);
    elements.filter_map(|(spot, element)| {
        let Way::Key(key) = element.way else {
            return None;
        };
        // A key is under itself.
        let is_value = spot != key && tree.string(key) == BLOB;
        let digest = is_value.then(|| tree.string(spot).parse().ok())??;
        Some(NamedBlob {
            digest,
            at: places.position(spot),
            path: places.path(element.parent),
        })
    })
}

/// Where the first reference stands.
fn first_reference(source: &Source) -> Option<Spot> {
    match &source.form {
        Form::Null | Form::Bool(_) | Form::Number(_) | Form::String(_) | Form::Blob(_) | Form::Wrong => None,
        Form::List(items) => items.iter().find_map(first_reference),
        Form::Map(members) => members.iter().find_map(|member| first_reference(&member.value)),
        Form::Reference(_) => Some(source.spot),
    }
}
