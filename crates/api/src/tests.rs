//! The API over the real engine, with the engine's own fakes below it and no socket above.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use weft_function_engine::{Config, Engine, Ports, Profiles};
use weft_types::signature::Callable;
use weft_types::version::Flavor;

use crate::shutdown::{self, Shutdown};
use crate::{Api, ApiService, FunctionsService, Options};

mod fakes;
#[allow(dead_code, reason = "shared with the engine's tests, which use more of it")]
#[path = "../../function-engine/tests/engine/program.rs"]
mod program;

mod access;
mod backups;
mod blobs;
mod calls;
mod functions;
mod logs;
mod surface;
mod uploads;

use fakes::artifacts::DirectoryArtifacts;
use fakes::keyvalue::NoKeyValue;
use fakes::registry::MemoryRegistry;
use fakes::runtime::ClosureRuntime;
use program::Program;

/// A server without sockets.
struct Server {
    api: ApiService,
    functions: FunctionsService,
    runtime: Arc<ClosureRuntime>,
    shutdown: Shutdown,
}

/// What was answered.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Server {
    async fn new() -> Self {
        Self::with(|api| api).await
    }

    /// One that also has what `complete` gives it.
    async fn with(complete: impl FnOnce(Api) -> Api) -> Self {
        let runtime = Arc::new(ClosureRuntime::new());
        let ports = Ports {
            registry: Arc::new(MemoryRegistry::default()),
            artifacts: Arc::new(DirectoryArtifacts::new()),
            runtime: Arc::clone(&runtime) as _,
            keyvalue: Arc::new(NoKeyValue),
        };
        let profiles = Profiles::from([("sandbox".to_owned(), Default::default())]);
        let config = Config {
            shards: 1,
            upload_bytes: 1000,
            ..Config::default()
        };
        let engine = Engine::open(ports, profiles, config).await.unwrap();
        let (shutdown, draining) = shutdown::channel();
        let api = Api::new(engine, None, Options::default(), draining);
        let core = complete(api).core();
        Self {
            api: core.api,
            functions: core.functions,
            runtime,
            shutdown,
        }
    }

    /// Deploys a program as a function of the project `default`.
    async fn add(&self, function: &str, program: Program) {
        self.runtime.add(function, program);
        let answer = self.send(put(function).body(function.to_owned())).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    async fn send<B: Into<Bytes>>(&self, request: http::Result<Request<B>>) -> Answer {
        let request = request.unwrap().map(|body| Full::new(body.into()));
        Answer::read(
            self.api
                .respond(with_host(request), std::net::Ipv4Addr::LOCALHOST.into())
                .await,
        )
        .await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body("")).await
    }

    async fn call(&self, function: &str, json: &str) -> Answer {
        let path = format!("/v1/projects/default/functions/{function}/invoke");
        self.send(
            Request::post(path)
                .header("content-type", "application/json")
                .body(json.to_owned()),
        )
        .await
    }
}

impl Answer {
    async fn read<B>(response: http::Response<B>) -> Self
    where
        B: http_body::Body<Data = Bytes, Error: std::fmt::Debug>,
    {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The kind of problem it is.
    fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let json = self.json();
        assert_eq!(json["status"], self.status, "{self:?}");
        assert!(!json["detail"].as_str().unwrap().is_empty(), "{self:?}");
        json["type"]
            .as_str()
            .unwrap()
            .strip_prefix("/problems/")
            .unwrap()
            .to_owned()
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {:?}\n{}",
            self.status,
            self.headers,
            String::from_utf8_lossy(&self.body)
        )
    }
}

fn with_host<B>(mut request: Request<B>) -> Request<B> {
    let headers = request.headers_mut();
    headers
        .entry("host")
        .or_insert(http::HeaderValue::from_static("localhost:8080"));
    request
}

fn put(function: &str) -> http::request::Builder {
    Request::put(format!("/v1/projects/default/functions/{function}"))
        .header("content-type", "application/wasm")
}

/// Adds two numbers: `add(a: u32, b: u32) -> u32`.
fn adder() -> Program {
    Program::adder()
}

/// Answers its bytes: `echo(data: list<u8>) -> list<u8>`.
fn echo() -> Program {
    let signature = program::signature(&[("data", "list<u8>")], Some("list<u8>"));
    Program::new((None, "echo"), signature.clone(), move |call, _| {
        let arguments = program::arguments(&signature, &call.arguments);
        let data = arguments["data"].to_string();
        async move { Ok(Some(program::value("list<u8>", &data))) }
    })
}

/// Answers this value of a type.
fn answering(ty: &'static str, json: &'static str) -> Program {
    let signature = program::signature(&[], Some(ty));
    Program::new((None, "run"), signature, move |_, _| async move {
        Ok(Some(program::value(ty, json)))
    })
}

/// Answers HTTP requests with their bodies.
fn http_echo() -> Program {
    let mut program = Program::constant(0);
    program.inspection.flavor = Flavor::Http;
    program.inspection.exports.clear();
    program
}
