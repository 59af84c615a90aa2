//! Who may know whom, proved from what Cargo would link.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::{container, process, report};

/// A crate and the packages that it must not reach, by whatever way; a `*` at the end stands for any ending.
struct Boundary {
    package: &'static str,
    without: &'static [&'static str],
}

/// Crates that speak for one technology each, and the only packages that may depend on them directly.
struct Owner {
    technology: &'static str,
    packages: &'static [&'static str],
}

/// The one that is in a workspace of its own.
const CONTAINER: &str = "weft-container";

const BOUNDARIES: [Boundary; 19] = [
    Boundary {
        package: "weft-types",
        without: &["tokio", "wasmtime", "sqlx", "hyper", "axum"],
    },
    Boundary {
        package: "weft-access",
        without: &[
            "wasmtime",
            "sqlx",
            "hyper",
            "axum",
            "weft-store",
            "weft-function-engine",
        ],
    },
    Boundary {
        package: "weft-quotas",
        without: &[
            "wasmtime",
            "sqlx",
            "hyper",
            "axum",
            "weft-store",
            "weft-function-engine",
            "weft-workflow-engine",
        ],
    },
    Boundary {
        package: "weft-secrets",
        without: &[
            "wasmtime",
            "sqlx",
            "hyper",
            "axum",
            "weft-store",
            "weft-function-engine",
        ],
    },
    Boundary {
        package: "weft-pool",
        without: &["weft-*", "wasmtime", "sqlx", "hyper", "axum"],
    },
    Boundary {
        package: "weft-function-engine",
        without: &["wasmtime", "sqlx", "hyper", "axum"],
    },
    Boundary {
        package: "weft-workflow",
        without: &[
            "tokio",
            "wasmtime",
            "sqlx",
            "hyper",
            "axum",
            "weft-function-engine",
            "weft-pool",
        ],
    },
    Boundary {
        package: "weft-workflow-engine",
        without: &[
            "wasmtime",
            "sqlx",
            "hyper",
            "axum",
            "weft-function-engine",
            "weft-pool",
            "weft-store",
        ],
    },
    Boundary {
        package: "weft-workflows",
        without: &["wasmtime", "sqlx", "hyper", "axum", "weft-store"],
    },
    Boundary {
        package: "weft-webhooks",
        without: &[
            "wasmtime",
            "sqlx",
            "hyper",
            "axum",
            "weft-store",
            "weft-workflow-engine",
        ],
    },
    Boundary {
        package: "weft-blobs",
        without: &["wasmtime", "sqlx", "axum", "weft-store"],
    },
    Boundary {
        package: "weft-runtime",
        without: &["sqlx", "axum"],
    },
    Boundary {
        package: "weft-isolation",
        without: &["weft-*", "tokio", "wasmtime", "sqlx", "hyper", "axum"],
    },
    Boundary {
        package: "weft-process",
        without: &["wasmtime", "sqlx", "hyper", "axum", "weft-runtime", "weft-store"],
    },
    Boundary {
        // Neither a compiler nor a network.
        package: "weft-worker",
        without: &["cranelift-codegen", "rustls", "sqlx", "axum", "weft-store"],
    },
    Boundary {
        // What makes containers must not depend on threads, of which the server has many.
        package: "weft",
        without: &["libcontainer", "libcgroups", "libseccomp*", "weft-container"],
    },
    Boundary {
        package: CONTAINER,
        without: &[
            "weft-process",
            "weft-function-engine",
            "tokio",
            "wasmtime",
            "sqlx",
            "hyper",
            "axum",
        ],
    },
    Boundary {
        package: "weft-store",
        without: &["wasmtime", "hyper", "axum"],
    },
    Boundary {
        package: "weft-api",
        without: &["wasmtime", "sqlx"],
    },
];

const OWNERS: [Owner; 3] = [
    Owner {
        technology: "wasmtime",
        packages: &["weft-runtime"],
    },
    Owner {
        technology: "sqlx",
        packages: &["weft-store"],
    },
    Owner {
        technology: "axum",
        packages: &["weft-api"],
    },
];

/// Checks all of them and tells every one that is crossed.
pub fn check() -> Result<()> {
    let mut crossed = Vec::new();
    for Boundary { package, without } in BOUNDARIES {
        let reached = reached(package)?;
        let found = reached
            .iter()
            .filter(|name| without.iter().any(|pattern| matches(pattern, name)));
        crossed.extend(found.map(|name| {
            format!("{package} reaches {name}; `cargo tree -p {package} -e normal -i {name}` shows how")
        }));
    }
    for Owner { technology, packages } in OWNERS {
        let strangers = dependents(technology)?
            .into_iter()
            .filter(|name| !packages.contains(&name.as_str()));
        crossed.extend(strangers.map(|name| {
            format!(
                "{name} depends on {technology}, which only {} may",
                packages.join(" and ")
            )
        }));
    }
    if !crossed.is_empty() {
        bail!("boundaries are crossed:\n  {}", crossed.join("\n  "));
    }
    report::note(&format!(
        "{} crates stay within their boundaries",
        BOUNDARIES.len()
    ));
    Ok(())
}

/// All packages that a package is linked with, without itself.
fn reached(package: &str) -> Result<BTreeSet<String>> {
    let manifest = if package == CONTAINER {
        container::MANIFEST
    } else {
        "Cargo.toml"
    };
    let mut tree = process::cargo(&[
        "tree",
        "--manifest-path",
        manifest,
        "--package",
        package,
        "--edges=normal",
        "--prefix=none",
        "--format={p}",
    ]);
    let names = process::output(&mut tree)?;
    Ok(names
        .lines()
        .filter_map(first_word)
        .filter(|name| name != package)
        .collect())
}

/// The packages of the workspace that depend on a package directly.
fn dependents(package: &str) -> Result<BTreeSet<String>> {
    let mut tree = process::cargo(&[
        "tree",
        "--workspace",
        "--edges=normal",
        "--prefix=depth",
        "--depth=1",
        "--format={p}",
    ]);
    let mut dependents = BTreeSet::new();
    let mut dependent = None;
    for line in process::output(&mut tree)?.lines() {
        match (line.strip_prefix('0'), line.strip_prefix('1')) {
            (Some(name), _) => dependent = first_word(name),
            (_, Some(name)) if first_word(name).as_deref() == Some(package) => {
                dependents.extend(dependent.clone())
            }
            _ => {}
        }
    }
    Ok(dependents)
}

/// The name in `name v1.0.0 (…)`.
fn first_word(line: &str) -> Option<String> {
    line.split_whitespace().next().map(str::to_owned)
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(name == pattern, |start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names_or_beginnings() {
        assert!(matches("tokio", "tokio"));
        assert!(!matches("tokio", "tokio-util"));
        assert!(matches("weft-*", "weft-types"));
    }
}
