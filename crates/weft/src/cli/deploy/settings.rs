//! The settings a version is deployed with.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use reqwest::Method;
use serde_json::{Map, Value};
use weft_api::wire::{Function, Version};
use weft_types::settings::{NeededLevel, Visibility};
use weft_types::{FunctionName, SecretName, Settings};

use super::{Subject, definition};
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::units::Size;

/// Changes to the settings that a deployment brings along.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Overrides {
    /// Settings from this TOML or JSON file, instead of those of the latest version.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Let it reach a host by HTTP, such as api.example.com or *.example.com.
    #[arg(long, value_name = "HOST")]
    grant_http: Vec<String>,
    /// Let granted hosts be at private and loopback addresses.
    #[arg(long)]
    grant_private_network: bool,
    /// Let it use a key-value store of the project, such as default.
    #[arg(long, value_name = "STORE")]
    grant_keyvalue: Vec<String>,
    /// Let it call another function of the project.
    #[arg(long, value_name = "FUNCTION", value_parser = super::name)]
    grant_call: Vec<FunctionName>,
    /// Let its outbound headers name a secret of the project where they go to this host.
    #[arg(long, value_name = "SECRET=HOST", value_parser = secret)]
    grant_secret: Vec<(SecretName, String)>,
    /// Let others see and call it: private (its project), public (every project) or anonymous (everybody).
    #[arg(long, value_name = "WHO")]
    visibility: Option<Visibility>,
    /// Keep so many versions; older ones that nothing refers to are deleted when a new one comes.
    #[arg(long, value_name = "COUNT")]
    keep_versions: Option<u32>,
    /// Set an environment variable it sees.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    env: Vec<(String, String)>,
    /// Set a label to filter by.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    label: Vec<(String, String)>,
    /// Describe it in one line.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Run it in this pool profile.
    #[arg(long, value_name = "PROFILE", conflicts_with_all = ["need_level", "need_memory", "need_label"])]
    profile: Option<String>,
    /// Run it in the cheapest pool profile that separates instances at least so: sandbox, process or container.
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    need_level: Option<NeededLevel>,
    /// Run it in the cheapest pool profile that allows so much memory, such as 512MiB.
    #[arg(long, value_name = "SIZE")]
    need_memory: Option<Size>,
    /// Run it in the cheapest pool profile that carries this label; several must all be there.
    #[arg(long, value_name = "LABEL")]
    need_label: Vec<String>,
}

/// Settings to send, and when.
pub(crate) enum Sent {
    /// All of them, along with the code.
    Along(Value),
    /// A merge patch, once a definition is saved: those are sent without settings.
    After(Value),
}

/// What to send: none leaves the settings of the latest version, or the defaults, as they are.
///
/// A settings file, given or beside the code, is the whole; single changes are made to it, or else to the settings of
/// the latest version.
pub(crate) async fn effective(
    client: &Client,
    subject: &Subject,
    overrides: &Overrides,
) -> Result<Option<Sent>> {
    if definition::is_one(&subject.file) {
        return Ok(overrides.of_workflow(&subject.file)?.map(Sent::After));
    }
    let file = overrides.settings.as_deref().or(subject.settings.as_deref());
    let mut settings = match file {
        Some(path) => read(path)?,
        None if overrides.is_empty() => return Ok(None),
        None => latest(client, &subject.name).await?,
    };
    overrides.apply(&mut settings);
    Ok(Some(Sent::Along(serde_json::to_value(settings)?)))
}

impl Overrides {
    /// The changes to a workflow's settings, which are only what helps to find it again.
    fn of_workflow(&self, file: &Path) -> Result<Option<Value>, Failure> {
        let others = [
            ("--settings", self.settings.is_some()),
            ("--grant-http", !self.grant_http.is_empty()),
            ("--grant-private-network", self.grant_private_network),
            ("--grant-keyvalue", !self.grant_keyvalue.is_empty()),
            ("--grant-call", !self.grant_call.is_empty()),
            ("--grant-secret", !self.grant_secret.is_empty()),
            ("--env", !self.env.is_empty()),
            ("--profile", self.profile.is_some()),
        ];
        if let Some((flag, _)) = others.iter().find(|(_, given)| *given) {
            return Err(Failure::usage(format!(
                "{flag} is for functions, and {} is the definition of a workflow",
                file.display()
            ))
            .hint(
                "deploy the functions that it calls with it; a node may name a `profile` in the definition",
            ));
        }
        let mut change = Map::new();
        if !self.label.is_empty() {
            let labels = self
                .label
                .iter()
                .map(|(key, value)| (key.clone(), Value::from(&**value)));
            change.insert("labels".to_owned(), labels.collect::<Map<_, _>>().into());
        }
        if let Some(visibility) = self.visibility {
            change.insert("visibility".to_owned(), serde_json::json!(visibility));
        }
        if let Some(keep) = self.keep_versions {
            change.insert("keep-versions".to_owned(), keep.into());
        }
        if let Some(description) = &self.description {
            change.insert("description".to_owned(), Value::from(&**description));
        }
        Ok((!change.is_empty()).then(|| change.into()))
    }

    fn is_empty(&self) -> bool {
        self.grant_http.is_empty()
            && !self.grant_private_network
            && self.grant_keyvalue.is_empty()
            && self.grant_call.is_empty()
            && self.grant_secret.is_empty()
            && self.visibility.is_none()
            && self.env.is_empty()
            && self.label.is_empty()
            && self.description.is_none()
            && self.keep_versions.is_none()
            && self.profile.is_none()
            && !self.has_needs()
    }

