//! Requests made up from the API's own description: some as it says, most nearly so.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::Answer;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// What goes into paths, queries and headers: names that exist, values that fit somewhere, and what fits nowhere.
const TEXTS: [&str; 28] = [
    "default",
    "echo",
    "arith",
    "new",
    "1",
    "2",
    "0",
    "-1",
    "true",
    "false",
    "100",
    "1000",
    "4294967296",
    "5s",
    "end",
    "text",
    "fixture:echo/api@0.1.0#text",
    "team:a",
    "component",
    "",
    "..",
    "a/b",
    "a%b",
    "Ä\u{0}\n",
    "\u{1F600}",
    "anonymous",
    "2026-01-31T12:00:00Z",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];
const TYPES: [&str; 7] = [
    "application/json",
    "application/octet-stream",
    "application/wasm",
    "application/merge-patch+json",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "text/plain",
];
const ACCEPTS: [&str; 5] = [
    "*/*",
    "application/json",
    "application/octet-stream",
    "application/octet-stream, */*",
    "image/png",
];

/// An operation of a description.
#[derive(Clone, Debug)]
pub struct Operation {
    method: String,
    path: String,
    about: Value,
}

impl Operation {
    /// Whether it makes a token: with the first one, whoever has none is shut out.
    #[must_use]
    pub fn makes_tokens(&self) -> bool {
        self.method == "POST" && self.path.ends_with("/tokens")
    }
}

/// All operations of a description.
#[must_use]
pub fn operations(description: &Value) -> Vec<Operation> {
    let paths = description["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            let methods = METHODS.iter().filter(|method| item.get(**method).is_some());
            methods.map(move |method| Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                about: item[*method].clone(),
            })
        })
        .collect()
}

impl Operation {
    /// A request to it. `code` is an upload that is as it should be.
    pub fn request(&self, random: &mut Rng, host: &str, code: &[u8]) -> Vec<u8> {
        let (mut path, mut query, mut headers) = (self.path.clone(), Vec::new(), String::new());
        for parameter in self.about["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let value = text(random);
            match parameter["in"].as_str() {
                Some("path") => {
                    path = path.replace(
                        &format!("{{{name}}}"),
                        &escaped(&self.named(name, random, &value)),
                    )
                }
                Some("query") if random.u8(..) < 80 => query.push((name.to_owned(), value)),
                Some("header") if random.u8(..) < 80 && value.bytes().all(|byte| byte.is_ascii_graphic()) => {
                    headers += &format!("{name}: {value}\r\n");
                }
                _ => {}
            }
        }
        if random.u8(..) < 10 {
            query.push((text(random), text(random)));
        }
        let body = self.body(random, code);
        if random.u8(..) < 230 {
            headers += &format!("content-type: {}\r\n", self.content_type(random));
        }
        headers += &format!("accept: {}\r\n", pick(random, &ACCEPTS));
        let query: Vec<_> = query
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        let target = match query.is_empty() {
            true => path,
            false => format!("{path}?{}", query.join("&")),
        };
        let length = body.len();
        let head = format!(
            "{} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n",
            self.method
        );
        [head.into_bytes(), body].concat()
    }

    /// What is wrong with an answer to such a request, if anything. `kinds` are the problems that are documented.
    #[must_use]
    pub fn complaint(&self, answer: &Answer, kinds: &[String]) -> Option<String> {
        let status = answer.status.as_u16();
        let responses = &self.about["responses"];
        if status < 400 {
            let known = responses.get(status.to_string()).is_some();
            return (!known).then(|| format!("{status} is not described"));
        }
        let problem = answer.problem();
        if !kinds.contains(&problem) {
            return Some(format!("`{problem}` is no documented problem"));
        }
        if ["platform-fault", "storage-failed", "compile-failed"].contains(&problem.as_str()) {
            return Some(format!("a fault of the platform: {}", answer.text()));
        }
        let body = answer.json();
        let says = |member: &str| body[member].as_str().is_some_and(|text| !text.is_empty());
        if !says("detail") || !says("title") || body["status"] != status {
            return Some(format!("the problem is not whole: {body}"));
        }
        None
    }

