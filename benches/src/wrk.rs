//! The load generator for throughput: `wrk`, from Debian's package of that name.

use std::fmt::Write as _;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::connection::TRACEPARENT;
use crate::process::View;

/// A request sent over and over.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) body: Option<String>,
}

impl Request {
    pub(crate) fn get(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            body: None,
        }
    }

    pub(crate) fn post(path: &str, body: &str) -> Self {
        Self {
            path: path.to_owned(),
            body: Some(body.to_owned()),
        }
    }

    fn script(&self) -> String {
        let mut lua = format!("wrk.headers[\"traceparent\"] = \"{TRACEPARENT}\"\n");
        if let Some(body) = &self.body {
            let _ = writeln!(lua, "wrk.method = \"POST\"\nwrk.body = [==[{body}]==]");
            let _ = writeln!(lua, "wrk.headers[\"content-type\"] = \"application/json\"");
        }
        lua.push_str(
            "done = function(s, l, r) io.write(string.format(\"RESULT %d %d %d %d\\n\", s.requests, s.duration, \
             l:percentile(99), s.errors.status + s.errors.connect + s.errors.read + s.errors.write + s.errors.timeout)) end\n",
        );
        lua
    }
}

/// What a load did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Answers.
    pub(crate) requests: f64,
    /// Answers per second.
    pub(crate) rate: f64,
    /// Of the latencies, in milliseconds.
    pub(crate) p99_ms: f64,
    /// CPU the server used per answer, in microseconds.
    pub(crate) cpu_micros: f64,
}

/// Loads `server` over `connections` connections for `seconds`; an answer that is no success is an error.
pub(crate) fn load(server: &View, request: &Request, connections: u32, seconds: u64) -> Result<Outcome> {
    let mut script = tempfile::Builder::new().suffix(".lua").tempfile()?;
    std::io::Write::write_all(&mut script, request.script().as_bytes())?;
    let before = server.cpu_seconds()?;
    let output = Command::new("wrk")
        .args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}s"), "-s"])
        .arg(script.path())
        .arg(format!("http://127.0.0.1:{}{}", server.port, request.path))
        .output()
        .context("cannot run wrk: apt-get install wrk")?;
    let cpu = server.cpu_seconds()? - before;
    let text = String::from_utf8_lossy(&output.stdout);
    let result = text
        .lines()
        .find_map(|l| l.strip_prefix("RESULT "))
        .with_context(|| format!("wrk said: {text}"))?;
    let numbers: Vec<f64> = result.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    let &[requests, micros, p99_micros, errors] = numbers.as_slice() else {
        bail!("wrk said: {text}")
    };
    if errors > 0.0 || requests == 0.0 {
        bail!("{}: {requests} answers, {errors} of them errors", request.path);
    }
    Ok(Outcome {
        requests,
        rate: requests / (micros / 1e6),
        p99_ms: p99_micros / 1e3,
        cpu_micros: cpu * 1e6 / requests,
    })
}
