//! The physical limit: a plain hyper server laid out as Weft is, one runtime per core, doing nothing else.

use std::convert::Infallible;
use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use socket2::{Domain, Socket, Type};

use crate::process::{Server, free_port};

/// Starts this program again as a plain server.
pub(crate) fn start() -> Result<Server> {
    let port = free_port()?;
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command.args(["plain-server", &port.to_string()]);
    Server::start(command, port)
}

/// Serves until killed: a POST answers as many bytes as it got, a GET says hello.
pub(crate) fn serve(port: u16) -> Result<()> {
    serve_with(port, answer)
}

/// Serves until killed, with these answers.
pub(crate) fn serve_with<F, R>(port: u16, answer: F) -> Result<()>
where
    F: Fn(Request<Incoming>) -> R + Copy + Send + 'static,
    R: Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send + 'static,
{
    let cores = std::thread::available_parallelism()?.get();
    let threads: Vec<_> = (0..cores)
        .map(|_| std::thread::spawn(move || serve_core(port, answer)))
        .collect();
    for thread in threads {
        thread
            .join()
            .map_err(|_| anyhow::anyhow!("a server thread panicked"))??;
    }
    Ok(())
}

fn serve_core<F, R>(port: u16, answer: F) -> Result<()>
where
    F: Fn(Request<Incoming>) -> R + Copy + Send + 'static,
    R: Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listen(port)?)?;
        loop {
            let (stream, _) = listener.accept().await.context("accept")?;
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let _ = http1::Builder::new()
                    .pipeline_flush(true)
                    .serve_connection(TokioIo::new(stream), service_fn(answer))
                    .await;
            });
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = match *request.method() {
        Method::POST => match request.into_body().collect().await {
            Ok(body) => Bytes::from(vec![b'x'; body.to_bytes().len()]),
            Err(_) => Bytes::new(),
        },
        _ => Bytes::from_static(b"Hello, world!"),
    };
    Ok(Response::new(Full::new(body)))
}

fn listen(port: u16) -> Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_port(true)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], port)).into())?;
    socket.listen(1024)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}
