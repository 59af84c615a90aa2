//! A client of the server's HTTP API, for the commands.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Certificate, Method, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;
use weft_workflow::nearest::nearest;

use self::hint::Subject;
use self::reach::Asked;
use crate::config;
use crate::failure::Failure;

mod events;
mod hint;
mod problem;
mod reach;
mod upload;

pub(crate) use events::{Event, Events};
pub(crate) use hint::of_run as hint_of_run;
pub(crate) use problem::described;
pub(crate) use upload::Upload;

const CONNECT: Duration = Duration::from_secs(10);
/// How long is waited for a list of functions that is only asked for to say which was meant.
const PATIENCE: Duration = Duration::from_secs(2);
/// As many of them as are listed at once.
const LISTED: usize = 1000;
/// Tells who asks.
const USER: &str = "weft-user";
/// The longest name of who asks, in bytes.
const MAX_USER: usize = 128;

/// Talks to one server about one project; cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    project: String,
    user: Option<HeaderValue>,
}

impl Client {
    /// A client of the configured server. Nothing is sent yet.
    pub(crate) fn new(config: &config::Client) -> anyhow::Result<Self> {
        let base = parse_server(&config.server)?;
        // Another copy may be installed already; either serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .default_headers(parse_token(&config.token)?)
            .user_agent(concat!("weft/", env!("CARGO_PKG_VERSION")));
        if base.scheme() == "http" {
            // Saves reading the machine's certificates, which may not even be there.
            http = http.tls_certs_only([]);
        } else if !config.authorities.as_os_str().is_empty() {
            http = http.tls_certs_only(authorities(&config.authorities)?);
        }
        let http = http.build().context("the HTTP client cannot be set up")?;
        Ok(Self {
            http,
            base,
            project: config.project.clone(),
            user: parse_user(&config.user)?,
        })
    }

    /// A request to `/v1/projects/{project}/functions` and below: one path segment per item.
    pub(crate) fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let mut below = vec!["functions"];
        below.extend(segments);
        self.in_project(method, &below)
    }

    /// A request to `/v1/projects/{project}` and below: one path segment per item.
    pub(crate) fn in_project(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let mut below = vec!["projects", &self.project];
        below.extend(segments);
        self.of_server(method, &below)
    }

    /// A request to `/v1` and below: one path segment per item.
    pub(crate) fn of_server(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1").extend(segments);
        }
        let request = self.http.request(method, url);
        match &self.user {
            Some(user) => request.header(USER, user.clone()),
            None => request,
        }
    }

    /// The project it talks about.
    pub(crate) fn project(&self) -> &str {
        &self.project
    }

    /// A `GET` of a path from the root of the server.
    pub(crate) fn root(&self, path: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(path);
        self.http.get(url)
    }

    /// Sends a request; an answer that is a problem becomes a failure.
    pub(crate) async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let (http, request) = request.build_split();
        let request = request.map_err(|error| self.unsent(error))?;
        let server = self.server();
        let asked = Asked {
            server,
            method: request.method().clone(),
            url: request.url().clone(),
        };
        let response = http.execute(request).await.map_err(|error| {
            let failure = reach::failure(&error, &asked);
            failure.map_or_else(|| self.unsent(error), anyhow::Error::from)
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let asked = response.url().clone();
        let failure = problem::failure(response).await;
        Err(self.with_name_meant(failure, &asked).await.into())
    }

    /// The name of a function of the project that `name` was probably meant to be; none where the server does not tell.
    pub(crate) async fn function_like(&self, name: &str) -> Option<String> {
        let request = self.request(Method::GET, &[]).query(&[("limit", LISTED)]);
        let listed = request.timeout(PATIENCE).send().await.ok()?;
        let listed: Value = serde_json::from_slice(&listed.bytes().await.ok()?).ok()?;
        let names = listed.get("items")?.as_array()?.iter();
        let names = names.filter_map(|item| item.get("function")?.as_str());
        nearest(name, names.filter(|other| *other != name)).map(str::to_owned)
    }

    /// Where a function is not there, says which was probably meant.
    async fn with_name_meant(&self, failure: Failure, asked: &Url) -> Failure {
        let details = failure.as_details().and_then(|problem| problem.get("type"));
        let function = match details.and_then(Value::as_str) {
            Some("/problems/not-found-function") => Subject::of(asked).function,
            _ => None,
        };
        let Some(function) = function else {
            return failure;
        };
        match self.function_like(&function).await {
            Some(meant) => {
                let more = failure.as_hint().unwrap_or_default();
                let hint = format!("did you mean `{meant}`? {more}");
                failure.hint(hint.trim_end())
            }
            None => failure,
        }
    }

    /// Sends a request and reads the answer's JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        let response = self.send(request).await?;
        let bytes = response.bytes().await.context("the answer broke off")?;
        serde_json::from_slice(&bytes).context(
            "the answer is not what this version of weft expects; is the server of the same version?",
        )
    }

    /// Sends a request and reads the answer's text.
    pub(crate) async fn text(&self, request: RequestBuilder) -> anyhow::Result<String> {
        let response = self.send(request).await?;
        response.text().await.context("the answer broke off")
    }

    fn unsent(&self, error: reqwest::Error) -> anyhow::Error {
        anyhow::Error::from(error.without_url()).context(format!("the request to {} failed", self.server()))
    }

    /// The server as it is told to people.
    fn server(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }
}

