//! Says hello over HTTP.
//!
//! Deployed as `hello-http`, `curl http://127.0.0.1:8081/default/hello-http/` answers `Hello, world!`, and
//! `…/hello-http/?name=Ada` answers `Hello, Ada!`.

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

/// The most bytes that a stream takes in one blocking write; no greeting is longer.
const MAX_GREETING: usize = 4096;

struct HelloHttp;

impl Guest for HelloHttp {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let name = query.split('&').find_map(|pair| pair.strip_prefix("name="));
        let greeting = ["Hello, ", name.unwrap_or("world"), "!\n"].concat();
        if greeting.len() > MAX_GREETING {
            respond(out, 400, b"that name is too long\n");
        } else {
            respond(out, 200, greeting.as_bytes());
        }
    }
}

fn respond(out: ResponseOutparam, status: u16, text: &[u8]) {
    let headers = Fields::new();
    headers
        .append("content-type", b"text/plain; charset=utf-8")
        .expect("a well-formed header");
    let response = OutgoingResponse::new(headers);
    response
        .set_status_code(status)
        .expect("a status of three digits");
    let body = response.body().expect("a response gives its body once");
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("a body gives its stream once");
    // This and the next fail where the client has left, which is nobody's loss.
    let _ = stream.blocking_write_and_flush(text);
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}

wasip2::http::proxy::export!(HelloHttp);