    fn apply(&self, settings: &mut Settings) {
        if let Some(visibility) = self.visibility {
            settings.visibility = visibility;
        }
        let grants = &mut settings.grants;
        grants.http.extend(self.grant_http.iter().cloned());
        grants.private_network |= self.grant_private_network;
        grants.keyvalue.extend(self.grant_keyvalue.iter().cloned());
        grants.call.extend(self.grant_call.iter().cloned());
        for (name, host) in &self.grant_secret {
            let hosts = grants.secrets.entry(name.clone()).or_default();
            hosts.insert(host.clone());
        }
        settings.env.extend(self.env.iter().cloned());
        settings.labels.extend(self.label.iter().cloned());
        if let Some(description) = &self.description {
            settings.description.clone_from(description);
        }
        settings.keep_versions = self.keep_versions.or(settings.keep_versions);
        if self.profile.is_some() {
            settings.profile.clone_from(&self.profile);
            settings.needs = None;
        }
        if self.has_needs() {
            let needs = settings.needs.get_or_insert_default();
            needs.level = self.need_level.or(needs.level);
            needs.memory_bytes = self.need_memory.map(|size| size.0).or(needs.memory_bytes);
            needs.labels.extend(self.need_label.iter().cloned());
            settings.profile = None;
        }
    }

    fn has_needs(&self) -> bool {
        self.need_level.is_some() || self.need_memory.is_some() || !self.need_label.is_empty()
    }
}

fn read(path: &Path) -> Result<Settings> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let settings = match path.extension().is_some_and(|extension| extension == "json") {
        true => serde_json::from_str(&text).map_err(|error| error.to_string()),
        false => toml::from_str(&text).map_err(|error| error.to_string()),
    };
    settings.map_err(|error| {
        Failure::usage(format!("{} holds no valid settings\n{error}", path.display())).into()
    })
}

/// The settings of the function's latest version; the defaults where there is no such function yet.
async fn latest(client: &Client, function: &FunctionName) -> Result<Settings> {
    let found: Result<Function> = client
        .json(client.request(Method::GET, &[function.as_str()]))
        .await;
    let latest = match found {
        Ok(found) => found.summary.latest.to_string(),
        Err(error) if crate::output::exit_code(&error) == Exit::NotFound => return Ok(Settings::default()),
        Err(error) => return Err(error),
    };
    let path = [function.as_str(), "versions", &latest];
    let version: Version = client.json(client.request(Method::GET, &path)).await?;
    // The wire's form is the one settings are read in.
    Ok(serde_json::from_value(serde_json::to_value(version.settings)?)?)
}

/// Reads an isolation level.
fn level(text: &str) -> Result<NeededLevel, String> {
    match text {
        "sandbox" => Ok(NeededLevel::Sandbox),
        "process" => Ok(NeededLevel::Process),
        "container" => Ok(NeededLevel::Container),
        _ => Err(format!(
            "`{text}` is not a level: sandbox, process and container are"
        )),
    }
}

/// Reads `KEY=VALUE`.
fn secret(text: &str) -> Result<(SecretName, String), String> {
    let (name, host) = pair(text).map_err(|_| format!("`{text}` is not SECRET=HOST"))?;
    let name = name.parse::<SecretName>().map_err(|error| error.to_string())?;
    Ok((name, host))
}

pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not KEY=VALUE")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_made_to_what_is_there() {
        let mut settings: Settings =
            toml::from_str("description = 'old'\n[grants]\nhttp = ['a.com']\n[env]\nA = '1'").unwrap();
        let overrides = Overrides {
            grant_http: vec!["b.com".into()],
            env: vec![pair("A=2").unwrap(), pair("B=x=y").unwrap()],
            ..Overrides::default()
        };
        assert!(!overrides.is_empty());
        overrides.apply(&mut settings);
        assert_eq!(settings.description, "old");
        assert_eq!(
            settings.grants.http.into_iter().collect::<Vec<_>>(),
            ["a.com", "b.com"]
        );
        assert_eq!(settings.env["A"], "2");
        assert_eq!(settings.env["B"], "x=y");
    }

    #[test]
    fn a_workflow_has_a_description_and_labels_only() {
        let file = Path::new("order.yaml");
        let overrides = Overrides {
            label: vec![pair("team=shop").unwrap()],
            description: Some("sells".into()),
            ..Overrides::default()
        };
        assert_eq!(
            overrides.of_workflow(file).unwrap(),
            Some(serde_json::json!({"labels": {"team": "shop"}, "description": "sells"}))
        );
        assert_eq!(Overrides::default().of_workflow(file).unwrap(), None);
        let overrides = Overrides {
            grant_http: vec!["a.com".into()],
            ..Overrides::default()
        };
        let refused = overrides.of_workflow(file).unwrap_err();
        assert!(refused.to_string().contains("--grant-http"), "{refused}");
    }

    #[test]
    fn a_profile_and_needs_take_the_place_of_each_other() {
        let mut settings: Settings = toml::from_str("profile = 'process'").unwrap();
        let overrides = Overrides {
            need_level: Some(level("process").unwrap()),
            need_memory: Some("1MiB".parse().unwrap()),
            need_label: vec!["gpu".into()],
            ..Overrides::default()
        };
        assert!(!overrides.is_empty());
        overrides.apply(&mut settings);
        let expected: Settings =
            toml::from_str("needs = { level = 'process', memory-bytes = 1048576, labels = ['gpu'] }")
                .unwrap();
        assert_eq!(settings, expected);
        let overrides = Overrides {
            profile: Some("sandbox".into()),
            ..Overrides::default()
        };
        overrides.apply(&mut settings);
        assert_eq!(settings, toml::from_str("profile = 'sandbox'").unwrap());
        assert!(level("vm").is_err());
    }

    #[test]
    fn pairs_have_a_key() {
        assert!(pair("=x").is_err());
        assert!(pair("x").is_err());
    }
}
