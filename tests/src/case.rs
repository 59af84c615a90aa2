//! Requests that must be refused, as data.

use crate::{Answer, Api, socket};

/// A request and the refusal it must get.
pub struct Case {
    what: String,
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    status: u16,
    problem: &'static str,
    details: Vec<&'static str>,
    pointer: Option<&'static str>,
}

impl Case {
    /// A request without headers or body.
    #[must_use]
    pub fn new(what: impl Into<String>, method: &'static str, path: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
            status: 0,
            problem: "",
            details: Vec::new(),
            pointer: None,
        }
    }

    /// A call with a body of JSON; `target` as for [`Api::call`].
    #[must_use]
    pub fn call(what: impl Into<String>, target: &str, json: impl Into<Vec<u8>>) -> Self {
        let (function, query) = target.split_once('?').unwrap_or((target, ""));
        let path = Api::path(function, &format!("/invoke?{query}"));
        Self::new(what, "POST", path)
            .header("content-type", "application/json")
            .body(json)
    }

    /// An upload of code.
    #[must_use]
    pub fn put(what: impl Into<String>, function: &str, code: impl Into<Vec<u8>>) -> Self {
        let path = Api::path(function, "");
        Self::new(what, "PUT", path)
            .header("content-type", "application/wasm")
            .body(code)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Replaces the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The refusal: status, problem, and what its detail must say.
    #[must_use]
    pub fn refused(mut self, status: u16, problem: &'static str, detail: &'static str) -> Self {
        self.status = status;
        self.problem = problem;
        self.details.push(detail);
        self
    }

    /// Something else that the detail must say.
    #[must_use]
    pub fn and(mut self, detail: &'static str) -> Self {
        self.details.push(detail);
        self
    }

    /// The JSON pointer that the refusal must hold.
    #[must_use]
    pub fn at(mut self, pointer: &'static str) -> Self {
        self.pointer = Some(pointer);
        self
    }

    /// Makes the request and answers what is wrong with its refusal, if anything.
    pub async fn check(&self, api: &Api) -> Option<String> {
        let answer = socket::exchange(&api.base, &self.request(&api.base)).await;
        let wrong = self.compare(&answer);
        (!wrong.is_empty()).then(|| format!("{}: {}\n    {}", self.what, wrong.join("; "), answer.text()))
    }

    fn request(&self, base: &str) -> Vec<u8> {
        let mut request = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", self.method, self.path);
        if !self.has("host") {
            request += &format!("host: {}\r\n", socket::authority(base));
        }
        if !self.has("content-length") && !self.has("transfer-encoding") {
            request += &format!("content-length: {}\r\n", self.body.len());
        }
        for (name, value) in &self.headers {
            request += &format!("{name}: {value}\r\n");
        }
        let mut request = (request + "\r\n").into_bytes();
        request.extend_from_slice(&self.body);
        request
    }

    fn has(&self, header: &str) -> bool {
        self.headers.iter().any(|(name, _)| name == header)
    }

    fn compare(&self, answer: &Answer) -> Vec<String> {
        let mut wrong = Vec::new();
        if answer.status.as_u16() != self.status {
            wrong.push(format!(
                "status is {}, not {}",
                answer.status.as_u16(),
                self.status
            ));
        }
        let problem = answer.problem();
        if problem != self.problem {
            wrong.push(format!("problem is `{problem}`, not `{}`", self.problem));
        }
        if problem.is_empty() {
            return wrong;
        }
        let body = answer.json();
        let detail = body["detail"].as_str().unwrap_or_default();
        for expected in self
            .details
            .iter()
            .filter(|expected| !detail.contains(**expected))
        {
            wrong.push(format!("detail lacks `{expected}`"));
        }
        if let Some(pointer) = self
            .pointer
            .filter(|pointer| body["pointer"].as_str() != Some(pointer))
        {
            wrong.push(format!("pointer is {}, not `{pointer}`", body["pointer"]));
        }
        wrong
    }
}
