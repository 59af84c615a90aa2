//! Uploads, versions, settings, lists.

use super::*;

fn multipart(parts: &[(&str, &str)]) -> (String, String) {
    let mut body = String::new();
    for (name, content) in parts {
        body.push_str(&format!(
            "--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n"
        ));
    }
    body.push_str("--b--\r\n");
    ("multipart/form-data; boundary=b".to_owned(), body)
}

impl Server {
    /// Deploys a program that is known under the function's name, with settings.
    pub(super) async fn add_with(&self, function: &str, settings: &str) {
        let answer = self
            .upload(function, &[("settings", settings), ("code", function)])
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    async fn upload(&self, function: &str, parts: &[(&str, &str)]) -> Answer {
        let (content_type, body) = multipart(parts);
        let path = format!("/v1/projects/default/functions/{function}");
        self.send(Request::put(path).header("content-type", content_type).body(body))
            .await
    }

    async fn patch(&self, function: &str, json: &str) -> Answer {
        let path = format!("/v1/projects/default/functions/{function}");
        let request = Request::patch(path).header("content-type", "application/merge-patch+json");
        self.send(request.body(json.to_owned())).await
    }
}

#[tokio::test]
async fn an_upload_answers_what_was_found() {
    let server = Server::new().await;
    server.runtime.add("adder", adder());
    let answer = server
        .send(put("adder").header("weft-user", "ada").body("adder"))
        .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(
        answer.header("location"),
        "/v1/projects/default/functions/adder/versions/1"
    );
    let json = answer.json();
    assert_eq!(
        (&json["activated"], &json["existed"], &json["version"]),
        (&true.into(), &false.into(), &1.into())
    );
    assert_eq!(json["creator"], "ada");
    assert_eq!(json["effect-free"], true);
    assert_eq!(
        json["exports"][0],
        serde_json::json!({
            "export": "demo:math/api@1.0.0#add",
            "name": "add",
            "interface": "demo:math/api@1.0.0",
            "callable": true,
            "params": [{"name": "a", "type": "u32"}, {"name": "b", "type": "u32"}],
            "result": "u32",
        })
    );
    let again = server.send(put("adder").body("adder")).await;
    assert_eq!(
        (again.status, &again.json()["existed"]),
        (200, &true.into()),
        "{again:?}"
    );
}

#[tokio::test]
async fn settings_come_with_the_code_or_later() {
    let server = Server::new().await;
    server.runtime.add("adder", adder());
    let answer = server
        .upload(
            "adder",
            &[
                ("settings", "{\"labels\":{\"team\":\"shop\"}}"),
                ("code", "adder"),
            ],
        )
        .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.json()["settings"]["labels"]["team"], "shop");

    let patched = server.patch("adder", "{\"description\":\"adds\"}").await;
    assert_eq!(
        (patched.status, &patched.json()["version"]),
        (201, &2.into()),
        "{patched:?}"
    );
    assert_eq!(patched.json()["settings"]["labels"]["team"], "shop");

    let kept = server.upload("adder", &[("settings", "{}")]).await;
    assert_eq!(
        (kept.status, &kept.json()["version"]),
        (201, &3.into()),
        "{kept:?}"
    );

    let function = server.get("/v1/projects/default/functions/adder").await.json();
    assert_eq!((&function["active"], &function["latest"]), (&3.into(), &3.into()));
    let path = "/v1/projects/default/functions/adder/versions/2/activate";
    let activated = server.send(Request::post(path).body("")).await;
    assert_eq!(
        (activated.status, &activated.json()["active"]),
        (200, &2.into()),
        "{activated:?}"
    );
}

