//! Heads of HTTP messages between their form here and that of the protocol.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use weft_isolation::protocol::{Header, HttpHead};

/// The head of a request, to be sent.
pub(crate) fn of_request(parts: &http::request::Parts) -> HttpHead {
    HttpHead {
        method: parts.method.as_str().to_owned(),
        uri: parts.uri.to_string(),
        headers: headers(&parts.headers),
    }
}

/// A request with that head.
///
/// # Errors
/// Where the head is not one of HTTP.
pub(crate) fn request<B>(head: HttpHead, body: B) -> Result<http::Request<B>, http::Error> {
    let HttpHead { method, uri, headers } = head;
    let mut request = http::Request::builder()
        .method(method.as_str())
        .uri(uri)
        .body(body)?;
    *request.headers_mut() = map(headers)?;
    Ok(request)
}

/// A response with that head.
///
/// # Errors
/// Where the head is not one of HTTP.
pub(crate) fn response<B>(
    status: u16,
    headers: Vec<Header>,
    body: B,
) -> Result<http::Response<B>, http::Error> {
    let mut response = http::Response::builder().status(status).body(body)?;
    *response.headers_mut() = map(headers)?;
    Ok(response)
}

/// Fields, in order.
pub(crate) fn headers(map: &HeaderMap) -> Vec<Header> {
    let header = |(name, value): (&HeaderName, &HeaderValue)| Header {
        name: name.as_str().to_owned(),
        value: value.as_bytes().to_owned(),
    };
    map.iter().map(header).collect()
}

fn map(headers: Vec<Header>) -> Result<HeaderMap, http::Error> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for Header { name, value } in headers {
        map.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    Ok(map)
}

#[cfg(test)]
mod tests;
