//! The listener for functions.

use super::*;

async fn pass(server: &Server, request: http::Result<Request<&'static str>>) -> Answer {
    let request = request.unwrap().map(|body| Full::new(Bytes::from(body)));
    Answer::read(server.functions.respond(with_host(request)).await).await
}

#[tokio::test]
async fn requests_go_to_the_function_their_path_names() {
    let server = Server::new().await;
    server.add("web", http_echo()).await;
    let answer = pass(&server, Request::post("/default/web/a?b=c").body("hello")).await;
    assert_eq!((answer.status, &*answer.body), (200, &b"hello"[..]), "{answer:?}");
    assert_eq!(answer.header("traceparent").len(), 55);
    assert_eq!(
        answer.header("x-content-type-options"),
        "",
        "what functions answer is left as it is"
    );
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    let cases = [
        ("/", 404, "not-found"),
        ("/default", 404, "not-found"),
        ("/default/none/", 404, "not-found-function"),
        ("/none/web/", 404, "not-found-project"),
        ("/default/a%2fb/", 400, "invalid-name"),
        ("/../web/", 400, "invalid-name"),
        ("/default/adder/", 400, "not-callable"),
    ];
    for (path, status, slug) in cases {
        let answer = pass(&server, Request::get(path).body("")).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (status, slug),
            "{path}"
        );
        let said = answer.headers.get_all("cache-control").iter();
        assert_eq!(said.collect::<Vec<_>>(), ["no-store"], "{path}");
    }
    let foreign = pass(
        &server,
        Request::get("/default/adder/")
            .header("host", "evil.example")
            .body(""),
    )
    .await;
    assert_eq!(foreign.problem(), "host-not-allowed");
}

#[tokio::test]
async fn functions_that_answer_http_are_not_called_otherwise() {
    let server = Server::new().await;
    server.add("web", http_echo()).await;
    let refused = server.call("web", "{}").await;
    assert_eq!(refused.problem(), "not-callable");
    let detail = refused.json()["detail"].to_string();
    assert!(detail.contains("`/default/web/`"), "{detail}");
    let about = server.get("/v1/projects/default/functions/web").await.json();
    assert_eq!(about["version"]["path"], "/default/web/", "{about}");
    let document = server
        .get("/v1/projects/default/functions/web/openapi.json")
        .await
        .json();
    assert!(
        document["paths"]["/default/web/{path}"]["get"].is_object(),
        "{document}"
    );
}