    /// Mostly what is there, so that most requests get beyond the path.
    fn named(&self, name: &str, random: &mut Rng, value: &str) -> String {
        match (name, random.u8(..)) {
            ("project", 30..) => "default".to_owned(),
            ("function", 60..) => (*pick(random, &["echo", "arith", "new"])).to_owned(),
            ("version", 60..) => "1".to_owned(),
            ("slug", 60..) => "not-found".to_owned(),
            _ => value.to_owned(),
        }
    }

    fn content_type(&self, random: &mut Rng) -> String {
        let described = self.about["requestBody"]["content"].as_object();
        let types: Vec<_> = described
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        if types.is_empty() || random.u8(..) < 60 {
            return (*pick(random, &TYPES)).to_owned();
        }
        let chosen = *pick(random, &types);
        match chosen {
            "multipart/form-data" => TYPES[4].to_owned(),
            other => other.to_owned(),
        }
    }

    fn body(&self, random: &mut Rng, code: &[u8]) -> Vec<u8> {
        if self.about.get("requestBody").is_none() && random.u8(..) < 200 {
            return Vec::new();
        }
        match random.u8(..) {
            0..140 => value(random, 3).to_string().into_bytes(),
            140..160 => Vec::new(),
            160..190 => (0..random.usize(..200)).map(|_| random.u8(..)).collect(),
            190..220 => mutated(random, code),
            _ => form(random, code),
        }
    }
}

/// Code in which a few bytes are others.
fn mutated(random: &mut Rng, code: &[u8]) -> Vec<u8> {
    let mut code = code.to_vec();
    for _ in 0..random.usize(..4) {
        let at = random.usize(..code.len());
        code[at] = random.u8(..);
    }
    if random.bool() {
        code.truncate(random.usize(..code.len()));
    }
    code
}

fn form(random: &mut Rng, code: &[u8]) -> Vec<u8> {
    let part =
        |name: &str| format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n").into_bytes();
    let mut form = Vec::new();
    for _ in 0..random.usize(1..3) {
        match random.u8(..3) {
            0 => form.extend([part("settings"), value(random, 2).to_string().into_bytes()].concat()),
            1 => form.extend([part("code"), mutated(random, code)].concat()),
            _ => form.extend([part("other"), b"x".to_vec()].concat()),
        }
        form.extend(b"\r\n");
    }
    if random.bool() {
        form.extend(b"--b--\r\n");
    }
    form
}

/// A JSON value of some depth, with members that mean something here and there.
fn value(random: &mut Rng, depth: u32) -> Value {
    const MEMBERS: [&str; 12] = [
        "value",
        "a",
        "b",
        "labels",
        "limits",
        "grants",
        "env",
        "timeout-ms",
        "http",
        "description",
        "profile",
        "x",
    ];
    match random.u8(..if depth == 0 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!(random.u64(..)),
        3 => json!(random.f64() * 1e9),
        4 => json!(-1),
        5 => json!(text(random)),
        6 => (0..random.usize(..4)).map(|_| value(random, depth - 1)).collect(),
        _ => Value::Object(
            (0..random.usize(..4))
                .map(|_| ((*pick(random, &MEMBERS)).to_owned(), value(random, depth - 1)))
                .collect(),
        ),
    }
}

fn text(random: &mut Rng) -> String {
    match random.u8(..) {
        0..5 => "x".repeat(random.usize(..3000)),
        5..15 => (0..random.usize(..8)).map(|_| random.char('\u{1}'..)).collect(),
        _ => (*pick(random, &TEXTS)).to_owned(),
    }
}

fn pick<'a, T>(random: &mut Rng, from: &'a [T]) -> &'a T {
    &from[random.usize(..from.len())]
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02x}"),
        })
        .collect()
}
