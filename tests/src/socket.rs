//! HTTP/1.1 by hand, for requests that no client library would send.

use std::io;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Answer;
use crate::wait::within;

/// Opens a connection to a server given as `http://host:port`.
///
/// # Panics
/// Where nobody listens.
pub async fn connect(base: &str) -> TcpStream {
    TcpStream::connect(authority(base))
        .await
        .expect("the server listens")
}

/// `host:port` of a server's address.
#[must_use]
pub fn authority(base: &str) -> &str {
    base.trim_start_matches("http://")
}

/// Sends bytes over a connection of their own and reads the answer, which the server ends by closing; so ask for
/// `connection: close`.
///
/// # Panics
/// Where the server answers nothing that is HTTP.
pub async fn exchange(base: &str, request: &[u8]) -> Answer {
    let mut stream = connect(base).await;
    // A server that refuses early may close before it has read everything.
    let _ = stream.write_all(request).await;
    within("an answer", answer(&mut stream))
        .await
        .expect("an answer is read")
}

/// Reads an answer up to the end of the stream.
///
/// # Errors
/// Where the connection breaks off or what comes is not HTTP.
pub async fn answer(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes).await {
        // Reset after the answer: the server would not read the rest of the request.
        Err(error) if bytes.is_empty() => return Err(error),
        _ => {}
    }
    parse(&bytes).ok_or_else(|| io::Error::other(format!("not HTTP: {}", String::from_utf8_lossy(&bytes))))
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: HeaderMap = lines.filter_map(header).collect();
    let rest = &bytes[end + 4..];
    let chunked = headers
        .get("transfer-encoding")
        .is_some_and(|encoding| encoding == "chunked");
    let body = if chunked { unchunk(rest) } else { rest.to_vec() };
    Some(Answer {
        status: StatusCode::from_u16(status).ok()?,
        headers,
        body,
    })
}

fn header(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(':')?;
    Some((name.parse().ok()?, value.trim().parse().ok()?))
}

fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some((chunk, rest)) = next_chunk(bytes).filter(|(chunk, _)| !chunk.is_empty()) {
        body.extend_from_slice(chunk);
        bytes = rest;
    }
    body
}

fn next_chunk(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(2).position(|window| window == b"\r\n")?;
    let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).ok()?, 16).ok()?;
    let rest = bytes.get(end + 2..)?;
    Some((rest.get(..length)?, rest.get(length + 2..).unwrap_or_default()))
}
