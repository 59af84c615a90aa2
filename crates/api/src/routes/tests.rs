use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

const METHODS: [&str; 6] = ["get", "head", "put", "post", "patch", "delete"];

/// Every route but those of functions and runs.
const OTHERS: [&str; 40] = [
    "GET /healthz",
    "GET /metrics",
    "GET /openapi.json",
    "GET /readyz",
    "GET /v1/host",
    "POST /v1/backup",
    "GET /v1/audit",
    "GET /v1/projects/{project}/audit",
    "GET /v1/self",
    "GET /v1/tokens",
    "POST /v1/tokens",
    "DELETE /v1/tokens/{token}",
    "GET /v1/projects",
    "GET /v1/projects/{project}",
    "PUT /v1/projects/{project}",
    "DELETE /v1/projects/{project}",
    "GET /v1/projects/{project}/quotas",
    "PUT /v1/projects/{project}/quotas",
    "GET /v1/projects/{project}/members",
    "PUT /v1/projects/{project}/members/{user}",
    "DELETE /v1/projects/{project}/members/{user}",
    "GET /v1/projects/{project}/tokens",
    "POST /v1/projects/{project}/tokens",
    "DELETE /v1/projects/{project}/tokens/{token}",
    "POST /v1/projects/{project}/blobs",
    "GET /v1/projects/{project}/blobs/{digest}",
    "HEAD /v1/projects/{project}/blobs/{digest}",
    "GET /v1/projects/{project}/functions",
    "POST /v1/projects/{project}/validate",
    "GET /v1/projects/{project}/runs",
    "GET /v1/projects/{project}/secrets",
    "PUT /v1/projects/{project}/secrets/{secret}",
    "DELETE /v1/projects/{project}/secrets/{secret}",
    "GET /v1/pools",
    "GET /v1/pools/{pool}",
    "POST /v1/pools/{pool}/drain",
    "GET /v1/profiles",
    "GET /v1/profiles/{profile}",
    "PUT /v1/profiles/{profile}",
    "DELETE /v1/profiles/{profile}",
];

fn document() -> Value {
    serde_json::from_slice(&build().1).unwrap()
}

/// Every operation as `METHOD path`.
fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = METHODS.iter().filter(|method| item.get(**method).is_some());
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    operations.collect()
}

#[test]
fn every_route_is_described() {
    let function = "/v1/projects/{project}/functions/{function}";
    let run = "/v1/projects/{project}/runs/{run}";
    let of_functions_and_runs = [
        format!("DELETE {function}"),
        format!("GET {function}"),
        format!("PATCH {function}"),
        format!("PUT {function}"),
        format!("POST {function}/invoke"),
        format!("GET {function}/logs"),
        format!("GET {function}/openapi.json"),
        format!("GET {function}/schema"),
        format!("GET {function}/versions"),
        format!("GET {function}/versions/{{version}}"),
        format!("DELETE {function}/versions/{{version}}"),
        format!("POST {function}/versions/{{version}}/activate"),
        format!("GET {function}/rollout"),
        format!("POST {function}/rollout/promote"),
        format!("POST {function}/rollout/cancel"),
        format!("GET {function}/moves"),
        format!("GET {function}/wasm"),
        format!("GET {function}/wit"),
        format!("GET {function}/definition"),
        format!("GET {function}/graph"),
        format!("GET {function}/diff"),
        format!("POST {function}/repin"),
        format!("POST {function}/runs"),
        format!("GET {run}"),
        format!("DELETE {run}"),
        format!("GET {run}/compare"),
        format!("GET {run}/nodes/{{node}}"),
        format!("GET {run}/nodes/{{node}}/input"),
        format!("GET {run}/nodes/{{node}}/output"),
        format!("GET {run}/result"),
        format!("GET {run}/events"),
        format!("GET {run}/logs"),
        format!("GET {run}/nodes/{{node}}/logs"),
        format!("POST {run}/cancel"),
        format!("POST {run}/pause"),
        format!("POST {run}/resume"),
        format!("POST {run}/rerun"),
        format!("POST {run}/nodes/{{node}}/complete"),
    ];
    let others = OTHERS.iter().map(|route| (*route).to_owned());
    let expected: BTreeSet<_> = others.chain(of_functions_and_runs).collect();
    assert_eq!(operations(&document()), expected);
}

