//! Where a webhook may go.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use weft_types::reach;
use weft_types::settings::HostPattern;

/// Which addresses may be called.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// These hosts and no others.
    pub hosts: Vec<HostPattern>,
    /// Whether names may lead to addresses that are not public: to this machine or its neighbours.
    pub private: bool,
}

/// An address that may be called: `http` or `https`, a host that is allowed, a path.
///
/// Its text is put together from the parts that were checked, so that whoever reads it once more finds the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    tls: bool,
    host: String,
    port: u16,
    path: String,
}

/// Why an address may not be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not the address of a web server.
    #[error("`{0}` is not an address such as `https://hooks.example.com/weft`: {1}")]
    Malformed(String, &'static str),
    /// Its host is not listed.
    #[error(
        "webhooks to `{0}` are not allowed; `webhook-hosts` in the server's configuration lists the hosts that are"
    )]
    Unlisted(String),
    /// Its host is an address that is not public.
    #[error("webhooks to `{0}` are not allowed: it leads to {1}; `webhook-private-network` allows that")]
    Private(String, &'static str),
}

/// The longest address, in bytes.
const LONGEST: usize = 2048;

impl Allowed {
    /// An address, if it may be called.
    ///
    /// # Errors
    /// Why not.
    pub fn target(&self, url: &str) -> Result<Target, Refused> {
        let target = Target::parse(url).map_err(|why| {
            let shown = url.chars().take(80).flat_map(char::escape_debug).collect();
            Refused::Malformed(shown, why)
        })?;
        self.check(&target)?;
        Ok(target)
    }

    /// Whether an address may be called still.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, target: &Target) -> Result<(), Refused> {
        let covers =
            |pattern: &HostPattern| pattern.matches(&target.host, target.port, target.default_port());
        if !self.hosts.iter().any(covers) {
            return Err(Refused::Unlisted(target.authority()));
        }
        match target.address() {
            Some(address) => self
                .reaches(address)
                .map_err(|what| Refused::Private(target.authority(), what)),
            None => Ok(()),
        }
    }

    /// Whether an address that a name stands for may be connected to.
    ///
    /// # Errors
    /// What it leads to instead.
    pub fn reaches(&self, address: IpAddr) -> Result<(), &'static str> {
        reach::allowed(address, self.private)
    }
}

impl Target {
    /// The host: a name in lower case, or an address, an IPv6 one in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is reached by TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The host where it is an address.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.host.trim_matches(['[', ']']).parse().ok()
    }

    fn parse(url: &str) -> Result<Self, &'static str> {
        if url.len() > LONGEST {
            return Err("it is longer than 2,048 bytes");
        }
        if url.contains('#') {
            return Err("a fragment is not part of it");
        }
        let uri: Uri = url.parse().map_err(|_| "it cannot be read")?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("it begins with `https://` or `http://`"),
        };
        let authority = uri.authority().ok_or("it names no host")?;
        if authority.as_str().contains('@') {
            return Err("a user is not part of it");
        }
        let host = authority.host().to_ascii_lowercase();
        check_host(&host)?;
        let port = match authority.as_str().rsplit_once(':') {
            Some((_, text)) if !authority.as_str().ends_with(']') => port(text)?,
            _ => default_port(tls),
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            tls,
            host,
            port,
            path: path.to_owned(),
        })
    }

    fn default_port(&self) -> u16 {
        default_port(self.tls)
    }

    fn authority(&self) -> String {
        match self.port == self.default_port() {
            true => self.host.clone(),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

/// What no reader of addresses takes for anything else: names of letters, digits, hyphens, dots and underscores, and addresses.
fn check_host(host: &str) -> Result<(), &'static str> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match inner.parse::<std::net::Ipv6Addr>() {
            Ok(_) => Ok(()),
            Err(_) => Err("its host is not an address"),
        };
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if host.is_empty() || !host.bytes().all(plain) {
        return Err("its host is not a name");
    }
    // `127.1`, `0x7f.1` and their like are addresses to some and names to others.
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    if numeric && host.parse::<std::net::Ipv4Addr>().is_err() {
        return Err("its host is neither a name nor an address of four numbers");
    }
    Ok(())
}

