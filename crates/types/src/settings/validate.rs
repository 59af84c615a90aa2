//! The bounds that hold for settings anywhere. What a platform allows beyond them is the engine's matter.

use super::host::HostPattern;
use super::{Grants, Limits, Needs, Promotion, Settings};
use crate::FunctionName;
use crate::pointer::{self, Told};

/// Why settings are not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at {}", Told(pointer))]
pub struct SettingsError {
    /// JSON pointer (RFC 6901) to the setting.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub message: String,
}

type Checked = Result<(), SettingsError>;

impl Settings {
    /// The longest description, in bytes.
    pub const MAX_DESCRIPTION: usize = 1024;
    /// Most labels.
    pub const MAX_LABELS: usize = 64;
    /// The longest value of a label, in bytes.
    pub const MAX_LABEL: usize = 256;
    /// Most environment variables.
    pub const MAX_ENV: usize = 64;
    /// The longest name of an environment variable, in bytes.
    pub const MAX_ENV_NAME: usize = 256;
    /// The longest value of an environment variable, in bytes.
    pub const MAX_ENV_VALUE: usize = 4096;

    /// Checks every bound that the fields document.
    ///
    /// # Errors
    /// The first setting that is not valid.
    pub fn validate(&self) -> Checked {
        self.check_description()?;
        self.check_labels()?;
        if let Some(profile) = &self.profile {
            check_name(profile, &["profile"])?;
        }
        self.check_needs()?;
        rule(self.keep_versions != Some(0), &["keep-versions"], || {
            "a function keeps at least 1 version; leave it out to keep as many as the server says".to_owned()
        })?;
        if let Some(promotion) = &self.promotion {
            promotion.validate()?;
        }
        self.limits.validate()?;
        self.grants.validate()?;
        self.check_env()
    }

    fn check_description(&self) -> Checked {
        let (text, at) = (&self.description, &["description"]);
        at_most(text.len(), Self::MAX_DESCRIPTION, "bytes", at)?;
        rule(!text.chars().any(char::is_control), at, || {
            "a description is one line without control characters".to_owned()
        })
    }

    fn check_labels(&self) -> Checked {
        at_most(self.labels.len(), Self::MAX_LABELS, "labels", &["labels"])?;
        self.labels.iter().try_for_each(|(key, value)| {
            check_name(key, &["labels", key])?;
            at_most(value.len(), Self::MAX_LABEL, "bytes", &["labels", key])
        })
    }

    fn check_needs(&self) -> Checked {
        let Some(needs) = &self.needs else { return Ok(()) };
        let at = &["needs"];
        rule(self.profile.is_none(), at, || {
            "either `profile` names a pool profile or `needs` says what is needed of one, not both".to_owned()
        })?;
        needs.validate()?;
        let (allowed, needed) = (self.limits.memory_bytes, needs.memory_bytes);
        let enough = allowed
            .zip(needed)
            .is_none_or(|(allowed, needed)| allowed >= needed);
        rule(enough, &["needs", "memory-bytes"], || {
            "more is needed than `limits.memory-bytes` allows".to_owned()
        })
    }

    fn check_env(&self) -> Checked {
        at_most(self.env.len(), Self::MAX_ENV, "variables", &["env"])?;
        self.env.iter().try_for_each(|(name, value)| {
            let at = &["env", name];
            let plain = !name.is_empty() && !name.contains(['=', '\0']);
            rule(plain, at, || {
                format!(
                    "`{}` is not the name of a variable: expected at least one character, no `=` and no NUL",
                    name.escape_debug()
                )
            })?;
            at_most(name.len(), Self::MAX_ENV_NAME, "bytes in a name", at)?;
            at_most(value.len(), Self::MAX_ENV_VALUE, "bytes", at)?;
            rule(!value.contains('\0'), at, || "a value holds no NUL".to_owned())
        })
    }
}

impl Needs {
    /// Most labels.
    pub const MAX_LABELS: usize = 16;

    fn validate(&self) -> Checked {
        let least = Limits::MIN_MEMORY_BYTES;
        let enough = self.memory_bytes.is_none_or(|bytes| bytes >= least);
        rule(enough, &["needs", "memory-bytes"], || {
            format!("at least {least} bytes, or nothing for whatever there is")
        })?;
        let at = &["needs", "labels"];
        at_most(self.labels.len(), Self::MAX_LABELS, "labels", at)?;
        self.labels.iter().try_for_each(|label| check_name(label, at))
    }
}

impl Promotion {
    /// Most traps that may be waited for.
    pub const MAX_AFTER: u32 = 1_000;
    /// The longest window, in milliseconds.
    pub const MAX_WINDOW_MS: u64 = 86_400_000;
    /// The longest quiet period, in milliseconds.
    pub const MAX_QUIET_MS: u64 = 2_592_000_000;

