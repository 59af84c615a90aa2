//! Functions that answer HTTP: a greeting, and a little JSON in and out.

use anyhow::Result;
use serde_json::json;

use super::work::{Contender, Measure, Role, Work};
use crate::process::View;
use crate::weft::{Weft, guest_path, invoke};
use crate::wrk::Request;
use crate::{Options, peers, plain};

/// Connections of a load.
const CONNECTIONS: u32 = 64;
/// What is to be shouted.
const SAID: &str = r#"{"n":41,"s":"the quick brown fox jumps over the lazy dog"}"#;
/// Requests that a kept instance of Weft or `wasmtime serve` answers.
const REUSE: u32 = peers::REUSE;

/// What decides latencies this short.
const WAKING: &str = "a request alone takes 0.045 ms where the kernel keeps client and server on one core, and nearly twice as long where \
    it wakes the other core for each.";

pub(super) async fn measure(options: &Options) -> Result<Vec<Work>> {
    let weft = Weft::start().await?;
    deploy(&weft).await?;
    let plain = plain::start()?;
    let [hello, shout] = ["hello-http", "fixtures/http-shout"].map(guest_path);
    let fresh = peers::wasmtime_serve(&hello, false)?;
    let kept = peers::wasmtime_serve(&hello, true)?;
    let fresh_json = peers::wasmtime_serve(&shout, false)?;
    let kept_json = peers::wasmtime_serve(&shout, true)?;
    let workerd = peers::workerd::start()?;

    let http = weft.api.at_port(weft.http_port);
    let hello = |role, system, server, path: &str| contender(role, system, server, Request::get(path));
    let said = |role, system, server, path: &str| contender(role, system, server, Request::post(path, SAID));
    let of_weft = |name: &str| format!("/default/{name}/");
    let hello_fresh = [
        hello(Role::Weft, "Weft", http, &of_weft("hello")),
        hello(Role::Peer, "wasmtime serve", fresh.view(), "/"),
        hello(Role::Limit, "plain hyper", plain.view(), "/"),
    ];
    let hello_kept = [
        hello(Role::Weft, "Weft, `reuse`", http, &of_weft("hello-kept")),
        hello(Role::Peer, "wasmtime serve, reuse", kept.view(), "/"),
        hello(Role::Peer, "workerd", workerd.view(), "/"),
        hello(Role::Limit, "plain hyper", plain.view(), "/"),
    ];
    let json_fresh = [
        said(Role::Weft, "Weft, typed call", weft.api.view(), &invoke("shout")),
        said(Role::Weft, "Weft, HTTP", http, &of_weft("http-shout")),
        said(Role::Peer, "wasmtime serve", fresh_json.view(), "/"),
        said(Role::Limit, "plain hyper", plain.view(), "/"),
    ];
    let json_kept = [
        said(
            Role::Weft,
            "Weft, typed call, `reuse`",
            weft.api.view(),
            &invoke("shout-kept"),
        ),
        said(
            Role::Weft,
            "Weft, HTTP, `reuse`",
            http,
            &of_weft("http-shout-kept"),
        ),
        said(Role::Peer, "wasmtime serve, reuse", kept_json.view(), "/"),
        said(Role::Peer, "workerd", workerd.view(), "/"),
        said(Role::Limit, "plain hyper", plain.view(), "/"),
    ];
    let (rate, alone) = (Measure::Rate(CONNECTIONS), Measure::Alone);
    let work: [(_, _, &[Contender]); 6] = [
        (
            "Hello over HTTP, an instance for each request",
            rate,
            &hello_fresh,
        ),
        ("Hello over HTTP, instances kept", rate, &hello_kept),
        ("JSON in and out, an instance for each request", rate, &json_fresh),
        ("JSON in and out, instances kept", rate, &json_kept),
        (
            "Hello alone, an instance for each request, p50",
            alone,
            &hello_fresh,
        ),
        ("Hello alone, instances kept, p50", alone, &hello_kept),
    ];
    let mut all = Vec::new();
    for (what, measure, contenders) in work {
        let done = Work::done(what, measure, contenders, (options.rounds, options.seconds)).await?;
        all.push(match measure {
            Measure::Alone => done.with(WAKING),
            _ => done,
        });
    }
    Ok(all)
}

fn contender(role: Role, system: &'static str, server: View, request: Request) -> Contender {
    Contender {
        role,
        system,
        server,
        request,
    }
}

async fn deploy(weft: &Weft) -> Result<()> {
    let kept = json!({"limits": {"reuse": REUSE}});
    for (name, guest, settings) in [
        ("hello", "hello-http", json!({})),
        ("hello-kept", "hello-http", kept.clone()),
        ("shout", "fixtures/shout", json!({})),
        ("shout-kept", "fixtures/shout", kept.clone()),
        ("http-shout", "fixtures/http-shout", json!({})),
        ("http-shout-kept", "fixtures/http-shout", kept),
    ] {
        weft.deploy(name, guest, settings).await?;
    }
    Ok(())
}