#[tokio::test]
async fn bad_uploads_are_told_what_is_wrong() {
    let server = Server::new().await;
    server.runtime.add("adder", adder());
    let path = "/v1/projects/default/functions/adder";
    let plain = |content_type: &'static str, body: &str| {
        Request::put(path)
            .header("content-type", content_type)
            .body(body.to_owned())
    };
    assert_eq!(
        server.send(plain("text/plain", "adder")).await.problem(),
        "unsupported-media-type"
    );
    assert_eq!(
        server.send(plain("application/wasm", "nonsense")).await.problem(),
        "invalid-code"
    );
    assert_eq!(
        server
            .send(plain("application/wasm", &"x".repeat(1001)))
            .await
            .problem(),
        "upload-too-large"
    );
    assert_eq!(
        server.send(plain("multipart/form-data", "x")).await.problem(),
        "unsupported-media-type"
    );
    assert_eq!(
        server
            .send(plain("multipart/form-data; boundary=b", "--b\r\n"))
            .await
            .problem(),
        "upload-incomplete"
    );
    assert_eq!(
        server.upload("adder", &[("other", "x")]).await.problem(),
        "upload-incomplete"
    );
    assert_eq!(
        server
            .upload("adder", &[("code", "adder"), ("code", "adder")])
            .await
            .problem(),
        "upload-incomplete"
    );
    let long = "x".repeat(1001);
    assert_eq!(
        server.upload("adder", &[("code", &long)]).await.problem(),
        "upload-too-large"
    );
    let answer = server
        .upload(
            "adder",
            &[("settings", "{\"limits\":{\"time\":1}}"), ("code", "adder")],
        )
        .await;
    assert_eq!(answer.problem(), "invalid-settings");
    assert!(
        answer.json()["pointer"].as_str().unwrap().starts_with("/limits"),
        "{answer:?}"
    );
    assert_eq!(server.patch("adder", "{}").await.problem(), "not-found-function");
    server.add("adder", adder()).await;
    assert_eq!(server.patch("adder", "{").await.problem(), "invalid-json");
    assert_eq!(
        server.patch("adder", "{\"profile\":\"none\"}").await.problem(),
        "unknown-profile"
    );
    let query = Request::put(format!("{path}?activate=perhaps")).header("content-type", "application/wasm");
    assert_eq!(server.send(query.body("adder")).await.problem(), "invalid-query");
    let user = put("adder").header("weft-user", "two words").body("adder");
    assert_eq!(server.send(user).await.problem(), "invalid-header");
}

#[tokio::test]
async fn lists_come_in_parts() {
    let server = Server::new().await;
    for name in ["a", "b", "c"] {
        server.runtime.add("adder", adder());
        let settings = format!("{{\"labels\":{{\"name\":\"{name}\",\"all\":\"x\"}}}}");
        assert_eq!(
            server
                .upload(name, &[("settings", &settings), ("code", "adder")])
                .await
                .status,
            201
        );
    }
    let names = |answer: &Answer| -> Vec<String> {
        let json = answer.json();
        json["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["function"].as_str().unwrap().to_owned())
            .collect()
    };
    let path = "/v1/projects/default/functions";
    let first = server.get(&format!("{path}?limit=2")).await;
    assert_eq!(names(&first), ["a", "b"]);
    let next = first.json()["next"].as_str().unwrap().to_owned();
    let second = server.get(&format!("{path}?limit=2&after={next}")).await;
    assert_eq!(names(&second), ["c"]);
    assert!(second.json().get("next").is_none(), "{second:?}");
    assert_eq!(
        names(&server.get(&format!("{path}?label=name:b&label=all:x")).await),
        ["b"]
    );
    assert_eq!(
        names(&server.get(&format!("{path}?kind=workflow")).await),
        Vec::<String>::new()
    );
    assert_eq!(
        names(&server.get(&format!("{path}?creator=anonymous")).await).len(),
        3
    );
    for query in ["label=x", "kind=script", "after=zz", "limit=0", "page=2"] {
        assert_eq!(
            server.get(&format!("{path}?{query}")).await.problem(),
            "invalid-query",
            "{query}"
        );
    }
}

#[tokio::test]
async fn versions_are_listed_newest_first() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    for description in ["one", "two", "three"] {
        assert_eq!(
            server
                .patch("adder", &format!("{{\"description\":\"{description}\"}}"))
                .await
                .status,
            201
        );
    }
    let path = "/v1/projects/default/functions/adder/versions";
    let first = server.get(&format!("{path}?limit=3")).await.json();
    let numbers: Vec<_> = first["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["version"].clone())
        .collect();
    assert_eq!(numbers, [4, 3, 2]);
    assert_eq!(first["items"][0]["active"], true);
    let rest = server
        .get(&format!(
            "{path}?limit=3&after={}",
            first["next"].as_str().unwrap()
        ))
        .await
        .json();
    assert_eq!(
        (&rest["items"][0]["version"], rest.get("next")),
        (&1.into(), None)
    );
    assert_eq!(
        server.get(&format!("{path}/2")).await.json()["settings"]["description"],
        "one"
    );
    assert_eq!(
        server.get(&format!("{path}/9")).await.problem(),
        "not-found-version"
    );
    assert_eq!(
        server.get(&format!("{path}/x")).await.problem(),
        "not-found-version"
    );
}

#[tokio::test]
async fn code_is_downloaded_as_it_was_sent() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    let answer = server.get("/v1/projects/default/functions/adder/wasm").await;
    assert_eq!((answer.status, &*answer.body), (200, &b"adder"[..]), "{answer:?}");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"adder-1.wasm\""
    );
    assert_eq!(answer.header("content-length"), "5");
    let wit = server.get("/v1/projects/default/functions/adder/wit").await;
    assert_eq!(
        (wit.status, wit.header("content-type")),
        (200, "text/plain; charset=utf-8")
    );
}

