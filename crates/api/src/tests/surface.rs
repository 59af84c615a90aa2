//! What every request passes: hosts, origins, sizes, unknown paths; and the pages.

use http::Method;

use super::*;

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let server = Server::new().await;
    let cases = [
        (Method::GET, "/nothing", 404, "not-found"),
        (Method::GET, "//v1/projects", 404, "not-found"),
        (Method::GET, "/v1/projects/", 404, "not-found"),
        (Method::GET, "/v1/projects/default/functions/", 404, "not-found"),
        (
            Method::GET,
            "/v1/projects/de%2ffault/functions",
            400,
            "invalid-name",
        ),
        (Method::GET, "/v1/projects/%ff/functions", 400, "invalid-name"),
        (Method::GET, "/v1/projects/../functions", 400, "invalid-name"),
        (
            Method::GET,
            "/v1/projects/default/functions/UPPER",
            400,
            "invalid-name",
        ),
        (Method::GET, "/problems/none", 404, "not-found"),
        (Method::POST, "/v1/projects", 405, "method-not-allowed"),
        (Method::DELETE, "/healthz", 405, "method-not-allowed"),
        (
            Method::GET,
            "/v1/projects/default/functions/f/invoke",
            405,
            "method-not-allowed",
        ),
        (Method::GET, "/v1/projects?x=1%", 400, "invalid-query"),
        (Method::PUT, "/v1/projects/shop?x", 400, "invalid-query"),
        (
            Method::GET,
            "/v1/projects/default/functions/f?version=1",
            400,
            "invalid-query",
        ),
        (
            Method::DELETE,
            "/v1/projects/default/functions/f?version=1",
            400,
            "invalid-query",
        ),
        (
            Method::POST,
            "/v1/projects/default/functions/f/versions/1/activate?force",
            400,
            "invalid-query",
        ),
    ];
    for (method, path, status, slug) in cases {
        let request = Request::builder().method(&method).uri(path).body("");
        let answer = server.send(request).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert_eq!(answer.problem(), slug, "{method} {path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    let answer = server.send(Request::post("/v1/projects").body("")).await;
    assert!(answer.header("allow").contains("GET"), "{answer:?}");
}

/// The two listeners are easily mistaken for each other.
#[tokio::test]
async fn unknown_paths_lead_on() {
    let server = Server::new().await;
    for (path, hint) in [
        ("/default/hello-http/", "on a listener of their own"),
        ("/default/hello-http/a//b", "on a listener of their own"),
        ("/default/hello-http", "on a listener of their own"),
        ("/default/", "do not end with a slash"),
        ("/v1/projects/", "do not end with a slash"),
        ("/v1//projects", "a part of the path is empty"),
        ("/docs/none", "`/docs` lists what there is"),
        ("/none", "`/docs` lists what there is"),
    ] {
        let detail = server.get(path).await.json()["detail"].to_string();
        assert!(detail.contains(hint), "{path}: {detail}");
    }
}

#[tokio::test]
async fn foreign_hosts_and_pages_are_refused_before_anything_runs() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    for path in ["/v1/projects/default/functions/adder/invoke", "/v1/projects"] {
        let method = if path.ends_with("invoke") {
            Method::POST
        } else {
            Method::GET
        };
        let request = || {
            Request::builder()
                .method(&method)
                .uri(path)
                .header("content-type", "application/json")
        };
        let foreign = server
            .send(request().header("host", "evil.example").body("[1,2]"))
            .await;
        assert_eq!(
            (foreign.status, foreign.problem().as_str()),
            (421, "host-not-allowed")
        );
        let foreign = server
            .send(request().header("origin", "http://evil.example").body("[1,2]"))
            .await;
        assert_eq!(
            (foreign.status, foreign.problem().as_str()),
            (403, "origin-not-allowed")
        );
        let own = server
            .send(request().header("origin", "http://localhost:8080").body("[1,2]"))
            .await;
        assert_eq!(own.status, 200, "{own:?}");
    }
}

#[tokio::test]
async fn a_large_head_is_refused() {
    let server = Server::new().await;
    let answer = server
        .send(
            Request::get("/v1/projects")
                .header("x", "a".repeat(33 << 10))
                .body(""),
        )
        .await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (431, "header-too-large")
    );
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere() {
    let server = Server::new().await;
    for path in [
        "/docs",
        "/docs/docs.js",
        "/docs/docs.css",
        "/problems",
        "/problems/not-found",
    ] {
        let answer = server
            .send(
                Request::get(path)
                    .header("sec-fetch-site", "same-origin")
                    .body(""),
            )
            .await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'"),
            "{path}"
        );
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(
            !text.contains("http://") && !text.contains("https://"),
            "{path} names another server"
        );
        assert!(
            !text.contains("<script>") && !text.contains("style="),
            "{path} has what its policy forbids"
        );
    }
    assert!(server.get("/").await.json()["docs"].is_string());
    let html = server
        .send(Request::get("/").header("accept", "text/html").body(""))
        .await;
    assert!(html.header("content-type").starts_with("text/html"));
}

#[tokio::test]
async fn health_follows_the_shutdown() {
    let server = Server::new().await;
    assert_eq!(server.get("/readyz").await.status, 200);
    server.shutdown.announce();
    assert_eq!(server.get("/readyz").await.problem(), "draining");
    assert_eq!(server.get("/v1/projects").await.status, 200);
    server.shutdown.begin();
    assert_eq!(server.get("/readyz").await.problem(), "draining");
    assert_eq!(server.get("/healthz").await.json()["status"], "ok");
}

#[tokio::test]
async fn requests_are_counted_by_route() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    server.call("adder", "[1,2]").await;
    server.get("/v1/projects/default/functions/adder").await;
    server.get("/nothing").await;
    let metrics = server.get("/metrics").await;
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    let function = "/v1/projects/{project}/functions/{function}";
    for line in [
        format!("weft_http_requests_total{{route=\"{function}/invoke\",method=\"POST\",status=\"200\"}} 1"),
        format!("weft_http_requests_total{{route=\"{function}\",method=\"GET\",status=\"200\"}} 1"),
        "weft_http_requests_total{route=\"unmatched\",method=\"GET\",status=\"404\"} 1".to_owned(),
        "faas_invocations_total{project=\"default\",function=\"adder\"} 1".to_owned(),
    ] {
        assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
    }
    assert_eq!(text.matches("# EOF").count(), 1);
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_description_is_served() {
    let server = Server::new().await;
    let document = server.get("/openapi.json").await.json();
    assert_eq!(document["info"]["title"], "Weft");
}
