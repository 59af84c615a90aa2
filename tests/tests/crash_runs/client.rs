//! A client that writes down whatever it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Method;
use serde_json::{Value, json};
use weft_tests::api::try_send;
use weft_tests::{Answer, Api};

use crate::facts::Facts;

pub(crate) const RUNS: &str = "/v1/projects/default/runs";

/// The server is gone, or the client is to stop.
#[derive(Debug)]
pub(crate) struct Stopped;

/// What was asked for, or that it is too late.
pub(crate) type Told<T> = Result<T, Stopped>;

#[derive(Clone)]
pub(crate) struct Client {
    api: Api,
    pub(crate) facts: Arc<Facts>,
    /// Whom jobs pay.
    pub(crate) payee: String,
    stop: Arc<AtomicBool>,
}

impl Client {
    pub(crate) fn new(api: &Api, facts: &Arc<Facts>, payee: &str) -> Self {
        Self {
            api: api.clone(),
            facts: Arc::clone(facts),
            payee: payee.to_owned(),
            stop: Arc::default(),
        }
    }

    /// Has this one and its copies ask for nothing more.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(crate) async fn get(&self, path: &str) -> Told<Answer> {
        self.ask(self.api.request(Method::GET, path)).await
    }

    /// Posts JSON, with a key where one is given.
    pub(crate) async fn post(&self, path: &str, body: &Value, key: Option<&str>) -> Told<Answer> {
        let mut request = self.api.request(Method::POST, path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.header("content-type", "application/json");
        self.ask(request.body(body.to_string())).await
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Told<Answer> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Stopped);
        }
        try_send(request).await.map_err(|_| Stopped)
    }

    /// Looks at a run.
    pub(crate) async fn look(&self, run: &str) -> Told<Value> {
        self.detail(&format!("{RUNS}/{run}")).await
    }

    /// Waits for the end of a run.
    pub(crate) async fn wait(&self, run: &str) -> Told<Value> {
        loop {
            let detail = self.detail(&format!("{RUNS}/{run}?wait=30s")).await?;
            if detail.get("finished-at").is_some() {
                return Ok(detail);
            }
        }
    }

    async fn detail(&self, path: &str) -> Told<Value> {
        let answer = self.get(path).await?;
        if !answer.status.is_success() {
            self.facts.wrong(format!("{path}: {}", answer.text()));
            return Err(Stopped);
        }
        let detail = answer.json();
        let run = detail["run"].as_str().unwrap_or_default();
        for node in detail["node-states"].as_array().into_iter().flatten() {
            if let Some(output) = node.get("output") {
                let name = node["name"].as_str().unwrap_or_default();
                self.facts.see(format!("output/{run}/{name}"), output.clone());
            }
        }
        if detail.get("finished-at").is_some() {
            let end = json!([detail["status"], detail["finished-at"], detail.get("result")]);
            self.facts.see(format!("end/{run}"), end);
            self.closed(&detail);
        }
        Ok(detail)
    }

    /// Looks at the latest runs of a workflow: those that have ended there have for ever.
    pub(crate) async fn list(&self, workflow: &str) -> Told<()> {
        let path = format!("{RUNS}?workflow={workflow}&limit=20");
        let list = self.get(&path).await?.ok();
        for run in list["items"].as_array().into_iter().flatten() {
            if run.get("finished-at").is_some() {
                self.closed(run);
            }
        }
        Ok(())
    }

    fn closed(&self, run: &Value) {
        let id = run["run"].as_str().unwrap_or_default();
        let end = json!([run["status"], run["finished-at"]]);
        self.facts.see(format!("closed/{id}"), end);
    }

    /// Reads the events of a run as they come, to the last one. No node has two results.
    pub(crate) async fn follow(&self, run: &str) -> Told<()> {
        let path = format!("{RUNS}/{run}/events");
        let request = self.api.request(Method::GET, &path);
        let mut response = request.send().await.map_err(|_| Stopped)?;
        let (mut text, mut results) = (Vec::new(), Vec::new());
        while let Some(piece) = response.chunk().await.map_err(|_| Stopped)? {
            text.extend(piece);
            while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = text.drain(..=end).collect();
                let Some(data) = line.strip_prefix(b"data: ") else {
                    continue;
                };
                let event: Value = serde_json::from_slice(data).unwrap();
                if event["kind"] == "node-succeeded" {
                    let place = (event["node"].clone(), event["item"].clone());
                    if results.contains(&place) {
                        self.facts.wrong(format!("{run} has two results of {place:?}"));
                    }
                    results.push(place);
                }
                // What follows from an event has its number.
                let what = (&event["number"], &event["kind"], &event["node"]);
                self.facts.see(format!("event/{run}/{what:?}"), event);
            }
        }
        Ok(())
    }
}
