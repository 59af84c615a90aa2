//! Errors as people and programs meet them: `application/problem+json` (RFC 9457).
//!
//! Every error the API answers is a [`Problem`] of one [`Kind`]; nothing else makes error responses.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::body::ResponseBody;
use crate::refusal::Refusal;

mod access;
mod backups;
mod blobs;
mod engine;
mod quotas;
mod rejection;
mod secrets;
mod table;
mod webhook;
mod workflow;

pub use table::{Entry, Kind};
pub(crate) use workflow::mistaken;

/// The media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// One error of one request.
#[derive(Clone, Debug)]
pub struct Problem(Box<Content>);

#[derive(Clone, Debug)]
struct Content {
    kind: Kind,
    detail: Cow<'static, str>,
    members: Vec<(&'static str, Box<RawValue>)>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of this kind. `detail` says what is wrong here, where, and what would be right.
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Content {
            kind,
            detail: detail.into(),
            members: Vec::new(),
            headers: Vec::new(),
        }))
    }

    /// Adds a member for programs. Members are listed with the kind's explanation.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl Serialize) -> Self {
        match serde_json::value::to_raw_value(&value) {
            Ok(raw) => self.with_raw(name, raw),
            // Only a map with keys that are not texts fails, and no caller has one; the detail says it all anyway.
            Err(_) => self,
        }
    }

    /// Adds a member that is JSON text already.
    #[must_use]
    pub fn with_raw(mut self, name: &'static str, value: Box<RawValue>) -> Self {
        self.0.members.push((name, value));
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn with_header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Tells the client when to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What is wrong here.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The response that reports it.
    pub fn into_response(self) -> Response<ResponseBody> {
        // Texts and raw JSON always serialize.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(ResponseBody::full(Bytes::from(body)));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.extend(self.0.headers);
        if matches!(
            self.0.kind,
            Kind::Overloaded | Kind::SandboxMemory | Kind::RateLimited | Kind::QuotaBusy
        ) {
            response.extensions_mut().insert(Refusal);
        }
        response
    }

    fn status(&self) -> StatusCode {
        // The table's test proves that every status is valid.
        StatusCode::from_u16(self.kind().entry().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entry = self.kind().entry();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &entry.uri())?;
        map.serialize_entry("title", entry.title)?;
        map.serialize_entry("status", &entry.status)?;
        map.serialize_entry("detail", self.detail())?;
        for (name, value) in &self.0.members {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl axum::response::IntoResponse for Problem {
    fn into_response(self) -> axum::response::Response {
        Problem::into_response(self).map(axum::body::Body::new)
    }
}

#[cfg(test)]
mod tests;
