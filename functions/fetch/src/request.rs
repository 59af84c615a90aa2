//! Outbound requests.

use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, FutureIncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};

use crate::failure::tell;

/// A request that is under way.
pub struct Pending(FutureIncomingResponse);

impl Pending {
    /// Sends a GET without waiting for anything.
    pub fn send(url: &str, timeout_ms: u32) -> Result<Self, String> {
        let request = get(url)?;
        let body = request
            .body()
            .map_err(|()| "the request has no body".to_owned())?;
        let sent =
            outgoing_handler::handle(request, Some(options(timeout_ms)?)).map_err(|code| tell(&code))?;
        OutgoingBody::finish(body, None).map_err(|code| tell(&code))?;
        Ok(Self(sent))
    }

    /// Waits for the head of the answer.
    pub fn status(self) -> Result<u16, String> {
        self.0.subscribe().block();
        match self.0.get() {
            Some(Ok(Ok(response))) => Ok(response.status()),
            Some(Ok(Err(code))) => Err(tell(&code)),
            Some(Err(())) | None => Err("the answer was taken before".to_owned()),
        }
    }
}

fn get(url: &str) -> Result<OutgoingRequest, String> {
    let refuse = |what: &str| format!("`{url}` {what}");
    let (scheme, rest) = url
        .split_once("://")
        .ok_or_else(|| refuse("is not an absolute address"))?;
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return Err(refuse("is neither http nor https")),
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let target = if target.starts_with('/') {
        target.to_owned()
    } else {
        format!("/{target}")
    };
    let request = OutgoingRequest::new(Fields::new());
    request
        .set_method(&Method::Get)
        .and_then(|()| request.set_scheme(Some(&scheme)))
        .and_then(|()| request.set_authority(Some(authority)))
        .and_then(|()| request.set_path_with_query(Some(&target)))
        .map_err(|()| refuse("is malformed"))?;
    Ok(request)
}

/// The time bounds connecting and waiting for the head, each.
fn options(timeout_ms: u32) -> Result<RequestOptions, String> {
    let options = RequestOptions::new();
    let nanoseconds = Some(u64::from(timeout_ms) * 1_000_000);
    options
        .set_connect_timeout(nanoseconds)
        .and_then(|()| options.set_first_byte_timeout(nanoseconds))
        .map_err(|()| "timeouts are not offered here".to_owned())?;
    Ok(options)
}
