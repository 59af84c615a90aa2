//! Why a server could not be asked, and what helps.

use std::error::Error;
use std::io::{self, ErrorKind};

use reqwest::{Method, Url};
use rustls::CertificateError;

use crate::failure::{Exit, Failure};

/// What was asked, of whom.
pub(super) struct Asked<'a> {
    /// The server, without a `/` at its end.
    pub(super) server: &'a str,
    /// How.
    pub(super) method: Method,
    /// For what.
    pub(super) url: Url,
}

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// Nobody listens there.
    Refused,
    /// Nobody took the connection in time.
    Slow,
    /// The name of the host leads to no address.
    Name,
    /// The certificate leads to no authority that is trusted.
    Untrusted,
    /// The certificate is for another name.
    OtherName,
    /// The certificate is no longer valid, or not yet.
    Expired,
    /// It was asked encrypted, and answers in the clear.
    InTheClear,
    /// It was asked in the clear, and seems to answer encrypted.
    Encrypted,
    /// The connection ended before the answer came.
    BrokenOff,
    /// The server is not reached for another reason.
    Other,
}

/// Why it was not answered, as a failure; none where that is no matter of reaching the server.
pub(super) fn failure(error: &reqwest::Error, asked: &Asked<'_>) -> Option<Failure> {
    let causes = causes(error);
    let cause = cause(error, &causes, asked.url.scheme() == "https")?;
    let message = format!("{}: {}", cause.in_words(asked.server), last(&causes));
    Some(Failure::new(cause.exit(&asked.method), message).hint(cause.hint(asked)))
}

