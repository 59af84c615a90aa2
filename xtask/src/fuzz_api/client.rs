//! Requests, made by `curl`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;

/// Who asks what server.
pub struct Client {
    pub address: String,
    pub token: String,
}

impl Client {
    /// Asks for text.
    pub fn get(&self, path: &str) -> Result<String> {
        process::output(&mut self.curl("GET", path))
    }

    /// Sends JSON, or any text, and reads the JSON that comes back.
    pub fn send(&self, method: &str, path: &str, media: &str, body: &str) -> Result<Value> {
        let mut curl = self.curl(method, path);
        curl.args(["--header", &format!("content-type: {media}")]);
        parsed(curl.args(["--data-binary", body]), path)
    }

    /// Sends a file.
    pub fn upload(&self, path: &str, media: &str, file: &Path) -> Result<Value> {
        let mut curl = self.curl("PUT", path);
        curl.args(["--header", &format!("content-type: {media}")]);
        parsed(
            curl.arg("--data-binary").arg(format!("@{}", file.display())),
            path,
        )
    }

    fn curl(&self, method: &str, path: &str) -> Command {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail-with-body", "--noproxy", "*"])
            .args(["--max-time", "60", "--request", method])
            .args(["--header", &format!("authorization: Bearer {}", self.token)])
            .arg(format!("{}{path}", self.address));
        curl
    }
}

/// A member of what came back, as text.
pub fn text(answer: &Value, member: &str) -> Result<String> {
    match answer[member].as_str() {
        Some(text) => Ok(text.to_owned()),
        None => bail!("the server answers {answer}, without `{member}`"),
    }
}

fn parsed(curl: &mut Command, path: &str) -> Result<Value> {
    let output = curl.output().context("curl cannot be started")?;
    let told = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("{path}: {told}{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    if told.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&told).with_context(|| format!("{path} is answered by what is not JSON: {told}"))
}
