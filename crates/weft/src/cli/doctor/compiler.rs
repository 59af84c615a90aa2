//! Whether uploaded code is compiled behind walls, tried for real.

use weft_runtime::prepare::{self, Probe, Settings};

use super::{Check, State};

const NAME: &str = "seccomp";

pub(crate) async fn check() -> Check {
    match prepare::probe(&Settings::default()).await {
        Ok(probe) if probe.is_tight() => Check::new(
            NAME,
            State::Works,
            "a compiler process was tried: nothing got out",
        ),
        Ok(probe) => Check::new(NAME, State::Degraded, loose(&probe)),
        Err(error) => Check::new(
            NAME,
            State::Unavailable,
            format!("no compiler process can be started: {error}"),
        ),
    }
}

fn loose(probe: &Probe) -> String {
    let missing = probe.missing.iter().map(|layer| format!("missing: {layer}"));
    let escaped = probe
        .escaped
        .iter()
        .map(|attempt| format!("possible in a compiler: {attempt}"));
    missing.chain(escaped).collect::<Vec<_>>().join("; ")
}
