//! What a version was granted, and what bounds its calls.

use std::time::Duration;

use weft_api::wire::{Flavor, Grants, Limits, Version};

use crate::units::{Size, Span};

/// Each grant in words; that there is none is told of what could have had some.
pub(super) fn granted(version: &Version) -> Vec<String> {
    let granted = in_words(&version.settings.grants);
    match granted.is_empty() && version.flavor != Flavor::Workflow {
        true => vec!["nothing".to_owned()],
        false => granted,
    }
}

fn in_words(grants: &Grants) -> Vec<String> {
    let Grants {
        http,
        private_network,
        keyvalue,
        call,
        secrets,
        stateless,
    } = grants;
    let listed = |names: &mut dyn Iterator<Item = &String>| {
        let names: Vec<_> = names.map(String::as_str).collect();
        names.join(", ")
    };
    let mut granted = Vec::new();
    if !http.is_empty() {
        let private = match private_network {
            true => ", at private addresses too",
            false => "",
        };
        granted.push(format!("HTTP to {}{private}", listed(&mut http.iter())));
    }
    if !keyvalue.is_empty() {
        granted.push(format!("key-value stores: {}", listed(&mut keyvalue.iter())));
    }
    if !call.is_empty() {
        granted.push(format!("calls of {}", listed(&mut call.iter())));
    }
    for (name, hosts) in secrets {
        granted.push(format!("secret {name} to {}", listed(&mut hosts.iter())));
    }
    if *stateless {
        granted.push("stateless: that calls leave nothing behind is taken on trust".to_owned());
    }
    granted
}

/// What bounds its calls where it executes, else what its settings say; none where neither does.
pub(super) fn limits(version: &Version) -> Option<String> {
    let placed = version.placement.as_ref().map(|placement| &placement.limits);
    let Limits {
        timeout_ms,
        cpu_time_ms,
        memory_bytes,
        input_bytes,
        output_bytes,
        concurrency,
        reuse,
    } = placed.unwrap_or(&version.settings.limits);
    let time = |ms: u64| Span(Duration::from_millis(ms)).to_string();
    let size = |bytes: u64| Size(bytes).to_string();
    let limits = [
        ("timeout", timeout_ms.map(time)),
        ("cpu-time", cpu_time_ms.map(time)),
        ("memory", memory_bytes.map(size)),
        ("input", input_bytes.map(size)),
        ("output", output_bytes.map(size)),
        ("concurrency", concurrency.map(|calls| calls.to_string())),
        ("reuse", reuse.map(|calls| calls.to_string())),
    ];
    let limits = limits
        .into_iter()
        .filter_map(|(name, limit)| Some(format!("{name} {}", limit?)));
    let limits: Vec<_> = limits.collect();
    (!limits.is_empty()).then(|| limits.join(", "))
}

/// Where HTTP requests reach it, if they do.
pub(super) fn address(version: &Version) -> Option<String> {
    let path = version.path.as_ref()?;
    Some(format!(
        "HTTP at {path} of the listener for functions (`--http-listen` of the server)"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn version(more: Value) -> Version {
        let mut version = json!({
            "project": "p", "function": "f", "version": 1, "kind": "component", "flavor": "exports", "digest": "d", "size": 1,
            "exports": [], "imports": [], "capabilities": [], "effect-free": true, "settings": {}, "creator": "ada",
            "created-at": "2026-01-31T12:00:00Z",
        });
        version
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        serde_json::from_value(version).unwrap()
    }

    #[test]
    fn grants_are_told_in_words() {
        let check = |grants: Value, expected: &[&str]| {
            let version = version(json!({"settings": {"grants": grants}}));
            assert_eq!(granted(&version), expected);
        };
        check(json!({}), &["nothing"]);
        check(json!({"private-network": true}), &["nothing"]);
        check(json!({"http": ["b", "a"]}), &["HTTP to a, b"]);
        check(
            json!({
                "http": ["a"], "private-network": true, "keyvalue": ["default"], "call": ["x", "y"],
                "secrets": {"KEY": ["a", "b"]}, "stateless": true,
            }),
            &[
                "HTTP to a, at private addresses too",
                "key-value stores: default",
                "calls of x, y",
                "secret KEY to a, b",
                "stateless: that calls leave nothing behind is taken on trust",
            ],
        );
        assert_eq!(granted(&version(json!({"flavor": "workflow"}))), [""; 0]);
    }

    #[test]
    fn functions_that_answer_http_have_an_address() {
        let told = address(&version(json!({"flavor": "http", "path": "/p/f/"})));
        assert!(told.is_some_and(|told| told.starts_with("HTTP at /p/f/ of the listener")));
        assert_eq!(address(&version(json!({}))), None);
    }

    #[test]
    fn limits_are_those_that_hold() {
        let settings = json!({"limits": {"timeout-ms": 90_000, "memory-bytes": 1 << 20}});
        let settled = version(json!({"settings": settings}));
        assert_eq!(limits(&settled).as_deref(), Some("timeout 90s, memory 1MiB"));
        let all = json!({
            "timeout-ms": 5000, "cpu-time-ms": 250, "memory-bytes": 256 << 20, "input-bytes": 512, "output-bytes": 16 << 20,
            "concurrency": 512, "reuse": 1,
        });
        let placement = json!({"profile": "sandbox", "level": "sandbox", "why": "w", "limits": all});
        assert_eq!(
            limits(&version(json!({"settings": settings, "placement": placement}))).as_deref(),
            Some(
                "timeout 5s, cpu-time 250ms, memory 256MiB, input 512B, output 16MiB, concurrency 512, reuse 1"
            )
        );
        assert_eq!(limits(&version(json!({}))), None);
    }
}
