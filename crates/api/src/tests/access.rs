//! Who is asked who they are, and what functions get to see of it.

use std::sync::Mutex;

use jiff::Timestamp;
use weft_access::{Access, AccessStore, Boxed, Change, Model, NewToken, Policy, Scope, StoreError};

use super::*;
use crate::access::{PAGES, ROWS};

#[derive(Default)]
struct Memory(Mutex<Model>);

impl AccessStore for Memory {
    fn load(&self) -> Boxed<'_, Result<Model, StoreError>> {
        Box::pin(async { Ok(self.0.lock().unwrap().clone()) })
    }

    fn apply<'a>(&'a self, change: &'a Change) -> Boxed<'a, Result<(), StoreError>> {
        Box::pin(async {
            self.0.lock().unwrap().apply(change);
            Ok(())
        })
    }
}

/// A server that wants a token, with what opens it.
async fn closed() -> (Server, String) {
    let access = Access::open(Arc::new(Memory::default()), Policy::default())
        .await
        .unwrap();
    let new = NewToken {
        holder: "root".parse().unwrap(),
        scope: Scope::Platform,
        note: String::new(),
        lifetime: None,
        created_by: "root".to_owned(),
    };
    let (_, secret) = access.create(new, Timestamp::now()).await.unwrap();
    (Server::with(|api| api.with_access(access)).await, secret.text())
}

async fn deploy(server: &Server, function: &str, program: Program, token: &str) {
    server.runtime.add(function, program);
    let request = put(function).header("authorization", format!("Bearer {token}"));
    let answer = server.send(request.body(function.to_owned())).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

#[tokio::test]
async fn both_ways_of_a_call_ask_for_a_token() {
    let (server, token) = closed().await;
    deploy(&server, "adder", adder(), &token).await;
    // The second is written so that the router has to read it.
    for function in ["adder", "%61dder"] {
        let path = format!("/v1/projects/default/functions/{function}/invoke");
        let call = |token: Option<&str>| {
            let request = Request::post(&path).header("content-type", "application/json");
            let request = match token {
                Some(token) => request.header("authorization", token),
                None => request,
            };
            request.body("[1,2]")
        };
        let answer = server.send(call(None)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthorized"));
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"weft\"");
        let answer = server.send(call(Some("Bearer weft_wrong"))).await;
        assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthorized"));
        assert!(answer.header("www-authenticate").contains("invalid_token"));
        assert_eq!(answer.json()["detail"], "there is no such token");
        let answer = server.send(call(Some(&token))).await;
        assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthorized"));
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains("behind the word `Bearer`"), "{detail}");
        let answer = server.send(call(Some(&format!("Bearer {token}")))).await;
        assert_eq!((answer.status, &*answer.body), (200, &b"3"[..]), "{answer:?}");
    }
}

#[tokio::test]
async fn functions_see_who_asks_and_no_token() {
    let (server, token) = closed().await;
    deploy(&server, "web", http_echo(), &token).await;
    let ask = async |headers: &[(&str, &str)]| {
        let mut request = Request::get("/default/web/").header("weft-user", "somebody");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::new())).unwrap();
        Answer::read(server.functions.respond(with_host(request)).await).await
    };
    assert_eq!(ask(&[]).await.problem(), "unauthorized");
    assert_eq!(
        ask(&[("authorization", "Bearer mine")]).await.problem(),
        "unauthorized"
    );
    let bearer = format!("Bearer {token}");
    let answer = ask(&[("authorization", &bearer)]).await;
    assert_eq!(
        (answer.status, answer.header("seen-user")),
        (200, "root"),
        "{answer:?}"
    );
    assert!(!answer.header("seen").contains("authorization"), "{answer:?}");

    let answer = ask(&[("weft-token", &token), ("authorization", "Basic mine")]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let seen = answer.header("seen");
    assert!(
        seen.contains("authorization") && !seen.contains("weft-token"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn pages_and_routes_are_in_the_table() {
    let (server, _) = closed().await;
    for page in PAGES {
        let path = page.replace("{slug}", "forbidden");
        assert_eq!(server.get(&path).await.status, 200, "{path}");
    }
    for (method, pattern, _) in ROWS {
        let path: Vec<_> = pattern
            .split('/')
            .map(|part| if part.starts_with('{') { "x" } else { part })
            .collect();
        let request = Request::builder().method(*method).uri(path.join("/")).body("");
        let answer = server.send(request).await;
        // Nobody gets past the table by a route that it does not know, and it knows none that there is not.
        assert!(
            !matches!(answer.status, 405 | 500),
            "{method} {pattern}: {answer:?}"
        );
        assert!(
            answer.status != 404 || answer.problem() != "not-found",
            "{method} {pattern}"
        );
    }
}
