//! `docs/configuration.md` names every setting with what the code says about it.

use super::{
    Access, Blobs, Client, Compile, Limits, Logs, Outbound, Quotas, Runs, Serve, Setting, Telemetry, Webhooks,
};

const PAGE: &str = include_str!("../../../../docs/configuration.md");

fn row(setting: &Setting) -> String {
    let (_, field) = setting.key.split_once('.').unwrap();
    format!(
        "| `{}` | `--{}` | `{}` | `{}` | {} |",
        setting.key.replace('_', "-"),
        field.replace('_', "-"),
        setting.variable,
        setting.default,
        setting.doc.trim(),
    )
}

#[test]
fn every_setting_is_documented() {
    let sections = [
        Client::SETTINGS,
        Serve::SETTINGS,
        Access::SETTINGS,
        Compile::SETTINGS,
        Limits::SETTINGS,
        Quotas::SETTINGS,
        Outbound::SETTINGS,
        Logs::SETTINGS,
        Webhooks::SETTINGS,
        Runs::SETTINGS,
        Blobs::SETTINGS,
        Telemetry::SETTINGS,
    ];
    let rows: Vec<_> = sections.into_iter().flatten().map(row).collect();
    let missing: Vec<_> = rows
        .iter()
        .filter(|row| !PAGE.contains(row.as_str()))
        .cloned()
        .collect();
    assert!(
        missing.is_empty(),
        "docs/configuration.md lacks these rows:\n{}",
        missing.join("\n")
    );
}