#[test]
fn what_each_route_needs_is_said_and_nothing_else() {
    let rows = crate::access::ROWS.iter();
    let rows: BTreeSet<_> = rows.map(|(method, path, _)| format!("{method} {path}")).collect();
    assert_eq!(rows, operations(&document()));
    assert_eq!(rows.len(), crate::access::ROWS.len(), "a route has two rows");
}

#[test]
fn the_reference_lists_every_route() {
    let reference = include_str!("../../../../docs/http.md");
    for operation in operations(&document()) {
        assert!(
            reference.contains(&format!("`{operation}`")),
            "docs/http.md lacks `{operation}`"
        );
    }
}

#[test]
fn the_description_is_whole() {
    let document = document();
    assert!(
        document["openapi"].as_str().unwrap().starts_with("3.1"),
        "{}",
        document["openapi"]
    );
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    check_references(&document, &document);
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in METHODS.iter().filter_map(|method| item.get(*method)) {
            check_operation(path, operation);
            let id = operation["operationId"].as_str().unwrap();
            assert!(
                ids.insert(id.to_owned()),
                "the operation id `{id}` is there twice"
            );
        }
    }
}

/// What OpenAPI asks of an operation: a response, and each part of the path among the parameters.
fn check_operation(path: &str, operation: &Value) {
    assert!(
        !operation["responses"].as_object().unwrap().is_empty(),
        "{path} has no response"
    );
    assert!(
        !operation["summary"].as_str().unwrap_or_default().is_empty(),
        "{path} has no summary"
    );
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let described: BTreeSet<_> = parameters
        .iter()
        .filter(|parameter| parameter["in"] == "path")
        .map(|parameter| {
            assert_eq!(parameter["required"], true, "{path}");
            parameter["name"].as_str().unwrap().to_owned()
        })
        .collect();
    let named: BTreeSet<_> = path
        .split(['{', '}'])
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    assert_eq!(described, named, "{path}");
}

/// Each media type of requests and answers that is no JSON, with what is said of it.
fn other_media(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let answers = operation["responses"].as_object().into_iter().flatten();
            let bodies = answers.map(|(_, answer)| answer);
            for body in bodies.chain(operation.get("requestBody")) {
                for (media, content) in body["content"].as_object().into_iter().flatten() {
                    if !media.ends_with("json") && media != "multipart/form-data" {
                        found.push((
                            format!("{method} {path}"),
                            media.clone(),
                            content["schema"].clone(),
                        ));
                    }
                }
            }
        }
    }
    found
}

#[test]
fn what_is_no_json_is_described_as_text_bytes_or_events() {
    let document = document();
    let found = other_media(&document);
    assert!(found.iter().any(|(_, media, _)| media == "text/event-stream"));
    assert!(
        found
            .iter()
            .any(|(_, media, _)| media == "application/octet-stream")
    );
    for (operation, media, schema) in found {
        let schema = match schema["$ref"].as_str() {
            Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => &schema,
        };
        let binary = matches!(
            media.as_str(),
            "application/octet-stream" | "application/wasm" | "application/x-tar"
        );
        let stream = media == "text/event-stream";
        let ty = if stream { "object" } else { "string" };
        assert_eq!(schema["type"], ty, "{operation} {media}");
        assert_eq!(
            schema["properties"].get("data").is_some(),
            stream,
            "{operation} {media}"
        );
        assert_eq!(schema["format"] == "binary", binary, "{operation} {media}");
    }
}

#[test]
fn every_answer_that_may_be_refused_has_its_problem_described() {
    let document = document();
    for (method, path, need) in crate::access::ROWS {
        let operation = &document["paths"][path][method.to_lowercase()];
        let refused = !matches!(need, weft_access::Need::Anyone);
        let described = operation["responses"].get("default").is_some();
        assert!(described || !refused, "{method} {path}");
    }
}

fn check_references(document: &Value, value: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            members
                .values()
                .for_each(|member| check_references(document, member));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(document, item)),
        _ => {}
    }
}