/// The token, as every request carries it.
fn parse_token(text: &str) -> Result<HeaderMap, Failure> {
    let text = text.trim();
    let mut headers = HeaderMap::new();
    if text.is_empty() {
        return Ok(headers);
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| {
        // Not shown: it may be most of one.
        Failure::usage("what was given as a token is none")
            .hint("WEFT_TOKEN takes what `weft token create` shows")
    })?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(headers)
}

/// The certificates in a file.
fn authorities(file: &Path) -> anyhow::Result<Vec<Certificate>> {
    let text = std::fs::read(file).map_err(|error| {
        Failure::usage(format!("{} cannot be read: {error}", file.display()))
            .hint("--authorities names a file of certificates in PEM")
    })?;
    Certificate::from_pem_bundle(&text)
        .with_context(|| format!("{} holds no certificates in PEM", file.display()))
}

/// Who asks; none where nothing is said.
fn parse_user(text: &str) -> Result<Option<HeaderValue>, Failure> {
    let fits = text.len() <= MAX_USER && text.bytes().all(|byte| byte.is_ascii_graphic());
    match HeaderValue::from_str(text) {
        Ok(_) if text.is_empty() => Ok(None),
        Ok(user) if fits => Ok(Some(user)),
        _ => Err(
            Failure::usage(format!("`{}` cannot be told as who asks", text.escape_debug()))
                .hint(format!("--user takes 1 to {MAX_USER} visible ASCII characters")),
        ),
    }
}

/// Reads an address; one without a scheme is meant as `--listen` takes it.
fn parse_server(text: &str) -> Result<Url, Failure> {
    let hint = "write it as http://127.0.0.1:8080";
    let port = text.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
    let written = match port {
        Some(Ok(_)) if !text.contains('/') => format!("http://{text}"),
        _ => text.to_owned(),
    };
    let url = Url::parse(&written).map_err(|error| {
        Failure::usage(format!("`{text}` is not the address of a server: {error}")).hint(hint)
    })?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => Err(Failure::usage(format!(
            "`{text}` is not the address of a server: {scheme} is no HTTP"
        ))
        .hint(hint)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;
    use crate::output::Format;

    fn client(server: &str) -> anyhow::Result<Client> {
        Client::new(&config::Client {
            server: server.to_owned(),
            project: "default".to_owned(),
            user: String::new(),
            token: String::new(),
            authorities: std::path::PathBuf::new(),
            output: Format::Text,
        })
    }

    #[test]
    fn segments_cannot_leave_their_place_in_the_path() {
        let client = client("http://127.0.0.1:1/weft/").unwrap();
        let request = client
            .request(Method::GET, &["a/../b", "versions"])
            .build()
            .unwrap();
        assert_eq!(
            request.url().as_str(),
            "http://127.0.0.1:1/weft/v1/projects/default/functions/a%2F..%2Fb/versions"
        );
    }

    #[test]
    fn an_address_that_is_none_is_wrong_usage() {
        for server in ["", "127.0.0.1", "localhost", "localhost:http", "ftp://here"] {
            let error = client(server).err().unwrap();
            assert_eq!(crate::output::exit_code(&error), Exit::Usage, "{server}");
        }
    }

    #[test]
    fn an_address_may_be_written_as_the_server_takes_it() {
        for server in [
            "http://127.0.0.1:8080",
            "127.0.0.1:8080",
            "localhost:8080",
            "[::1]:8080",
        ] {
            assert!(client(server).is_ok(), "{server}");
        }
    }

    #[test]
    fn a_token_goes_along_and_is_shown_nowhere() {
        assert!(parse_token("").unwrap().is_empty());
        let headers = parse_token(" weft_ab\n").unwrap();
        assert_eq!(headers[AUTHORIZATION], "Bearer weft_ab");
        assert!(!format!("{headers:?}").contains("weft_ab"));
        let failure = parse_token("weft_\u{7f}").unwrap_err();
        assert!(!failure.to_string().contains("weft_"), "{failure}");
    }

    #[test]
    fn who_asks_is_told_in_a_header() {
        for (user, fits) in [
            ("", true),
            ("ada", true),
            ("ada@example.com", true),
            ("Ada L", false),
            ("ä", false),
        ] {
            let parsed = parse_user(user);
            assert_eq!(parsed.is_ok(), fits, "{user}");
            assert_eq!(
                parsed.ok().flatten().is_some(),
                fits && !user.is_empty(),
                "{user}"
            );
        }
        assert!(parse_user(&"x".repeat(MAX_USER + 1)).is_err());
    }
}
