//! Global parameters of one run.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use weft_types::image::{Bounds, Conversion, Image, Piece};
use weft_types::json::{self, Error, ErrorKind};

use crate::definition::quote::quoted;
use crate::plan::Globals;

impl Globals {
    /// What the global parameters are where a start gives some of them: an object by name.
    ///
    /// # Errors
    /// Where the text is no such object, names what there is not, gives a value of another type, or all of them become larger
    /// than `bounds`.
    pub fn replaced(&self, text: &[u8], bounds: Bounds) -> Result<Image, Error> {
        let given: BTreeMap<String, &RawValue> = serde_json::from_slice(text)
            .map_err(|error| wrong(String::new(), ErrorKind::Syntax, error.to_string()))?;
        let fields = self.ty.fields().unwrap_or_default();
        if let Some(name) = given.keys().find(|name| self.ty.member(name).is_none()) {
            let hint = crate::nearest::hint(name, fields.iter().map(|field| &*field.name));
            let message = format!("there is no global parameter {}{hint}", quoted(name));
            return Err(wrong(pointer(name), ErrorKind::Type, message));
        }
        let values: Vec<Option<Image>> = fields
            .iter()
            .map(|field| {
                let value = given.get(&*field.name);
                let parsed = value.map(|value| json::parse(&field.ty, value.get().as_bytes(), bounds));
                parsed.transpose().map_err(|error| Error {
                    pointer: pointer(&field.name) + &error.pointer,
                    ..error
                })
            })
            .collect::<Result<_, _>>()?;
        let defaults = self.defaults.view(&self.ty);
        let pieces = values.iter().enumerate().map(|(index, value)| match value {
            Some(image) => Some(Piece::Image(image)),
            None => Some(Piece::View(defaults.member(index)?, &Conversion::IDENTITY)),
        });
        // The record has each of its members.
        let pieces = pieces.collect::<Option<_>>().unwrap_or_default();
        Image::assemble(&self.ty, &Piece::Members(pieces), bounds)
            .map_err(|error| wrong(String::new(), ErrorKind::TooLarge, error.to_string()))
    }
}

fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn wrong(pointer: String, kind: ErrorKind, message: String) -> Error {
    Error {
        pointer,
        message,
        kind,
    }
}
