//! Errors of outbound HTTP by their names in WASI, as they pass between a worker and its server.

use wasmtime_wasi_http::Error;
use weft_function_engine::port::OutboundError;

macro_rules! codes {
    ($($name:literal $error:ident,)*) => {
        /// The name of an error that says nothing else.
        fn name(error: &Error) -> Option<&'static str> {
            match error {
                $(Error::$error => Some($name),)*
                _ => None,
            }
        }

        fn named(name: &str) -> Option<Error> {
            match name {
                $($name => Some(Error::$error),)*
                _ => None,
            }
        }

        #[cfg(test)]
        const NAMES: &[&str] = &[$($name,)*];
    };
}

codes! {
    "DNS-timeout" DnsTimeout,
    "destination-not-found" DestinationNotFound,
    "destination-unavailable" DestinationUnavailable,
    "destination-IP-prohibited" DestinationIpProhibited,
    "destination-IP-unroutable" DestinationIpUnroutable,
    "connection-refused" ConnectionRefused,
    "connection-terminated" ConnectionTerminated,
    "connection-timeout" ConnectionTimeout,
    "connection-read-timeout" ConnectionReadTimeout,
    "connection-write-timeout" ConnectionWriteTimeout,
    "connection-limit-reached" ConnectionLimitReached,
    "TLS-protocol-error" TlsProtocolError,
    "TLS-certificate-error" TlsCertificateError,
    "HTTP-request-denied" HttpRequestDenied,
    "HTTP-request-length-required" HttpRequestLengthRequired,
    "HTTP-request-method-invalid" HttpRequestMethodInvalid,
    "HTTP-request-URI-invalid" HttpRequestUriInvalid,
    "HTTP-request-URI-too-long" HttpRequestUriTooLong,
    "HTTP-response-incomplete" HttpResponseIncomplete,
    "HTTP-response-timeout" HttpResponseTimeout,
    "HTTP-upgrade-failed" HttpUpgradeFailed,
    "HTTP-protocol-error" HttpProtocolError,
    "loop-detected" LoopDetected,
    "configuration-error" ConfigurationError,
}

/// The names of those that say more.
const DNS_ERROR: &str = "DNS-error";
const INTERNAL_ERROR: &str = "internal-error";

/// An error as it is told to the other side.
pub(super) fn told(error: &Error) -> OutboundError {
    let (code, detail) = match error {
        Error::DnsError { rcode, .. } => (DNS_ERROR, rcode.clone()),
        Error::Hyper(_) => ("HTTP-protocol-error", None),
        Error::InternalError(detail) => (INTERNAL_ERROR, detail.clone()),
        other => match name(other) {
            Some(name) => (name, None),
            None => (INTERNAL_ERROR, Some(other.to_string())),
        },
    };
    OutboundError {
        code: code.to_owned(),
        detail,
    }
}

/// An error that the other side told.
pub(super) fn heard(error: &OutboundError) -> Error {
    match error.code.as_str() {
        DNS_ERROR => Error::DnsError {
            rcode: error.detail.clone(),
            info_code: None,
        },
        code => named(code).unwrap_or_else(|| Error::InternalError(error.detail.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_heard_as_it_was_told() {
        for name in NAMES {
            let error = named(name).expect(name);
            assert_eq!(told(&heard(&told(&error))).code, *name);
        }
        let dns = Error::DnsError {
            rcode: Some("no such name".to_owned()),
            info_code: None,
        };
        assert!(
            matches!(heard(&told(&dns)), Error::DnsError { rcode: Some(rcode), .. } if rcode == "no such name")
        );
        let other = Error::HttpResponseBodySize(Some(7));
        assert!(matches!(heard(&told(&other)), Error::InternalError(Some(_))));
    }
}
