//! Where a request is to go.

use std::fmt;

use http::Method;
use http::uri::Scheme;
use wasmtime_wasi_http::Error;

/// Host, port and scheme of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    /// A name or address in lower case, without a trailing dot; an IPv6 address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
}

impl Target {
    /// Reads it from the request's URI.
    pub(super) fn of<B>(request: &http::Request<B>) -> Result<Self, Error> {
        // Its target is an authority rather than a path, so it would ask the host for a tunnel to anywhere.
        if request.method() == Method::CONNECT {
            return Err(Error::HttpRequestMethodInvalid);
        }
        let tls = match request.uri().scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(Error::HttpProtocolError),
        };
        let authority = request.uri().authority().ok_or(Error::HttpRequestUriInvalid)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if host.is_empty() || authority.as_str().contains('@') {
            return Err(Error::HttpRequestUriInvalid);
        }
        let mut target = Self { host, port: 0, tls };
        target.port = authority.port_u16().unwrap_or(target.default_port());
        Ok(target)
    }

    /// The port of its scheme.
    pub(super) fn default_port(&self) -> u16 {
        if self.tls { 443 } else { 80 }
    }
}

/// As a grant names it: the port only where it is not the scheme's own.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        match self.port == self.default_port() {
            true => Ok(()),
            false => write!(f, ":{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &str) -> Result<Target, Error> {
        Target::of(&http::Request::get(uri).body(()).expect(uri))
    }

    #[test]
    fn a_target_reads_as_its_grant() {
        let cases = [
            ("https://api.example.com/x", "api.example.com"),
            ("https://API.Example.com./x", "api.example.com"),
            ("http://api.example.com:80/x", "api.example.com"),
            ("http://api.example.com:443/x", "api.example.com:443"),
            ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
            ("https://[::1]:8443/", "[::1]:8443"),
            ("https://[::1]/", "[::1]"),
        ];
        for (uri, expected) in cases {
            assert_eq!(target(uri).expect(uri).to_string(), expected, "{uri}");
        }
    }

    #[test]
    fn what_hides_its_host_is_invalid() {
        assert!(matches!(
            target("http://granted.com@evil.com/"),
            Err(Error::HttpRequestUriInvalid)
        ));
        assert!(matches!(
            target("ftp://example.com/"),
            Err(Error::HttpProtocolError)
        ));
        assert!(matches!(target("/path"), Err(Error::HttpProtocolError)));
        let connect = http::Request::connect("http://example.com:80")
            .body(())
            .expect("a request");
        assert!(matches!(
            Target::of(&connect),
            Err(Error::HttpRequestMethodInvalid)
        ));
    }
}
