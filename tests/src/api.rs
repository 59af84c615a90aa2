//! A client of the API for tests: answers are looked at, whatever they are.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// Long enough for a compile on a busy machine, short enough to notice what hangs.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Where a server answers; cheap to clone.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    /// Such as `http://127.0.0.1:41234`.
    pub base: String,
    /// Where HTTP functions answer.
    pub functions: String,
    /// What is sent as a token.
    token: Option<String>,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Api {
    /// A client of a server.
    ///
    /// # Panics
    /// Where there is no memory for one.
    #[must_use]
    pub fn new(base: String, functions: String) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client without certificates can be built");
        Self {
            http,
            base,
            functions,
            token: None,
        }
    }

    /// The same at another address.
    #[must_use]
    pub fn at(&self, base: String) -> Self {
        Self { base, ..self.clone() }
    }

    /// The same with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The same for a server whose certificate leads to this authority, in PEM.
    ///
    /// # Panics
    /// Where it is none.
    #[must_use]
    pub fn trusting(&self, authority: &[u8]) -> Self {
        let authority = reqwest::Certificate::from_pem(authority).expect("the authority is a certificate");
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([authority])
            .timeout(TIMEOUT)
            .build();
        Self {
            http: http.expect("a client with one certificate can be built"),
            ..self.clone()
        }
    }

    /// A request to a path of the API.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// A request to the listener of HTTP functions.
    pub fn to_functions(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.functions));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// A request to a path of an HTTP function of the project `default`.
    pub fn function(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/default/{path}", self.functions))
    }

    /// The path of a function of the project `default` and what is below it.
    #[must_use]
    pub fn path(function: &str, below: &str) -> String {
        format!("/v1/projects/default/functions/{function}{below}")
    }

    /// Asks for a path.
    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    /// Asks for something of a function.
    pub async fn about(&self, function: &str, below: &str) -> Value {
        self.get(&Self::path(function, below)).await.ok()
    }

    /// Uploads code with default settings, or those of the version before.
    pub async fn put(&self, function: &str, code: Vec<u8>) -> Answer {
        let request = self.request(Method::PUT, &Self::path(function, ""));
        send(request.header(CONTENT_TYPE, "application/wasm").body(code)).await
    }

    /// Uploads code with settings.
    pub async fn put_with(&self, function: &str, code: Vec<u8>, settings: &Value) -> Answer {
        let request = self.request(Method::PUT, &Self::path(function, ""));
        send(multipart(request, code, settings)).await
    }

    /// Uploads code that answers calls from then on.
    ///
    /// # Panics
    /// Where the server refuses it.
    pub async fn deploy(&self, function: &str, code: Vec<u8>) -> Value {
        self.put(function, code).await.ok()
    }

    /// Uploads code with settings that answers calls from then on.
    ///
    /// # Panics
    /// Where the server refuses it.
    pub async fn deploy_with(&self, function: &str, code: Vec<u8>, settings: Value) -> Value {
        self.put_with(function, code, &settings).await.ok()
    }

    /// Calls a function; `target` is its name, with a query where one is wanted (`echo?export=text`).
    pub async fn call(&self, target: &str, arguments: &Value) -> Answer {
        send(
            self.calling(target)
                .header(CONTENT_TYPE, "application/json")
                .body(arguments.to_string()),
        )
        .await
    }

    /// A call about to be made.
    pub fn calling(&self, target: &str) -> RequestBuilder {
        let (function, query) = target.split_once('?').unwrap_or((target, ""));
        self.request(Method::POST, &Self::path(function, &format!("/invoke?{query}")))
    }

    /// How many calls of a function execute now.
    pub async fn executing(&self, function: &str) -> f64 {
        let function = format!("function=\"{function}\"");
        self.metric("weft_pool_calls", &[&function]).await
    }

    /// How many calls of a function wait for a place now.
    pub async fn waiting(&self, function: &str) -> f64 {
        self.metric("weft_pool_queue_length", &[&format!("function=\"{function}\"")])
            .await
    }

    /// The value of a metric, summed over the series whose labels contain all of `labels`; 0 where there is none.
    pub async fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let text = self.get("/metrics").await.text();
        let series = text
            .lines()
            .filter_map(|line| line.strip_prefix(name))
            .filter(|rest| rest.starts_with(['{', ' ']));
        let chosen = series.filter(|rest| labels.iter().all(|label| rest.contains(label)));
        chosen
            .filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }
}

/// Sends a request and reads the whole answer.
///
/// # Panics
/// Where there is none.
pub async fn send(request: RequestBuilder) -> Answer {
    try_send(request).await.expect("the server answers")
}

/// Sends a request and reads the whole answer.
///
/// # Errors
/// Where there is none.
pub async fn try_send(request: RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    Ok(Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.bytes().await?.to_vec(),
    })
}

/// Makes code and settings the two parts of a request's body.
pub fn multipart(request: RequestBuilder, code: Vec<u8>, settings: &Value) -> RequestBuilder {
    let boundary = "weft-tests-7b1f6a2c";
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"settings\"\r\nContent-Type: application/json\r\n\r\n{settings}\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"code\"; filename=\"code.wasm\"\r\nContent-Type: application/wasm\r\n\r\n"
    )
    .into_bytes();
    body.extend(code);
    body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
    request
        .header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
        .body(body)
}

impl Answer {
    /// The JSON of a success.
    ///
    /// # Panics
    /// Where it is none.
    pub fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text());
        self.json()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// Where it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header as text; empty where it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The last segment of a problem's `type`; empty where the answer is no problem.
    #[must_use]
    pub fn problem(&self) -> String {
        if !self
            .header("content-type")
            .starts_with("application/problem+json")
        {
            return String::new();
        }
        let problem = self.json();
        problem["type"]
            .as_str()
            .and_then(|kind| kind.strip_prefix("/problems/"))
            .unwrap_or_default()
            .to_owned()
    }

    /// Checks that the answer is this problem.
    ///
    /// # Panics
    /// Where it is not.
    pub fn expect_problem(&self, status: u16, slug: &str) -> Value {
        assert_eq!(
            (self.status.as_u16(), self.problem().as_str()),
            (status, slug),
            "{}",
            self.text()
        );
        self.json()
    }
}
