//! What functions with effects send to: it counts what it gets, and answers the count.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response};

use crate::connection::{Connection, get};
use crate::plain;
use crate::process::{Server, free_port};

static RECEIVED: AtomicU64 = AtomicU64::new(0);

/// Starts this program again as a sink.
pub(crate) fn start() -> Result<Server> {
    let port = free_port()?;
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command.args(["sink", &port.to_string()]);
    Server::start(command, port)
}

/// Serves until killed.
pub(crate) fn serve(port: u16) -> Result<()> {
    plain::serve_with(port, answer)
}

/// How many POSTs a sink got so far.
pub(crate) async fn received(port: u16) -> Result<f64> {
    let answer = Connection::open(port).await?.send(&get("/")).await?.ok()?;
    Ok(std::str::from_utf8(&answer.body)?.parse()?)
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_post = *request.method() == Method::POST;
    // Read to its end, so that the connection serves again; one that breaks off is not counted.
    let whole = request.into_body().collect().await.is_ok();
    let received = match is_post && whole {
        true => RECEIVED.fetch_add(1, Ordering::Relaxed) + 1,
        false => RECEIVED.load(Ordering::Relaxed),
    };
    Ok(Response::new(Full::new(received.to_string().into())))
}
