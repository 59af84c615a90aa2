//! What the platform allows settings to say, beyond the bounds that hold anywhere.

use weft_types::{Grants, Limits, Settings};

use crate::deployed::Placed;
use crate::engine::Inner;
use crate::{Config, Error};

/// Checks settings against their own bounds and the platform's maxima, and that their profile is there.
pub(in crate::deploy) fn check(inner: &Inner, settings: &Settings) -> Result<(), Error> {
    settings
        .validate()
        .map_err(|error| Error::settings(error.pointer, error.message))?;
    limits(&settings.limits, &inner.config)?;
    profile(inner, settings)
}

/// Refuses what means nothing to a workflow, as no code of its own executes.
pub(in crate::deploy) fn check_of_workflow(settings: &Settings) -> Result<(), Error> {
    let refused = |member: &str, what: &str| {
        let message = format!("a workflow takes no {what}: they belong to the functions that its nodes call");
        Err(Error::settings(format!("/{member}"), message))
    };
    if settings.grants != Grants::default() {
        return refused("grants", "grants");
    }
    if !settings.env.is_empty() {
        return refused("env", "environment variables");
    }
    if settings.promotion.is_some() {
        return refused("promotion", "promotions");
    }
    if settings.needs.is_some() {
        return refused("needs", "needs of an isolation level, memory or labels");
    }
    match settings.profile {
        Some(_) => refused("profile", "pool profiles"),
        None => Ok(()),
    }
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

fn profile(inner: &Inner, settings: &Settings) -> Result<(), Error> {
    let placed = Placed::new(settings, &inner.profiles.load(), &inner.config)?;
    let (name, allowed) = (&placed.name, placed.profile.memory_bytes);
    if let Some((wanted, allowed)) = settings.limits.memory_bytes.zip(allowed)
        && wanted > allowed
    {
        let message = format!("{wanted} is not allowed: the profile `{name}` allows {allowed}");
        return Err(Error::settings("/limits/memory-bytes", message));
    }
    inner.check_level(name, placed.level())?;
    promotion(inner, settings, &placed)
}

/// Refuses a promotion that leads nowhere, or to where the version is anyway.
fn promotion(inner: &Inner, settings: &Settings, own: &Placed) -> Result<(), Error> {
    if settings.promotion.is_none() {
        return Ok(());
    }
    let refused = |message: String| Error::settings("/promotion", message);
    let target = Placed::promoted(settings, &inner.profiles.load(), &inner.config)
        .map_err(|nowhere| refused(Error::from(nowhere).to_string()))?;
    if target.name == own.name {
        return Err(refused(format!(
            "it leads to the profile `{}`, which the function has anyway; name a stronger one",
            own.name
        )));
    }
    let (wanted, allowed) = (settings.limits.memory_bytes, target.profile.memory_bytes);
    if let Some((wanted, allowed)) = wanted.zip(allowed)
        && wanted > allowed
    {
        let name = &target.name;
        let message = format!(
            "`limits.memory-bytes` is {wanted}: the profile `{name}`, which it leads to, allows {allowed}"
        );
        return Err(refused(message));
    }
    inner.check_level(&target.name, target.level())
}
