//! Whether a directory keeps what was promised.

use std::fs;
use std::path::Path;

use weft_function_engine::port::{Artifacts, KeyValue, Registry};
use weft_store::{Options, Store};
use weft_types::{Digest, FunctionName};

use crate::ledger::Ledger;
use crate::runs::{Found, id};
use crate::workload::project;

/// What is wrong, for people.
pub(crate) type Verdict = Result<(), String>;

/// Opens the store in `data` and compares it with the ledger.
pub(crate) async fn judge(data: &Path, ledger: &Ledger) -> Verdict {
    let store = Store::open(
        data,
        Options {
            readers: 1,
            ..Options::default()
        },
    )
    .await;
    let store = store.map_err(|error| format!("the store does not open: {error}"))?;
    let verdict = compare(&store, ledger).await;
    let tidy = if verdict.is_ok() {
        intact(&store, data).await
    } else {
        Ok(())
    };
    store.close().await;
    verdict.and(tidy)
}

/// Everything in the ledger has a value it may have.
async fn compare(store: &Store, ledger: &Ledger) -> Verdict {
    let loaded = store.registry().load().await.map_err(|error| error.to_string())?;
    let deleted = |name: &str| {
        let name: Option<FunctionName> = name.parse().ok();
        ledger.things().any(|(thing, _)| {
            name.as_ref()
                .is_some_and(|name| thing == format!("function/{name}"))
        })
    };
    let runs = Found::read(store).await?;
    for (thing, allowed) in ledger.things() {
        let words: Vec<&str> = thing.split('/').collect();
        let found = match words[..] {
            ["code", hex] => store.artifacts().code(digest(hex)).map(|_| "kept".to_owned()),
            ["compiled", key, hex] => store
                .artifacts()
                .compiled(digest(hex), key)
                .map(|found| found.digest.hex()),
            ["entry", key] => {
                let value = store
                    .keyvalue()
                    .get(&project(), "s", key)
                    .await
                    .map_err(|error| error.to_string())?;
                value.map(|value| String::from_utf8_lossy(&value).into_owned())
            }
            ["active", name] => loaded
                .iter()
                .find(|(function, _)| function.function.as_str() == name)
                .and_then(|(function, _)| Some(function.active?.to_string())),
            ["function", name] => loaded
                .iter()
                .find(|(function, _)| function.function.as_str() == name)
                .map(|_| "there".to_owned()),
            // The versions of a function that is being deleted go with it, which `function` looks after.
            ["version", name, _] if deleted(name) => continue,
            ["version", name, hex] => loaded
                .iter()
                .flat_map(|(_, versions)| versions)
                .find(|version| version.function.as_str() == name && version.digest == digest(hex))
                .map(|_| "stored".to_owned()),
            ["run", number] => {
                let key = runs.keys.get(number).copied();
                let number = number.parse().unwrap();
                let events = runs.events(store, number).await?;
                if events.is_some() && key != Some(id(number)) {
                    return Err(format!("the key of run {number} is lost"));
                }
                events
            }
            _ => return Err(format!("`{thing}` is not a thing")),
        };
        let found = found.unwrap_or_default();
        // A function that may be deleted may also still be there.
        let undecided = words[0] == "function" && allowed.len() > 1;
        if !undecided && !allowed.contains(&found) {
            return Err(format!(
                "{thing} is `{:.80}`, and may be one of {:.200?}",
                found, allowed
            ));
        }
    }
    Ok(())
}

/// Whatever is there is whole, whether or not it was promised.
async fn intact(store: &Store, data: &Path) -> Verdict {
    let loaded = store.registry().load().await.map_err(|error| error.to_string())?;
    for version in loaded.iter().flat_map(|(_, versions)| versions) {
        if store.artifacts().code(version.digest).is_none() {
            return Err(format!(
                "version {} of {} has no code",
                version.version, version.function
            ));
        }
    }
    for (name, path) in files(&data.join("artifacts/wasm")) {
        if Digest::of(&fs::read(path).unwrap()).hex() != name.trim_end_matches(".wasm") {
            return Err(format!("the code {name} does not have its hash"));
        }
    }
    for (key, directory) in files(&data.join("artifacts/compiled")) {
        for (name, _) in files(&directory) {
            let Some(found) = store
                .artifacts()
                .compiled(digest(name.trim_end_matches(".b3")), &key)
            else {
                continue;
            };
            if Digest::of(&fs::read(&found.path).unwrap()) != found.digest {
                return Err(format!("the sidecar of {key}/{name} vouches for other bytes"));
            }
        }
    }
    match files(&data.join("artifacts/tmp")).first() {
        Some((name, _)) => Err(format!("{name} was left in the temporary directory")),
        None => Ok(()),
    }
}

fn files(directory: &Path) -> Vec<(String, std::path::PathBuf)> {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect()
}

fn digest(hex: &str) -> Digest {
    format!("blake3:{hex}").parse().unwrap()
}
