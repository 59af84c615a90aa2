//! How long processes take to their first answer, and what memory they then need.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;
use tempfile::TempDir;

use super::work::{Figures, Measure, Role, Work, bytes};
use crate::connection::Connection;
use crate::process::{Server, View};
use crate::report::note;
use crate::weft::{Weft, guest_path};
use crate::wrk::Request;
use crate::{Options, peers};

/// Requests behind which memory is looked at.
const REQUESTS: usize = 100;
/// The longest wait for a first answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What one start came to.
#[derive(Clone, Copy)]
struct Start {
    millis: f64,
    megabytes: f64,
}

pub(super) async fn measure(options: &Options) -> Result<Vec<Work>> {
    note("starts of processes that say hello");
    let (mut of_weft, mut of_wasmtime, mut of_workerd) = (Vec::new(), Vec::new(), Vec::new());
    let mut directory = with_hello().await?;
    for _ in 0..options.rounds {
        let (start, kept) = weft(directory).await?;
        directory = kept;
        of_weft.push(start);
        let hello = guest_path("hello-http");
        of_wasmtime.push(peer(|| peers::wasmtime_serve(&hello, false)).await?);
        of_workerd.push(peer(peers::workerd::start).await?);
    }
    let all: [(Role, &'static str, Vec<Start>); 3] = [
        (Role::Weft, "Weft, its function stored", of_weft),
        (Role::Peer, "wasmtime serve, which compiles first", of_wasmtime),
        (Role::Peer, "workerd", of_workerd),
    ];
    let work = |what, measure, figure: fn(&Start) -> f64| {
        let figures = all
            .iter()
            .map(|(role, system, starts)| Figures::new(*role, system, starts.iter().map(figure).collect()))
            .collect();
        Work::new(what, measure, figures)
    };
    Ok(vec![
        work("From the start of the process to its first hello", Measure::Start, |start| {
            start.millis
        })
        .with("A server that keeps promises opens a journal, a registry and a cache of code before it listens; a proxy for one component does not."),
        work("Anonymous memory after 100 hellos", Measure::Memory, |start| start.megabytes).with(
            "Weft's figure is that of a whole platform, with registry, journal, records and two dozen threads, and nine tenths of it are huge pages of its \
             allocator with room for more: a hundred functions need a tenth more.",
        ),
    ])
}

/// A data directory with the function.
async fn with_hello() -> Result<TempDir> {
    let weft = Weft::start().await?;
    weft.deploy("hello", "hello-http", json!({})).await?;
    Ok(weft.kill())
}

async fn weft(directory: TempDir) -> Result<(Start, TempDir)> {
    let began = Instant::now();
    let weft = Weft::start_on(directory).await?;
    let view = weft.api.at_port(weft.http_port);
    let start = answered(began, &weft.api, view, "/default/hello/").await?;
    Ok((start, weft.kill()))
}

async fn peer(start: impl FnOnce() -> Result<Server>) -> Result<Start> {
    let began = Instant::now();
    let server = start()?;
    answered(began, &server, server.view(), "/").await
}

async fn answered(began: Instant, server: &Server, view: View, path: &str) -> Result<Start> {
    let request = bytes(&Request::get(path));
    let first = async {
        loop {
            if let Ok(mut connection) = Connection::open(view.port).await
                && connection
                    .send(&request)
                    .await
                    .is_ok_and(|answer| answer.status == 200)
            {
                return connection;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let first = tokio::time::timeout(PATIENCE, first).await;
    let mut connection = first.with_context(|| format!("nothing answers {path}"))?;
    let millis = began.elapsed().as_secs_f64() * 1e3;
    for _ in 1..REQUESTS {
        connection.send(&request).await?.ok()?;
    }
    Ok(Start {
        millis,
        megabytes: server.anonymous()? / 1e6,
    })
}
