//! Pool profiles for people.

use weft_api::wire::{Level, Profile, ProfileChanges, ProfileOrigin, ProfileSummary};

use crate::cli::build::human;
use crate::output::Table;

/// One line a profile.
pub(super) fn table(profiles: &[ProfileSummary]) -> Table {
    let mut table = Table::new([
        "profile",
        "level",
        "labels",
        "memory",
        "concurrency",
        "from",
        "used by",
    ]);
    for profile in profiles {
        table.row([
            profile.name.clone(),
            level(profile.level).to_owned(),
            or_none(joined(profile.labels.iter())),
            or_none(profile.memory_bytes.map(human).unwrap_or_default()),
            profile.concurrency.to_string(),
            origin(profile).to_owned(),
            or_none(joined(profile.used_by.iter())),
        ]);
    }
    table
}

/// What it is, then its text.
pub(super) fn detail(profile: &Profile) -> String {
    let summary = &profile.summary;
    let mut lines = vec![
        format!(
            "# {}, level {}, {}",
            summary.name,
            level(summary.level),
            origin(summary)
        ),
        format!("# used by {}", or_none(joined(summary.used_by.iter()))),
    ];
    if let Some(refused) = &summary.refused {
        lines.push(format!("# what is written now is refused: {refused}"));
    }
    lines.push(profile.text.trim_end().to_owned());
    lines.join("\n")
}

/// What became of it.
pub(super) fn changes(name: &str, changes: &ProfileChanges) -> String {
    if changes.changed.iter().any(|changed| changed == name) {
        return format!(
            "{name} is in force; {} pools are replaced",
            changes.replaced_pools
        );
    }
    format!("{name} is as it was")
}

fn joined<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn or_none(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}

fn origin(profile: &ProfileSummary) -> &'static str {
    match profile.origin {
        _ if profile.refused.is_some() => "file, refused",
        ProfileOrigin::BuiltIn => "built in",
        ProfileOrigin::File => "file",
        ProfileOrigin::Override => "file, over the built-in",
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Sandbox => "sandbox",
        Level::Process => "process",
        Level::Container => "container",
    }
}
