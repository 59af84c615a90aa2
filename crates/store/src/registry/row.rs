//! Rows as they lie in the database, and the way to the domain's types.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Error as JsonError;
use weft_types::version::FunctionRecord;
use weft_types::{Digest, Kind, VersionNumber, VersionRecord};

use crate::error::Error;

/// A row of `function`.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct FunctionRow {
    pub(super) project: String,
    pub(super) name: String,
    active: Option<u32>,
    creator: String,
    created_at: String,
    updated_at: String,
    moves: Option<String>,
    numbered: u32,
}

/// A row of `version`.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct VersionRow {
    pub(super) project: String,
    pub(super) function: String,
    number: u32,
    kind: String,
    digest: Vec<u8>,
    size: i64,
    inspection: String,
    workflow: Option<String>,
    settings: String,
    effect_free: bool,
    creator: String,
    created_at: String,
}

impl FunctionRow {
    pub(super) fn into_record(self) -> Result<FunctionRecord, Error> {
        let place = || format!("function `{}` of project `{}`", self.name, self.project);
        Ok(FunctionRecord {
            project: parse(&place, "project", &self.project)?,
            function: parse(&place, "name", &self.name)?,
            active: self.active.map(VersionNumber),
            created_at: parse(&place, "created_at", &self.created_at)?,
            updated_at: parse(&place, "updated_at", &self.updated_at)?,
            moves: match &self.moves {
                Some(text) => serde_json::from_str(text).map_err(|error| corrupt(&place, "moves", &error))?,
                None => Arc::default(),
            },
            creator: self.creator,
            numbered: self.numbered,
        })
    }
}

impl VersionRow {
    pub(super) fn into_record(self) -> Result<VersionRecord, Error> {
        let place = || {
            format!(
                "version {} of function `{}` of project `{}`",
                self.number, self.function, self.project
            )
        };
        let json = |column| move |error: JsonError| corrupt(&place, column, &error);
        Ok(VersionRecord {
            project: parse(&place, "project", &self.project)?,
            function: parse(&place, "function", &self.function)?,
            version: VersionNumber(self.number),
            kind: kind_from(&self.kind).ok_or_else(|| corrupt(&place, "kind", &self.kind))?,
            digest: digest_from(&self.digest)
                .ok_or_else(|| corrupt(&place, "digest", &"not 32 bytes long"))?,
            size: self
                .size
                .try_into()
                .map_err(|_| corrupt(&place, "size", &self.size))?,
            inspection: serde_json::from_str(&self.inspection).map_err(json("inspection"))?,
            workflow: match &self.workflow {
                Some(text) => Some(serde_json::from_str(text).map_err(json("workflow"))?),
                None => None,
            },
            settings: serde_json::from_str(&self.settings).map_err(json("settings"))?,
            effect_free: self.effect_free,
            created_at: parse::<Timestamp>(&place, "created_at", &self.created_at)?,
            creator: self.creator,
        })
    }
}

fn parse<T: FromStr<Err: Display>>(
    place: &impl Fn() -> String,
    column: &str,
    text: &str,
) -> Result<T, Error> {
    text.parse()
        .map_err(|error: T::Err| corrupt(place, column, &error))
}

fn corrupt(place: &impl Fn() -> String, column: &str, what: &dyn Display) -> Error {
    Error::Corrupt(format!("{} cannot be read: column `{column}`: {what}", place()))
}

fn digest_from(bytes: &[u8]) -> Option<Digest> {
    bytes.try_into().ok().map(Digest::from_bytes)
}

/// The text of a kind in the database.
pub(super) fn kind_text(kind: Kind) -> &'static str {
    match kind {
        Kind::Component => "component",
        Kind::Workflow => "workflow",
    }
}

fn kind_from(text: &str) -> Option<Kind> {
    match text {
        "component" => Some(Kind::Component),
        "workflow" => Some(Kind::Workflow),
        _ => None,
    }
}
