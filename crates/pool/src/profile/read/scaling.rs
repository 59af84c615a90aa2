//! Reading the table `[scaling]`.

use serde::Deserialize;
use toml::Spanned;

use super::{Mistake, count, number};
use crate::profile::{Level, Profile, Scaling};

/// The table as written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ScalingTable {
    min: Option<Spanned<u64>>,
    max: Option<Spanned<u64>>,
    initial: Option<Spanned<u64>>,
    on_demand: Option<bool>,
    target_percent: Option<Spanned<u64>>,
    stable_ms: Option<Spanned<u64>>,
    panic_ms: Option<Spanned<u64>>,
    panic_percent: Option<Spanned<u64>>,
    up_factor: Option<Spanned<u64>>,
    down_factor: Option<Spanned<u64>>,
    interval_ms: Option<Spanned<u64>>,
    grace_ms: Option<Spanned<u64>>,
    restart_ms: Option<Spanned<u64>>,
    restart_most_ms: Option<Spanned<u64>>,
}

/// What the table says of a profile whose other members are read.
pub(super) fn read(table: Option<Spanned<ScalingTable>>, profile: &Profile) -> Result<Scaling, Mistake> {
    if profile.level == Level::Sandbox {
        return sandbox(table, profile);
    }
    let table = table.map(Spanned::into_inner).unwrap_or_default();
    let default = Scaling::default();
    let panic_at = table.panic_ms.as_ref().map(|written| written.span().start);
    let stable_at = table.stable_ms.as_ref().map(|written| written.span().start);
    let count =
        |name: &str, value, allowed, default| count(&format!("scaling.{name}"), value, allowed, default);
    let time =
        |name: &str, value, allowed, default| number(&format!("scaling.{name}"), value, allowed, default);
    // More than these could never all be used.
    let useful = profile.concurrency.div_ceil(profile.slots);
    let max = count("max", table.max, 1..=Profile::MAX_CONCURRENCY.into(), useful)?;
    let factor = 2..=Scaling::MAX_FACTOR.into();
    let panic_ms = 10..=*Scaling::STABLE_MS.end();
    let day = 0..=Profile::MAX_MS;
    let scaling = Scaling {
        min: count("min", table.min, 0..=max.into(), default.min)?,
        max,
        initial: count("initial", table.initial, 0..=max.into(), default.initial)?,
        on_demand: table.on_demand.unwrap_or(default.on_demand),
        target_percent: count(
            "target-percent",
            table.target_percent,
            1..=100,
            default.target_percent,
        )?,
        stable_ms: time(
            "stable-ms",
            table.stable_ms,
            Scaling::STABLE_MS,
            default.stable_ms,
        )?,
        panic_ms: time("panic-ms", table.panic_ms, panic_ms, default.panic_ms)?,
        panic_percent: count(
            "panic-percent",
            table.panic_percent,
            101..=1_000,
            default.panic_percent,
        )?,
        up_factor: count("up-factor", table.up_factor, factor.clone(), default.up_factor)?,
        down_factor: count("down-factor", table.down_factor, factor, default.down_factor)?,
        interval_ms: time(
            "interval-ms",
            table.interval_ms,
            Scaling::INTERVAL_MS,
            default.interval_ms,
        )?,
        grace_ms: time("grace-ms", table.grace_ms, day.clone(), default.grace_ms)?,
        restart_ms: time("restart-ms", table.restart_ms, day.clone(), default.restart_ms)?,
        restart_most_ms: time(
            "restart-most-ms",
            table.restart_most_ms,
            day,
            default.restart_most_ms,
        )?,
    };
    let stable = scaling.stable_ms;
    let least = stable.div_ceil(Scaling::PANIC_PART);
    if !(least..=stable).contains(&scaling.panic_ms) {
        return Err(Mistake {
            at: panic_at.or(stable_at).unwrap_or_default(),
            message: format!(
                "`scaling.panic-ms` is {}: {least} to {stable} is allowed where `scaling.stable-ms` is {stable}",
                scaling.panic_ms,
            ),
        });
    }
    Ok(scaling)
}

/// A sandbox starts within microseconds when it is called: there is nothing to say but what is kept.
fn sandbox(table: Option<Spanned<ScalingTable>>, profile: &Profile) -> Result<Scaling, Mistake> {
    if let Some(table) = table {
        return Err(Mistake {
            at: table.span().start,
            message: "`[scaling]` needs another `level`: sandboxes start when they are called, \
                      and `warm` and `idle-ms` say which are kept"
                .to_owned(),
        });
    }
    Ok(Scaling {
        min: profile.warm,
        max: profile.concurrency,
        grace_ms: profile.idle_ms,
        ..Scaling::default()
    })
}
