//! Keeps web pages of others from using the server, also on loopback.
//!
//! A page in somebody's browser can send requests to any address, loopback included, and under DNS rebinding it can read
//! the answers too. So a request must name a host of ours, and where a browser says which page made it, that page must be
//! ours. Programs that are no browsers send neither header and are not affected.

use std::collections::BTreeSet;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};

use crate::problem::{Kind, Problem};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The hosts that requests may name.
#[derive(Clone, Debug)]
pub struct Hosts {
    names: BTreeSet<String>,
}

impl Hosts {
    /// The names of loopback, and `extra`: host names or addresses without port, in any case; `*` allows every host.
    pub fn new(extra: impl IntoIterator<Item = String>) -> Self {
        let loopback = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
        let names = loopback
            .into_iter()
            .chain(extra)
            .map(|name| name.to_ascii_lowercase());
        Self {
            names: names.collect(),
        }
    }

    /// Refuses requests for hosts that are not on the list, as names with any port; answers the host with its port.
    pub(crate) fn check<'a>(&self, uri: &'a Uri, headers: &'a HeaderMap) -> Result<&'a str, Problem> {
        let authority = match uri.authority() {
            Some(authority) => authority.as_str(),
            None => host_header(headers)?,
        };
        let name = without_port(authority);
        let listed = |name: &str| self.names.contains(name);
        if listed(name) || listed("*") || listed(&name.to_ascii_lowercase()) {
            return Ok(authority);
        }
        Err(Problem::new(
            Kind::HostNotAllowed,
            format!(
                "this server does not answer for the host `{}`; it does for {}",
                name.escape_debug(),
                self.list(),
            ),
        ))
    }

    fn list(&self) -> String {
        let quoted: Vec<_> = self.names.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(", ")
    }
}

/// Refuses what pages of other origins send. `host` is the authority the request was sent to.
pub(crate) fn check_origin(
    host: &str,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    if is_page(method, path) {
        return Ok(());
    }
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        // `same-site` is not enough: every port of localhost is the same site.
        if !matches!(site.as_bytes(), b"same-origin" | b"none") {
            return Err(foreign("Sec-Fetch-Site", site));
        }
    }
    match headers.get(header::ORIGIN) {
        Some(origin) if !is_same(origin, host) => Err(foreign("Origin", origin)),
        _ => Ok(()),
    }
}

/// Pages for people hold nothing secret and change nothing: links from anywhere may lead to them.
fn is_page(method: &Method, path: &str) -> bool {
    let read = matches!(*method, Method::GET | Method::HEAD);
    read && (matches!(path, "/" | "/docs" | "/openapi.json" | "/problems") || path.starts_with("/problems/"))
}

fn is_same(origin: &HeaderValue, host: &str) -> bool {
    let origin = origin.as_bytes();
    let authority = origin
        .strip_prefix(b"http://")
        .or_else(|| origin.strip_prefix(b"https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host.as_bytes()))
}

fn foreign(name: &str, value: &HeaderValue) -> Problem {
    let value = String::from_utf8_lossy(value.as_bytes())
        .escape_debug()
        .to_string();
    Problem::new(
        Kind::OriginNotAllowed,
        format!("`{name}: {value}` says that a page of another origin made the request"),
    )
}

fn host_header(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut all = headers.get_all(header::HOST).iter();
    let only = all.next().filter(|_| all.next().is_none());
    only.and_then(|host| host.to_str().ok()).ok_or_else(|| {
        Problem::new(
            Kind::HostNotAllowed,
            "the request must have exactly one `Host` header",
        )
    })
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|c| c.is_ascii_digit()) => name,
        _ => authority,
    }
}

#[cfg(test)]
mod tests;
