//! The configuration file.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::settings::{
    AccessLayer, BlobsLayer, ClientLayer, CompileLayer, LimitsLayer, LogsLayer, OutboundLayer, QuotasLayer,
    RunsLayer, ServeLayer, TelemetryLayer, WebhooksLayer,
};
use crate::failure::Failure;

/// What a configuration file says. A key that does not exist is an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct File {
    pub(crate) client: ClientLayer,
    pub(crate) serve: ServeLayer,
    pub(crate) access: AccessLayer,
    pub(crate) compile: CompileLayer,
    pub(crate) limits: LimitsLayer,
    pub(crate) quotas: QuotasLayer,
    pub(crate) outbound: OutboundLayer,
    pub(crate) logs: LogsLayer,
    pub(crate) webhooks: WebhooksLayer,
    pub(crate) runs: RunsLayer,
    pub(crate) blobs: BlobsLayer,
    pub(crate) telemetry: TelemetryLayer,
}

impl File {
    /// Reads the file at `given`, which must exist, or the first of the usual ones that does, or none.
    pub(crate) fn find(given: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = given {
            return match fs::read_to_string(path) {
                Ok(text) => Self::parse(&text, path),
                Err(error) => Err(unreadable(path, &error)),
            };
        }
        for path in usual_paths() {
            match fs::read_to_string(&path) {
                Ok(text) => return Self::parse(&text, &path),
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(unreadable(&path, &error)),
            }
        }
        Ok(Self::default())
    }

    /// Reads the text of a file; errors show line and column.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, Failure> {
        toml::from_str(text).map_err(|error| {
            Failure::usage(format!(
                "{} is not a valid configuration\n{error}",
                path.display()
            ))
            .hint("every setting is listed in docs/configuration.md and by `weft serve --help`")
        })
    }
}

/// The user's directory for data, by the XDG rules.
pub(crate) fn data_home() -> Option<PathBuf> {
    base("XDG_DATA_HOME", ".local/share")
}

/// A default as it is documented, read the way the file is.
pub(super) fn default<T: DeserializeOwned>(literal: &str) -> anyhow::Result<T> {
    #[derive(Deserialize)]
    struct Holder<T> {
        value: T,
    }
    let holder: Holder<T> = toml::from_str(&format!("value = {literal}"))?;
    Ok(holder.value)
}

fn usual_paths() -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::from("weft.toml")];
    paths.extend(base("XDG_CONFIG_HOME", ".config").map(|home| home.join("weft/config.toml")));
    paths
}

fn base(variable: &str, below_home: &str) -> Option<PathBuf> {
    let set = env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    set.or_else(|| env::home_dir().map(|home| home.join(below_home)))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!(
        "the configuration file {} cannot be read: {error}",
        path.display()
    ))
}
