//! Which hosts a version may reach.

use std::fmt;
use std::str::FromStr;

/// A pattern of hosts: `api.example.com`, `*.example.com` (any name below it, not itself), `localhost:8080`, an address
/// such as `127.0.0.1` or `[::1]:8080`, or `*` for every host. Without a port it is the scheme's own, `*` is any.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// Every host on every port.
    Any,
    /// This host.
    Exact {
        /// The name or address, in lower case, an IPv6 address in brackets.
        host: Box<str>,
        /// The port, where it is not the scheme's own.
        port: Option<u16>,
    },
    /// Every name that ends so.
    Below {
        /// The end of the name, with its dot: `.example.com`.
        suffix: Box<str>,
        /// The port, where it is not the scheme's own.
        port: Option<u16>,
    },
}

/// Why a text is not a pattern of hosts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a host: {what}; expected a name such as `api.example.com`, `*.example.com`, `localhost:8080`, an \
     address such as `[::1]:8080`, or `*`"
)]
pub struct HostError {
    text: String,
    what: &'static str,
}

/// The longest name that DNS has, in bytes.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

impl HostPattern {
    /// Whether a request to `host` on `port` is covered. `host` in any case, an IPv6 address with or without brackets;
    /// `default_port` is the port of the request's scheme.
    #[must_use]
    pub fn matches(&self, host: &str, port: u16, default_port: u16) -> bool {
        let bare = |host: &str| {
            host.trim_start_matches('[')
                .trim_end_matches(']')
                .to_ascii_lowercase()
        };
        match self {
            Self::Any => true,
            Self::Exact {
                host: own,
                port: own_port,
            } => own_port.unwrap_or(default_port) == port && bare(own) == bare(host),
            Self::Below {
                suffix,
                port: own_port,
            } => {
                let host = bare(host);
                let below = host.len() > suffix.len() && host.ends_with(&**suffix);
                own_port.unwrap_or(default_port) == port && below
            }
        }
    }
}

impl FromStr for HostPattern {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        parse(text).map_err(|what| HostError {
            text: text.chars().take(80).flat_map(char::escape_debug).collect(),
            what,
        })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = match self {
            Self::Any => return f.write_str("*"),
            Self::Exact { host, port } => {
                f.write_str(host)?;
                port
            }
            Self::Below { suffix, port } => {
                write!(f, "*{suffix}")?;
                port
            }
        };
        port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

fn parse(text: &str) -> Result<HostPattern, &'static str> {
    if text == "*" {
        return Ok(HostPattern::Any);
    }
    if text.contains("://") || text.contains('/') {
        return Err("a scheme or a path is not part of it");
    }
    let (host, port) = split_port(text)?;
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address: std::net::Ipv6Addr = address.parse().map_err(|_| "not an IPv6 address")?;
        let host = format!("[{address}]").into();
        return Ok(HostPattern::Exact { host, port });
    }
    match host.strip_prefix('*') {
        Some(suffix) => {
            check_name(
                suffix
                    .strip_prefix('.')
                    .ok_or("`*` stands for whole labels only")?,
            )?;
            let suffix = suffix.into();
            Ok(HostPattern::Below { suffix, port })
        }
        None => {
            check_name(host)?;
            let host = host.into();
            Ok(HostPattern::Exact { host, port })
        }
    }
}

fn split_port(text: &str) -> Result<(&str, Option<u16>), &'static str> {
    let Some((host, port)) = text.rsplit_once(':').filter(|_| !text.ends_with(']')) else {
        return Ok((text, None));
    };
    if host.contains(':') && !host.ends_with(']') {
        return Err("an IPv6 address stands in brackets");
    }
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(port @ 1..) if digits => Ok((host, Some(port))),
        _ => Err("a port is a number from 1 to 65535"),
    }
}

fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("it is empty");
    }
    if name.len() > MAX_NAME {
        return Err("a name has at most 253 characters");
    }
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("it is written in lower case");
    }
    match name.split('.').all(is_label) {
        true => Ok(()),
        false => Err("a name is labels of letters, digits and inner hyphens, with dots between them"),
    }
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    (1..=MAX_LABEL).contains(&label.len())
        && label.bytes().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}