fn port(text: &str) -> Result<u16, &'static str> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port @ 1..) if digits => Ok(port),
        _ => Err("its port is not a number from 1 to 65535"),
    }
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(hosts: &[&str], private: bool) -> Allowed {
        Allowed {
            hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
            private,
        }
    }

    #[test]
    fn nothing_is_allowed_that_is_not_listed() {
        let cases = [
            (
                &["hooks.example.com"][..],
                "https://hooks.example.com/a?b=c",
                true,
            ),
            (&["hooks.example.com"], "https://hooks.example.com", true),
            (&["hooks.example.com"], "http://hooks.example.com/", true),
            (&["hooks.example.com"], "https://HOOKS.example.com:443/", true),
            (&["hooks.example.com"], "https://hooks.example.com:8443/", false),
            (
                &["hooks.example.com:8443"],
                "https://hooks.example.com:8443/",
                true,
            ),
            (&["hooks.example.com"], "https://example.com/", false),
            (&["*.example.com"], "https://a.example.com/", true),
            (&["*.example.com"], "https://example.com/", false),
            (&["*"], "https://anything.example/", true),
            (&[], "https://hooks.example.com/", false),
        ];
        for (hosts, url, expected) in cases {
            let target = allowed(hosts, false).target(url);
            assert_eq!(target.is_ok(), expected, "{hosts:?} {url}: {target:?}");
        }
    }

    #[test]
    fn private_addresses_are_allowed_by_themselves() {
        for url in [
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://10.1.2.3/",
            "http://169.254.169.254/latest/meta-data",
            "http://[::ffff:127.0.0.1]/",
        ] {
            let refused = allowed(&["*"], false).target(url).unwrap_err();
            assert!(matches!(refused, Refused::Private(..)), "{url}: {refused}");
            assert!(allowed(&["*"], true).target(url).is_ok(), "{url}");
            assert!(matches!(
                allowed(&[], true).target(url),
                Err(Refused::Unlisted(_))
            ));
        }
        assert!(
            allowed(&["*"], true).target("http://240.0.0.1/").is_err(),
            "nobody's"
        );
        assert!(
            allowed(&["*"], false).target("http://93.184.216.34/").is_ok(),
            "public"
        );
    }

    #[test]
    fn whatever_could_be_read_in_two_ways_is_refused() {
        for url in [
            "",
            "hooks.example.com",
            "/a",
            "ftp://hooks.example.com/",
            "https://",
            "https:///a",
            "https://user@hooks.example.com/",
            "https://hooks.example.com@evil.example/",
            "https://hooks.example.com\\@evil.example/",
            "https://hooks.example.com#@evil.example/",
            "https://hooks.example.com:0/",
            "https://hooks.example.com:99999/",
            "https://hooks.example.com:/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://[fe80::1%25eth0]/",
            "https://exa mple.com/",
            "https://höst.example/",
            "https://hooks.example.com/\r\nhost: evil",
        ] {
            let refused = allowed(&["*"], true).target(url).unwrap_err();
            assert!(matches!(refused, Refused::Malformed(..)), "{url}: {refused}");
        }
        let long = format!("https://hooks.example.com/{}", "a".repeat(LONGEST));
        assert!(allowed(&["*"], true).target(&long).is_err());
    }

    #[test]
    fn its_text_is_read_as_the_same() {
        for (url, expected) in [
            ("https://Hooks.example.com", "https://hooks.example.com/"),
            (
                "https://hooks.example.com:443/a?b=c",
                "https://hooks.example.com/a?b=c",
            ),
            (
                "http://hooks.example.com:8080/a%20b",
                "http://hooks.example.com:8080/a%20b",
            ),
            ("http://[::1]:9/", "http://[::1]:9/"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!(target.to_string(), expected);
            assert_eq!(Target::parse(expected).unwrap(), target);
        }
    }
}
