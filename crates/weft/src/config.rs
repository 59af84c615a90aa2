//! Settings of the server and of the commands, and where they come from.
//!
//! Each setting is looked for in this order: the flag, the environment variable, the configuration file, the default.
//! The file is the one given by `--config` (or `WEFT_CONFIG`), else `./weft.toml`, else `weft/config.toml` in the user's
//! configuration directory; one file is read, never several.

mod file;
mod section;
mod settings;

pub(crate) use file::File;
pub(crate) use settings::{
    Access, Blobs, Client, ClientLayer, Compile, Limits, Logs, Outbound, Quotas, Runs, Serve, ServeLayers,
    Telemetry, Webhooks,
};

#[cfg(test)]
mod docs;
#[cfg(test)]
mod tests;

/// What the documentation says about one setting.
#[cfg(test)]
pub(crate) struct Setting {
    pub(crate) key: &'static str,
    pub(crate) variable: &'static str,
    pub(crate) default: &'static str,
    pub(crate) doc: &'static str,
}
