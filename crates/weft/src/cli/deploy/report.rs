//! What a deployment led to, for people.

use weft_api::wire::{Deployment, Flavor};

use crate::cli::describe;
use crate::grants;

/// One line on what became of it, then what can be called.
pub(crate) fn report(deployment: &Deployment) -> String {
    report_of(deployment, &outcome(deployment))
}

/// The same, where it became something else of it.
pub(super) fn report_of(deployment: &Deployment, outcome: &str) -> String {
    let version = &deployment.version;
    let mut lines = vec![format!(
        "{} version {}: {outcome}",
        version.function, version.version
    )];
    // One that settings name, or leave to the default, is no news.
    if let (Some(placement), Some(_)) = (&version.placement, &version.settings.needs) {
        lines.push(format!("  profile: {}", placement.why));
    }
    lines.extend(
        deployment
            .missing
            .iter()
            .map(|missing| format!("  missing: {}", grants::as_flags(missing))),
    );
    match version.flavor {
        Flavor::Http => lines.push("  answers HTTP requests".to_owned()),
        Flavor::Exports | Flavor::Command | Flavor::Workflow => {
            lines.extend(
                version
                    .exports
                    .iter()
                    .map(|export| format!("  {}", describe::signature(export))),
            );
        }
    }
    lines.join("\n")
}

fn outcome(deployment: &Deployment) -> String {
    let outcome = match (deployment.existed, deployment.activated) {
        (false, true) => "deployed",
        (true, true) => match deployment.replaced {
            // Who deploys expects a new version, and gets one that may be older than the last.
            Some(replaced) => {
                return format!(
                    "was there already with this code and these settings; answers calls instead of version {replaced}"
                );
            }
            None => "was there already, answers calls",
        },
        (false, false) => "stored, does not answer calls yet",
        (true, false) => "was there already, does not answer calls",
    };
    outcome.to_owned()
}