#[tokio::test]
async fn a_function_describes_its_calls() {
    let server = Server::new().await;
    let mut program = answering("result<list<u8>, string>", "{\"ok\":\"\"}");
    program.inspection.exports.extend(adder().inspection.exports);
    let stream = Callable::No {
        path: "params.s".to_owned(),
        found: "`stream<u8>`".to_owned(),
    };
    program.inspection.exports.push(weft_types::Export {
        name: "s".to_owned(),
        interface: None,
        callable: stream,
    });
    server.add("many", program).await;

    let schema = server
        .get("/v1/projects/default/functions/many/schema")
        .await
        .json();
    let exports = schema["exports"].as_object().unwrap();
    assert_eq!(
        exports.keys().collect::<Vec<_>>(),
        ["demo:math/api@1.0.0#add", "run"]
    );
    assert_eq!(exports["run"]["error"], serde_json::json!({"type": "string"}));

    let document = server
        .get("/v1/projects/default/functions/many/openapi.json")
        .await
        .json();
    let operation = &document["paths"]["/v1/projects/default/functions/many/invoke"]["post"];
    assert_eq!(
        operation["parameters"][0]["schema"]["enum"],
        serde_json::json!(["run", "demo:math/api@1.0.0#add"])
    );
    assert!(
        operation["responses"]["200"]["content"]
            .get("application/octet-stream")
            .is_some()
    );
    assert!(operation["responses"].get("422").is_some());
    let detail = server.get("/v1/projects/default/functions/many").await.json();
    assert_eq!(
        detail["version"]["exports"][2]["reason"],
        "`params.s` is no value, it is `stream<u8>`"
    );
}

#[tokio::test]
async fn a_deleted_function_is_gone() {
    let server = Server::new().await;
    server.add("adder", adder()).await;
    let path = "/v1/projects/default/functions/adder";
    assert_eq!(server.send(Request::delete(path).body("")).await.status, 204);
    assert_eq!(
        server.send(Request::delete(path).body("")).await.problem(),
        "not-found-function"
    );
    assert_eq!(
        server.call("adder", "[1,2]").await.problem(),
        "not-found-function"
    );
}

#[tokio::test]
async fn projects_are_created_once() {
    let server = Server::new().await;
    let create = || server.send(Request::put("/v1/projects/shop").body(""));
    assert_eq!(create().await.status, 201);
    assert_eq!(create().await.status, 200);
    let first = server.get("/v1/projects?limit=1").await.json();
    assert_eq!(first["items"], serde_json::json!([{"name": "default"}]));
    let rest = server
        .get(&format!("/v1/projects?after={}", first["next"].as_str().unwrap()))
        .await
        .json();
    assert_eq!(rest, serde_json::json!({"items": [{"name": "shop"}]}));
    assert_eq!(
        server.get("/v1/projects?limit=0").await.problem(),
        "invalid-query"
    );
    assert_eq!(
        server
            .send(Request::put("/v1/projects/Shop").body(""))
            .await
            .problem(),
        "invalid-name"
    );
}
