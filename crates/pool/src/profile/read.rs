//! Reading profiles from TOML, with the place of each mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::{Level, Profile, ProfileError, Queue};

mod scaling;

use scaling::ScalingTable;

/// A file as written: every member optional, every number with its place.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    level: Level,
    labels: Vec<Spanned<String>>,
    memory_bytes: Option<Spanned<u64>>,
    cpu_millis: Option<Spanned<u64>>,
    timeout_ms: Option<Spanned<u64>>,
    pids: Option<Spanned<u64>>,
    open_files: Option<Spanned<u64>>,
    scratch_bytes: Option<Spanned<u64>>,
    concurrency: Option<Spanned<u64>>,
    queue: QueueTable,
    reuse: Option<Spanned<u64>>,
    slots: Option<Spanned<u64>>,
    warm: Option<Spanned<u64>>,
    idle_ms: Option<Spanned<u64>>,
    scaling: Option<Spanned<ScalingTable>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct QueueTable {
    length: Option<Spanned<u64>>,
    wait_ms: Option<Spanned<u64>>,
}

/// What is wrong at a byte of the text.
struct Mistake {
    at: usize,
    message: String,
}

pub(super) fn parse(name: &str, text: &str) -> Result<Profile, ProfileError> {
    let file: Result<File, _> = toml::from_str(text);
    file.map_err(|error| Mistake {
        at: error.span().map_or(0, |span| span.start),
        message: error.message().to_owned(),
    })
    .and_then(profile)
    .map_err(|mistake| invalid(name, text, mistake))
}

