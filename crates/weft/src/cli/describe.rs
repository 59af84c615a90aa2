use std::fmt::Write;

use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::{Capability, Export, Flavor, Function, Version};

use self::calls::Calls;
use super::build::human;
use super::{Session, rollout};
use crate::grants;
use crate::reference::Reference;

mod calls;
mod terms;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// NAME, or NAME@VERSION for one of its versions.
    #[arg(value_name = "FUNCTION")]
    reference: Reference,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let name = args.reference.function.as_str();
    match args.reference.version {
        Some(version) => {
            let path = [name, "versions", &version.to_string()];
            let version: Version = client.json(client.request(Method::GET, &path)).await?;
            let calls = Calls::of(&client, &version).await;
            session.output.result(&version, version_text(&version, &calls))?;
        }
        None => {
            let function: Function = client.json(client.request(Method::GET, &[name])).await?;
            let calls = Calls::of(&client, &function.version).await;
            session
                .output
                .result(&function, function_text(&function, &calls))?;
        }
    }
    Ok(())
}

/// How code is called, in a word.
pub(crate) fn flavor(flavor: Flavor) -> &'static str {
    match flavor {
        Flavor::Exports => "exports",
        Flavor::Http => "http",
        Flavor::Command => "command",
        Flavor::Workflow => "workflow",
    }
}

/// An export as a line of WIT.
pub(crate) fn signature(export: &Export) -> String {
    let params: Vec<_> = export
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name, param.ty))
        .collect();
    let mut text = format!("{}({})", export.export, params.join(", "));
    if let Some(result) = &export.result {
        text.push_str(" -> ");
        text.push_str(result);
    }
    if let Some(reason) = &export.reason {
        text = format!("{} (cannot be called: {reason})", export.export);
    }
    text
}

fn function_text(function: &Function, calls: &Calls) -> String {
    let summary = &function.summary;
    let active = match summary.active {
        Some(active) => format!("version {active} answers calls, of {}", summary.latest),
        None => format!("no version is active, of {}", summary.latest),
    };
    let mut text = format!(
        "{} ({active})\n{}",
        summary.function,
        body(&function.version, calls)
    );
    if let Some(rollout) = &function.rollout {
        push(&mut text, "rollout", &rollout::text::line(rollout));
    }
    if let Some(promoted) = &function.promoted {
        let told = format!(
            "to {} since {}: {}",
            promoted.profile, promoted.at, promoted.reason
        );
        push(&mut text, "promoted", &told);
    }
    for missing in &function.missing {
        push(&mut text, "missing", &grants::as_flags(missing));
    }
    text
}

fn version_text(version: &Version, calls: &Calls) -> String {
    format!(
        "{} version {}\n{}",
        version.function,
        version.version,
        body(version, calls)
    )
}

fn body(version: &Version, calls: &Calls) -> String {
    let mut text = String::new();
    if !version.settings.description.is_empty() {
        push(&mut text, "about", &version.settings.description);
    }
    for export in &version.exports {
        push(&mut text, "export", &signature(export));
    }
    if let Some(address) = terms::address(version) {
        push(&mut text, "answers", &address);
    }
    for call in &calls.0 {
        push(&mut text, "calls", call);
    }
    for capability in &version.capabilities {
        push(&mut text, "wants", &capability_text(capability));
    }
    for granted in terms::granted(version) {
        push(&mut text, "granted", &granted);
    }
    let effects = if version.effect_free {
        "effect-free"
    } else {
        "may act outside itself"
    };
    push(&mut text, "effects", effects);
    if let Some(placement) = &version.placement {
        push(
            &mut text,
            "profile",
            &format!("{} ({})", placement.profile, placement.why),
        );
    }
    if let Some(limits) = terms::limits(version) {
        push(&mut text, "limits", &limits);
    }
    for (key, value) in &version.settings.labels {
        push(&mut text, "label", &format!("{key}={value}"));
    }
    for (key, value) in &version.settings.env {
        push(&mut text, "env", &format!("{key}={value}"));
    }
    push(
        &mut text,
        "code",
        &format!(
            "{}, {}, {}",
            flavor(version.flavor),
            human(version.size),
            version.digest
        ),
    );
    push(
        &mut text,
        "created",
        &format!("{} by {}", version.created_at, version.creator),
    );
    text
}

fn capability_text(capability: &Capability) -> String {
    match capability {
        Capability::Http => "outbound HTTP".to_owned(),
        Capability::Keyvalue => "key-value stores".to_owned(),
        Capability::Call { interface } => format!("calls of {interface}"),
    }
}

fn push(text: &mut String, what: &str, value: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    // Writing to a string cannot fail.
    let _ = write!(text, "  {what:<8} {value}");
}
