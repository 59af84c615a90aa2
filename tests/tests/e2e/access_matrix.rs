//! Every route, for everybody: what each may do, as a table (`access_matrix.txt`).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use weft_tests::access::House;
use weft_tests::api::send;
use weft_tests::{Api, example, fixture};

const TABLE: &str = include_str!("access_matrix.txt");
/// Who asks, in the order of the table's columns: nobody known, those of `shop`, the platform, those of `other`.
const ASKING: [&str; 12] = [
    "none",
    "expired",
    "revoked",
    "forged",
    "viewer",
    "invoker",
    "developer",
    "owner",
    "admin",
    "other's viewer",
    "other's invoker",
    "other's owner",
];

/// A request, and what each who asks is answered.
struct Row {
    method: Method,
    path: String,
    body: Option<String>,
    allowed: String,
    answers: Vec<String>,
}

impl Row {
    /// `METHOD PATH [JSON] = STATUS [PROBLEM] | ANSWER …`, where each answer is a status, or `+` for what stands before the bar.
    fn read(line: &str) -> Self {
        let (request, answers) = line.split_once(" | ").unwrap_or_else(|| panic!("no bar: {line}"));
        let (request, allowed) = request.rsplit_once(" = ").unwrap();
        let mut words = request.trim().splitn(3, ' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let answers: Vec<_> = answers.split_whitespace().map(str::to_owned).collect();
        assert_eq!(answers.len(), ASKING.len(), "{line}");
        Self {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            body: words
                .next()
                .map(|body| body.trim().to_owned())
                .filter(|body| !body.is_empty()),
            allowed: allowed.split_whitespace().collect::<Vec<_>>().join(" "),
            answers,
        }
    }

    /// What is answered to who has this token, in the words of the table.
    async fn ask(&self, api: &Api) -> String {
        let request = match self.path.strip_prefix("functions:") {
            Some(path) => api.to_functions(self.method.clone(), path),
            None => api.request(self.method.clone(), &self.path),
        };
        let request = match &self.body {
            Some(body) => request
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone()),
            None => request,
        };
        let answer = send(request).await;
        let status = answer.status.as_u16();
        match self.method == Method::HEAD {
            true => status.to_string(),
            false => format!("{status} {}", answer.problem()).trim().to_owned(),
        }
    }

    /// Whether it is about a function that those of other projects may call.
    fn is_of_public(&self) -> bool {
        self.path.contains("/functions/public")
    }

    fn expected(&self, asking: usize) -> String {
        match &*self.answers[asking] {
            "+" => self.allowed.clone(),
            // Answers to `HEAD` have no body that would tell.
            status if self.method == Method::HEAD => status.to_owned(),
            "401" => "401 unauthorized".to_owned(),
            "403" => "403 forbidden".to_owned(),
            "404" => "404 not-found-project".to_owned(),
            other => panic!("`{other}` is no answer"),
        }
    }
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(Row::read)
        .collect()
}

/// What the rows ask about.
async fn furnish(house: &House) {
    house.deploy("private", fixture("arith"), "private").await;
    house.deploy("public", fixture("arith"), "public").await;
    house.deploy("anyone", fixture("arith"), "anonymous").await;
    house.deploy("site", example("hello-http"), "private").await;
    house.deploy("public-site", example("hello-http"), "public").await;
    house
        .deploy("open-site", example("hello-http"), "anonymous")
        .await;
    let definition = "workflow: flow\ninput: { a: u32, b: u32 }\nnodes:\n  sum: { call: private#add, with: { a: $input.a, b: $input.b } }\n\
                      output: $sum\n";
    for (name, visibility) in [
        ("flow", "private"),
        ("public-flow", "public"),
        ("open-flow", "anonymous"),
    ] {
        let path = format!("/v1/projects/shop/functions/{name}");
        let request = house.admin().request(Method::PUT, &path);
        let request = request.header(CONTENT_TYPE, "application/yaml");
        send(request.body(definition.replace("workflow: flow", &format!("workflow: {name}"))))
            .await
            .ok();
        let request = house.admin().request(Method::PATCH, &path);
        let request = request.header(CONTENT_TYPE, "application/merge-patch+json");
        send(request.body(json!({"visibility": visibility}).to_string()))
            .await
            .ok();
    }
}

async fn everybody(house: &House) -> Vec<Api> {
    let mut all = vec![
        house.server.api.clone(),
        house.with(&house.expired().await),
        house.with(&house.revoked().await),
        house.with(&format!("weft_{}_{}", "0".repeat(16), "0".repeat(64))),
    ];
    for role in ["viewer", "invoker", "developer", "owner"] {
        all.push(house.member("shop", role).await);
    }
    all.push(house.admin());
    for role in ["viewer", "invoker", "owner"] {
        all.push(house.member("other", role).await);
    }
    all
}

#[tokio::test]
async fn everybody_gets_exactly_what_is_theirs() {
    let house = House::start().await;
    furnish(&house).await;
    let everybody = everybody(&house).await;
    let mut wrong = String::new();
    for row in rows() {
        for (asking, api) in everybody.iter().enumerate() {
            let (expected, found) = (row.expected(asking), row.ask(api).await);
            if expected != found {
                let (who, Row { method, path, .. }) = (ASKING[asking], &row);
                writeln!(
                    wrong,
                    "{method} {path} as {who}: expected `{expected}`, got `{found}`"
                )
                .unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test]
async fn no_route_is_without_a_row() {
    let house = House::start().await;
    let document = house.admin().get("/openapi.json").await.ok();
    let rows = rows();
    let mut missing = BTreeSet::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "head", "put", "post", "patch", "delete"] {
            let Some(Value::Object(_)) = item.get(method) else {
                continue;
            };
            let asks =
                |row: &Row| row.method.as_str().eq_ignore_ascii_case(method) && matches(template, &row.path);
            let asked: Vec<_> = rows.iter().filter(|row| asks(row)).collect();
            // What a function's visibility changes is told where both kinds are asked for.
            let of_function = template.contains("/functions/{function}");
            let kinds = |is_public| asked.iter().any(|row| row.is_of_public() == is_public);
            if asked.is_empty() || (of_function && !(kinds(true) && kinds(false))) {
                missing.insert(format!("{} {template}", method.to_uppercase()));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "access_matrix.txt lacks rows, or those of private and public functions: {missing:#?}"
    );
}

/// Whether a path is one of a template's. The literal parts of paths are never names in the table.
fn matches(template: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(&path)
            .all(|(template, part)| template == part || template.starts_with('{'))
}

#[tokio::test]
async fn without_tokens_on_loopback_everybody_may_do_everything() {
    let server = weft_tests::Server::start().await;
    let me = server.api.get("/v1/self").await.ok();
    assert_eq!(me, json!({"admin": true}));
    for row in rows().iter().filter(|row| !row.path.contains("shop")) {
        let found = row.ask(&server.api).await;
        assert_eq!(found, row.allowed, "{} {}", row.method, row.path);
    }
}