fn cause(error: &reqwest::Error, causes: &[&(dyn Error + 'static)], encrypted: bool) -> Option<Cause> {
    let kinds: Vec<_> = causes
        .iter()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .map(io::Error::kind)
        .collect();
    let says = |text: &str| causes.iter().any(|cause| cause.to_string().contains(text));
    let broken = [
        ErrorKind::ConnectionReset,
        ErrorKind::ConnectionAborted,
        ErrorKind::BrokenPipe,
        ErrorKind::UnexpectedEof,
    ];
    let broken = kinds.iter().any(|kind| broken.contains(kind)) || says("connection closed");
    let of_tls = causes
        .iter()
        .find_map(|cause| cause.downcast_ref::<rustls::Error>());
    match of_tls {
        Some(rustls::Error::InvalidCertificate(wrong)) => return Some(of_certificate(wrong)),
        Some(rustls::Error::InvalidMessage(_)) => return Some(Cause::InTheClear),
        Some(_) => return Some(Cause::Other),
        None => {}
    }
    Some(match error.is_connect() {
        true if error.is_timeout() => Cause::Slow,
        true if kinds.contains(&ErrorKind::ConnectionRefused) => Cause::Refused,
        true if says("dns error") => Cause::Name,
        true if encrypted && broken => Cause::InTheClear,
        true => Cause::Other,
        false if !encrypted && says("invalid HTTP version") => Cause::Encrypted,
        false if broken => Cause::BrokenOff,
        false => return None,
    })
}

fn of_certificate(wrong: &CertificateError) -> Cause {
    match wrong {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Cause::OtherName
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Cause::Expired,
        // There may be more of them with the next version of rustls.
        _ => Cause::Untrusted,
    }
}

/// What an error came of, outermost first, also where it is wrapped in one of input and output.
fn causes(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause);
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    causes
}

/// The innermost cause in words.
fn last(causes: &[&(dyn Error + 'static)]) -> String {
    causes
        .last()
        .map_or_else(|| "no cause is known".to_owned(), ToString::to_string)
}

impl Cause {
    fn in_words(self, server: &str) -> String {
        match self {
            Self::Refused => format!("no server answers at {server}"),
            Self::Slow => format!("{server} takes no connection"),
            Self::Name => format!("the host of {server} is not known"),
            Self::Untrusted | Self::OtherName | Self::Expired => {
                format!("the certificate of {server} is not accepted")
            }
            Self::InTheClear => format!("{server} does not seem to encrypt connections"),
            Self::Encrypted => format!("{server} does not answer as HTTP does in the clear"),
            Self::BrokenOff => format!("the connection to {server} ended before the answer came"),
            Self::Other => format!("{server} cannot be reached"),
        }
    }

    /// Who asked for a change does not know whether it was made: that is more than a server that is not reached.
    fn exit(self, method: &Method) -> Exit {
        match self {
            Self::BrokenOff if !method.is_safe() => Exit::Error,
            _ => Exit::Unreachable,
        }
    }

    fn hint(self, Asked { server, method, url }: &Asked<'_>) -> String {
        let other_scheme = match server.split_once("://") {
            Some(("https", rest)) => format!("http://{rest}"),
            Some((_, rest)) => format!("https://{rest}"),
            None => "http:// or https://".to_owned(),
        };
        let hint = match self {
            Self::Refused => "start one with `weft serve`, or name another with --server or WEFT_SERVER",
            Self::Slow => {
                "is the address right, and is the way to it open? --server or WEFT_SERVER names another"
            }
            Self::Name => "is it written right? --server or WEFT_SERVER names another",
            Self::Untrusted => {
                "--authorities or WEFT_AUTHORITIES names a file of certificates (PEM) that the server's must lead to"
            }
            Self::OtherName => {
                "address the server by a name that its certificate is for, with --server or WEFT_SERVER"
            }
            Self::Expired => "the server needs a certificate that is valid now; is the clock here right?",
            Self::InTheClear | Self::Encrypted => {
                return format!("--server {other_scheme} asks it the other way");
            }
            Self::BrokenOff if method.is_safe() => "try again in a moment",
            Self::BrokenOff if url.path().ends_with("/invoke") => {
                "the call may have had its effects: look before it is repeated"
            }
            Self::BrokenOff => "what was asked for may have been done: look before it is repeated",
            Self::Other => "--server or WEFT_SERVER names another",
        };
        hint.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::client::Client;
    use crate::config;
    use crate::output::Format;

    fn client(server: &str) -> Client {
        Client::new(&config::Client {
            server: server.to_owned(),
            project: "default".to_owned(),
            user: String::new(),
            token: String::new(),
            authorities: PathBuf::new(),
            output: Format::Text,
        })
        .unwrap()
    }

    async fn asked(client: &Client, method: Method, path: &[&str]) -> Failure {
        let error = client.send(client.request(method, path)).await.unwrap_err();
        error.downcast().unwrap()
    }

    /// The address of somebody who answers whatever comes with these bytes, and goes away.
    async fn answering(bytes: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut some = [0; 4096];
            let _ = connection.read(&mut some).await;
            let _ = connection.write_all(bytes).await;
        });
        address
    }

    #[tokio::test]
    async fn a_refused_connection_says_how_to_start_a_server() {
        // Bound and dropped again: nobody listens there.
        let nobody = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let failure = asked(&client(&format!("http://{nobody}")), Method::GET, &[]).await;
        assert_eq!(failure.exit(), Exit::Unreachable);
        assert!(failure.to_string().contains("no server answers at http://127"));
        assert!(failure.as_hint().unwrap().contains("weft serve"));
    }

    #[tokio::test]
    async fn what_is_asked_the_wrong_way_says_the_right_one() {
        const ALERT: &[u8] = b"\x15\x03\x03\x00\x02\x02\x46";
        const BAD: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        for (scheme, other, answer) in [
            ("http", "https", ALERT),
            ("https", "http", BAD),
            ("https", "http", b""),
        ] {
            let server = answering(answer).await;
            let failure = asked(&client(&format!("{scheme}://{server}")), Method::GET, &[]).await;
            let hint = format!("--server {other}://{server} ");
            assert_eq!(failure.exit(), Exit::Unreachable);
            assert!(failure.as_hint().unwrap().starts_with(&hint), "{failure:?}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_nowhere_is_told() {
        // No resolver asks anybody for a label of more than 63 bytes.
        let server = format!("http://{}.invalid", "a".repeat(64));
        let failure = asked(&client(&server), Method::GET, &[]).await;
        assert_eq!(failure.exit(), Exit::Unreachable);
        assert!(failure.to_string().contains("is not known: "), "{failure}");
        assert!(!failure.as_hint().unwrap().contains("weft serve"));
    }

    #[tokio::test]
    async fn who_is_cut_off_is_told_what_may_have_happened() {
        for (method, path, exit, hint) in [
            (Method::GET, &["f"][..], Exit::Unreachable, "try again"),
            (
                Method::POST,
                &["f", "invoke"],
                Exit::Error,
                "the call may have had its effects",
            ),
            (Method::DELETE, &["f"], Exit::Error, "may have been done"),
        ] {
            let server = answering(b"").await;
            let failure = asked(&client(&format!("http://{server}")), method, path).await;
            assert_eq!(failure.exit(), exit, "{failure:?}");
            assert!(
                failure.to_string().contains("ended before the answer came"),
                "{failure}"
            );
            assert!(failure.as_hint().unwrap().contains(hint), "{failure:?}");
        }
    }

    #[test]
    fn certificates_are_refused_for_different_reasons() {
        for (wrong, cause) in [
            (CertificateError::UnknownIssuer, Cause::Untrusted),
            (CertificateError::BadSignature, Cause::Untrusted),
            (CertificateError::NotValidForName, Cause::OtherName),
            (CertificateError::Expired, Cause::Expired),
        ] {
            assert_eq!(of_certificate(&wrong), cause, "{wrong:?}");
        }
    }
}