pub(super) fn read_dir(directory: &Path) -> Result<BTreeMap<String, Profile>, ProfileError> {
    let mut profiles = BTreeMap::new();
    for entry in std::fs::read_dir(directory).map_err(failed(directory))? {
        let path = entry.map_err(failed(directory))?.path();
        if path.extension() != Some(OsStr::new("toml")) {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
        let name = name_of(path)?;
        let profile = parse(&name, &text)?;
        profiles.insert(name, profile);
    }
    Ok(profiles)
}

fn profile(file: File) -> Result<Profile, Mistake> {
    let default = Profile::default();
    let most = u64::from(Profile::MAX_CONCURRENCY);
    let place = |number: &Option<Spanned<u64>>| number.as_ref().map_or(0, |number| number.span().start);
    let (warm_at, slots_at) = (place(&file.warm), place(&file.slots));
    not_of_sandboxes(&file)?;
    no_scratch(file.scratch_bytes.as_ref())?;
    let mut profile = Profile {
        level: file.level,
        labels: labels(file.labels)?,
        memory_bytes: optional("memory-bytes", file.memory_bytes, Profile::MEMORY_BYTES)?,
        cpu_millis: optional("cpu-millis", file.cpu_millis, Profile::CPU_MILLIS)?,
        timeout_ms: optional("timeout-ms", file.timeout_ms, Profile::TIMEOUT_MS)?,
        pids: optional("pids", file.pids, Profile::PIDS)?,
        open_files: optional("open-files", file.open_files, Profile::OPEN_FILES)?,
        concurrency: count("concurrency", file.concurrency, 1..=most, default.concurrency)?,
        queue: Queue {
            length: count(
                "queue.length",
                file.queue.length,
                0..=Profile::MAX_QUEUE.into(),
                default.queue.length,
            )?,
            wait_ms: number(
                "queue.wait-ms",
                file.queue.wait_ms,
                0..=Profile::MAX_MS,
                default.queue.wait_ms,
            )?,
        },
        reuse: count("reuse", file.reuse, 1..=u32::MAX.into(), default.reuse)?,
        slots: count("slots", file.slots, 1..=most, default.slots)?,
        warm: count("warm", file.warm, 0..=most, default.warm)?,
        idle_ms: number("idle-ms", file.idle_ms, 0..=Profile::MAX_MS, default.idle_ms)?,
        scaling: default.scaling,
    };
    let mistake = |at: usize, message: &str| {
        Err(Mistake {
            at,
            message: message.to_owned(),
        })
    };
    if profile.warm > 0 && profile.reuse == 1 {
        return mistake(
            warm_at,
            "`warm` needs a `reuse` above 1: an instance that serves one call is never idle",
        );
    }
    if profile.warm > profile.concurrency {
        return mistake(
            warm_at,
            "`warm` may not exceed `concurrency`: such instances would never be used",
        );
    }
    if profile.slots > 1 && profile.level == Level::Sandbox {
        return mistake(
            slots_at,
            "`slots` above 1 needs another `level`: a sandbox serves one call at a time",
        );
    }
    profile.scaling = scaling::read(file.scaling, &profile)?;
    Ok(profile)
}

/// Refuses bounds on what is a process's, where instances are none.
fn not_of_sandboxes(file: &File) -> Result<(), Mistake> {
    if file.level != Level::Sandbox {
        return Ok(());
    }
    let bounds = [
        ("cpu-millis", &file.cpu_millis, "threads"),
        ("pids", &file.pids, "process"),
        ("open-files", &file.open_files, "process"),
    ];
    for (member, written, shared) in bounds {
        if let Some(written) = written {
            return Err(Mistake {
                at: written.span().start,
                message: format!(
                    "`{member}` needs another `level`: sandboxes share the {shared} of the server"
                ),
            });
        }
    }
    Ok(())
}

/// Scratch space has the one bound that holds everywhere.
fn no_scratch(written: Option<&Spanned<u64>>) -> Result<(), Mistake> {
    match written {
        Some(bytes) if *bytes.get_ref() > 0 => Err(Mistake {
            at: bytes.span().start,
            message: format!(
                "`scratch-bytes` is {}: 0 is allowed, as no function has files to write to",
                bytes.get_ref()
            ),
        }),
        Some(_) | None => Ok(()),
    }
}

fn labels(written: Vec<Spanned<String>>) -> Result<BTreeSet<String>, Mistake> {
    let mut labels = BTreeSet::new();
    for label in written {
        let at = label.span().start;
        let mistake = |message| Err(Mistake { at, message });
        if !Profile::is_name(label.get_ref()) {
            let shown: String = label.get_ref().chars().take(80).collect();
            return mistake(format!(
                "`{}` is not a label: lower-case letters, digits and inner hyphens, beginning with a letter, are",
                shown.escape_debug()
            ));
        }
        if labels.len() == Profile::MAX_LABELS {
            return mistake(format!("there are more than {} labels", Profile::MAX_LABELS));
        }
        labels.insert(label.into_inner());
    }
    Ok(labels)
}

fn optional(
    member: &str,
    written: Option<Spanned<u64>>,
    allowed: RangeInclusive<u64>,
) -> Result<Option<u64>, Mistake> {
    let given = written.is_some();
    let value = number(member, written, allowed, 0)?;
    Ok(given.then_some(value))
}

fn number(
    member: &str,
    value: Option<Spanned<u64>>,
    allowed: RangeInclusive<u64>,
    default: u64,
) -> Result<u64, Mistake> {
    let Some(value) = value else { return Ok(default) };
    if allowed.contains(value.get_ref()) {
        return Ok(value.into_inner());
    }
    let message = format!(
        "`{member}` is {}: {} to {} is allowed",
        value.get_ref(),
        allowed.start(),
        allowed.end()
    );
    Err(Mistake {
        at: value.span().start,
        message,
    })
}

/// A number whose allowed range lies within 32 bits.
fn count(
    member: &str,
    value: Option<Spanned<u64>>,
    allowed: RangeInclusive<u64>,
    default: u32,
) -> Result<u32, Mistake> {
    number(member, value, allowed, default.into()).map(|value| u32::try_from(value).unwrap_or(u32::MAX))
}

fn invalid(name: &str, text: &str, mistake: Mistake) -> ProfileError {
    let before = text.get(..mistake.at).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    ProfileError::Invalid {
        name: name.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message: mistake.message,
    }
}

fn name_of(path: PathBuf) -> Result<String, ProfileError> {
    let stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
    if Profile::is_name(stem) {
        Ok(stem.to_owned())
    } else {
        Err(ProfileError::Name(path))
    }
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> ProfileError + use<> {
    let path = path.to_path_buf();
    move |source| ProfileError::Io { path, source }
}