    fn validate(&self) -> Checked {
        if let Some(profile) = &self.profile {
            check_name(profile, &["promotion", "profile"])?;
        }
        let one = self.profile.is_none() || self.level.is_none();
        rule(one, &["promotion"], || {
            "either `profile` names the pool profile to move to or `level` says which level, not both"
                .to_owned()
        })?;
        let within = |member: &str, value: u64, most: u64| {
            rule((1..=most).contains(&value), &["promotion", member], || {
                format!("`{member}` is {value}: 1 to {most} is allowed")
            })
        };
        within("after", self.after.into(), Self::MAX_AFTER.into())?;
        within("window-ms", self.window_ms, Self::MAX_WINDOW_MS)?;
        within("quiet-ms", self.quiet_ms, Self::MAX_QUIET_MS)
    }
}

impl Limits {
    /// The least memory: one page.
    pub const MIN_MEMORY_BYTES: u64 = 64 << 10;

    fn validate(&self) -> Checked {
        at_least(self.timeout_ms, 1, "timeout-ms")?;
        at_least(self.cpu_time_ms, 1, "cpu-time-ms")?;
        at_least(self.memory_bytes, Self::MIN_MEMORY_BYTES, "memory-bytes")?;
        at_least(self.input_bytes, 1, "input-bytes")?;
        at_least(self.output_bytes, 1, "output-bytes")?;
        at_least(self.concurrency.map(u64::from), 1, "concurrency")?;
        at_least(self.reuse.map(u64::from), 1, "reuse")
    }
}

impl Grants {
    /// Most hosts, stores and functions, each.
    pub const MAX_ENTRIES: usize = 256;
    /// Most secrets.
    pub const MAX_SECRETS: usize = 64;
    /// Most hosts of a secret.
    pub const MAX_SECRET_HOSTS: usize = 16;

    fn validate(&self) -> Checked {
        at_most(self.http.len(), Self::MAX_ENTRIES, "hosts", &["grants", "http"])?;
        at_most(
            self.keyvalue.len(),
            Self::MAX_ENTRIES,
            "stores",
            &["grants", "keyvalue"],
        )?;
        at_most(
            self.call.len(),
            Self::MAX_ENTRIES,
            "functions",
            &["grants", "call"],
        )?;
        for host in &self.http {
            let parsed = host.parse::<HostPattern>();
            parsed.map_err(|error| wrong(&["grants", "http"], error.to_string()))?;
        }
        self.keyvalue
            .iter()
            .try_for_each(|store| check_name(store, &["grants", "keyvalue"]))?;
        self.check_secrets()
    }

    fn check_secrets(&self) -> Checked {
        let at = &["grants", "secrets"];
        at_most(self.secrets.len(), Self::MAX_SECRETS, "secrets", at)?;
        self.secrets.iter().try_for_each(|(name, hosts)| {
            let at = &["grants", "secrets", name.as_str()];
            rule(!hosts.is_empty(), at, || {
                "name the hosts that the secret may be sent to, such as `api.example.com`".to_owned()
            })?;
            at_most(hosts.len(), Self::MAX_SECRET_HOSTS, "hosts", at)?;
            hosts.iter().try_for_each(|host| {
                let parsed = host.parse::<HostPattern>();
                parsed.map(|_| ()).map_err(|error| wrong(at, error.to_string()))
            })
        })
    }
}

/// Labels, profiles and stores are named as functions are.
fn check_name(name: &str, at: &[&str]) -> Checked {
    match name.parse::<FunctionName>() {
        Ok(_) => Ok(()),
        Err(error) => Err(wrong(at, error.to_string())),
    }
}

fn at_most(found: usize, most: usize, what: &str, at: &[&str]) -> Checked {
    rule(found <= most, at, || {
        format!("{found} {what}, at most {most} are allowed")
    })
}

fn at_least(found: Option<u64>, least: u64, limit: &str) -> Checked {
    let enough = found.is_none_or(|found| found >= least);
    rule(enough, &["limits", limit], || {
        format!(
            "`{limit}` is {}, expected at least {least}, or nothing for the default",
            found.unwrap_or(0)
        )
    })
}

fn rule(holds: bool, at: &[&str], message: impl FnOnce() -> String) -> Checked {
    match holds {
        true => Ok(()),
        false => Err(wrong(at, message())),
    }
}

fn wrong(at: &[&str], message: String) -> SettingsError {
    let mut pointer = String::new();
    at.iter().for_each(|name| pointer::push(&mut pointer, name));
    SettingsError { pointer, message }
}
