//! Why there was no answer, in words.

use wasip2::http::types::ErrorCode;

/// What a person needs to know; the rarer codes keep their names.
pub fn tell(code: &ErrorCode) -> String {
    let words = match code {
        ErrorCode::HttpRequestDenied => "the host is not granted",
        ErrorCode::DestinationIpProhibited => "the host is at an address that is not granted",
        ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => "the host's name does not resolve",
        ErrorCode::DnsTimeout => "the host's name was not resolved in time",
        ErrorCode::ConnectionRefused | ErrorCode::DestinationUnavailable => "the host takes no connections",
        ErrorCode::ConnectionTimeout => "the host took no connection in time",
        ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => {
            "the host did not answer in time"
        }
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete => "the host broke off",
        ErrorCode::TlsCertificateError => "the host's certificate is not valid",
        ErrorCode::TlsProtocolError => "the host speaks no TLS that we do",
        ErrorCode::InternalError(Some(why)) => why,
        other => return format!("{other:?}"),
    };
    words.to_owned()
}
