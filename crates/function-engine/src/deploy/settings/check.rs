//! What settings may say.

use weft_pool::Level;
use weft_types::{FunctionName, Limits, Settings};

use super::pointer::escaped;
use crate::deployed::{profile_name, profile_of};
use crate::engine::Inner;
use crate::{Config, Error};

const MAX_DESCRIPTION: usize = 1_024;
const MAX_LABELS: usize = 64;
const MAX_LABEL_VALUE: usize = 256;
const MAX_VARIABLES: usize = 64;
const MAX_VARIABLE_NAME: usize = 256;
const MAX_VARIABLE_VALUE: usize = 4 << 10;
const MAX_GRANTS: usize = 256;

/// Checks every bound of [`Settings`], the platform's maxima and that the profile is there.
pub(in crate::deploy) fn check(inner: &Inner, settings: &Settings) -> Result<(), Error> {
    at_most(
        "/description",
        settings.description.len(),
        MAX_DESCRIPTION,
        "bytes",
    )?;
    labels(settings)?;
    variables(settings)?;
    limits(&settings.limits, &inner.config)?;
    grants(settings)?;
    profile(inner, settings)
}

fn labels(settings: &Settings) -> Result<(), Error> {
    at_most("/labels", settings.labels.len(), MAX_LABELS, "labels")?;
    for (key, value) in &settings.labels {
        let pointer = format!("/labels/{}", escaped(key));
        name(&pointer, key)?;
        at_most(&pointer, value.len(), MAX_LABEL_VALUE, "bytes")?;
    }
    Ok(())
}

fn variables(settings: &Settings) -> Result<(), Error> {
    at_most("/env", settings.env.len(), MAX_VARIABLES, "variables")?;
    for (key, value) in &settings.env {
        let pointer = format!("/env/{}", escaped(key));
        if key.is_empty() || key.contains(['=', '\0']) || value.contains('\0') {
            let message = "a variable has a name without `=`, and no NUL in its name or value";
            return Err(Error::settings(pointer, message));
        }
        at_most(&pointer, key.len(), MAX_VARIABLE_NAME, "bytes in its name")?;
        at_most(&pointer, value.len(), MAX_VARIABLE_VALUE, "bytes")?;
    }
    Ok(())
}

fn limits(limits: &Limits, config: &Config) -> Result<(), Error> {
    let within = |member: &str, value: Option<u64>, max: u64| match value {
        Some(value) if value == 0 || value > max => {
            let message = format!("{value} is not allowed: 1 to {max} is");
            Err(Error::settings(format!("/limits/{member}"), message))
        }
        _ => Ok(()),
    };
    within("timeout-ms", limits.timeout_ms, config.timeout_ms.max)?;
    within("cpu-time-ms", limits.cpu_time_ms, config.cpu_time_ms.max)?;
    within("memory-bytes", limits.memory_bytes, config.memory_bytes.max)?;
    within("input-bytes", limits.input_bytes, config.input_bytes.max)?;
    within("output-bytes", limits.output_bytes, config.output_bytes.max)?;
    within(
        "concurrency",
        limits.concurrency.map(u64::from),
        config.max_concurrency.into(),
    )?;
    within("reuse", limits.reuse.map(u64::from), config.max_reuse.into())
}

fn grants(settings: &Settings) -> Result<(), Error> {
    let grants = &settings.grants;
    at_most("/grants/http", grants.http.len(), MAX_GRANTS, "hosts")?;
    at_most("/grants/keyvalue", grants.keyvalue.len(), MAX_GRANTS, "stores")?;
    at_most("/grants/call", grants.call.len(), MAX_GRANTS, "functions")?;
    for (index, host) in grants.http.iter().enumerate() {
        if !is_host(host) {
            let message = format!(
                "`{}` is no host: write `api.example.com`, `*.example.com`, `localhost:8080`, `[::1]:8080` or `*`",
                host.escape_debug()
            );
            return Err(Error::settings(format!("/grants/http/{index}"), message));
        }
    }
    for (index, store) in grants.keyvalue.iter().enumerate() {
        name(&format!("/grants/keyvalue/{index}"), store)?;
    }
    Ok(())
}

fn profile(inner: &Inner, settings: &Settings) -> Result<(), Error> {
    let profile = profile_of(settings, &inner.profiles).ok_or_else(|| inner.unknown_profile(settings))?;
    match profile.level {
        Level::Sandbox => Ok(()),
        level @ (Level::Process | Level::Container) => Err(Error::LevelUnavailable {
            profile: profile_name(settings).to_owned(),
            level: level.to_string(),
            reason: "this server runs functions at the level `sandbox` only".into(),
        }),
    }
}

/// `*`, or a host name, perhaps with `*.` before it, or an address, perhaps with a port behind it.
fn is_host(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let host = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            if port.parse::<u16>().is_err() {
                return false;
            }
            host
        }
        _ => text,
    };
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let host = host.strip_prefix("*.").unwrap_or(host);
    let is_label = |label: &str| {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(allowed)
    };
    host.len() <= 253 && host.split('.').all(is_label)
}

fn name(pointer: &str, text: &str) -> Result<(), Error> {
    match text.parse::<FunctionName>() {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::settings(pointer, error.to_string())),
    }
}

fn at_most(pointer: &str, found: usize, max: usize, what: &str) -> Result<(), Error> {
    if found <= max {
        return Ok(());
    }
    Err(Error::settings(
        pointer,
        format!("{found} {what} are too many: at most {max} are allowed"),
    ))
}
