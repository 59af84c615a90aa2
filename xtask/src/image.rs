//! `cargo xtask image`: an OCI image, put together without a builder of images.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::{container, prerequisites, process, report, repository, up, worker};

/// What the server starts besides itself lies beside it, where it looks for them.
const PROGRAMS: [&str; 3] = ["weft", "weft-worker", "weft-container"];
/// What connections to other hosts trust, where the building machine has it.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";
/// Where the data is.
const DATA: &str = "var/lib/weft";
/// Somebody without rights, who owns the data.
const USER: &str = "65532";

/// Builds the programs, or takes those of `--programs DIR`, and writes `target/image/`: a directory `oci` and the same as `weft.tar`.
pub fn run(mut arguments: Arguments) -> Result<ExitCode> {
    let given = arguments.value("--programs")?.map(PathBuf::from);
    arguments.end()?;
    let programs = match given {
        Some(directory) => directory,
        None => build()?,
    };
    report::step("image", || write(&programs))?;
    Ok(ExitCode::SUCCESS)
}

fn build() -> Result<PathBuf> {
    report::step("prerequisites", || {
        prerequisites::ensure()?;
        container::prerequisites()
    })?;
    report::step("worker", || worker::build(true))?;
    report::step("containers", || container::build(true))?;
    report::step("server", || up::build(false))?;
    Ok(repository::target().join("release"))
}

fn write(programs: &Path) -> Result<()> {
    let place = repository::target().join("image");
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    let root = place.join("root");
    fill(&root, programs)?;
    let layer = place.join("layer.tar");
    pack(&root, &layer)?;
    let layout = place.join("oci");
    fs::create_dir_all(layout.join("blobs/sha256"))?;
    let layer = blob(&layout, &layer, "application/vnd.oci.image.layer.v1.tar")?;
    let config = described(
        &layout,
        &config(&layer),
        "application/vnd.oci.image.config.v1+json",
    )?;
    let manifest = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config, "layers": [layer],
    });
    let mut manifest = described(&layout, &manifest, "application/vnd.oci.image.manifest.v1+json")?;
    manifest["annotations"] = json!({"org.opencontainers.image.ref.name": "weft:latest"});
    let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [manifest]});
    fs::write(layout.join("index.json"), index.to_string())?;
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let whole = place.join("weft.tar");
    pack(&layout, &whole)?;
    let size = fs::metadata(&whole)?.len() as f64 / 1e6;
    report::note(&format!("{size:.1} MB in {}", whole.display()));
    Ok(())
}

/// The file system of the image: programs and the libraries they are linked with. Profiles are in the server's program.
fn fill(root: &Path, programs: &Path) -> Result<()> {
    for program in PROGRAMS {
        let program = programs.join(program);
        put(&program, &root.join("usr/bin"))?;
        for library in libraries(&program)? {
            let folder = library.parent().context("a library lies in a folder")?;
            put(&library, &root.join(folder.strip_prefix("/").unwrap_or(folder)))?;
        }
    }
    let authorities = Path::new("/").join(AUTHORITIES);
    if authorities.exists() {
        put(&authorities, &root.join("etc/ssl/certs"))?;
    }
    Ok(fs::create_dir_all(root.join(DATA))?)
}

fn put(file: &Path, folder: &Path) -> Result<()> {
    let name = file.file_name().context("a file has a name")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::copy(file, folder.join(name)))
        .map(drop)
        .with_context(|| format!("{} cannot be copied to {}", file.display(), folder.display()))
}

/// The files that the loader maps for a program; none for one that is linked statically.
fn libraries(program: &Path) -> Result<BTreeSet<PathBuf>> {
    let told = Command::new("ldd")
        .arg(program)
        .output()
        .context("cannot start `ldd`")?;
    Ok(mapped(&String::from_utf8_lossy(&told.stdout)))
}

/// The paths in what `ldd` tells.
fn mapped(told: &str) -> BTreeSet<PathBuf> {
    told.split_whitespace()
        .filter(|word| word.starts_with('/') && !word.ends_with(':'))
        .map(PathBuf::from)
        .collect()
}

/// The same bytes for the same files. The data is its owner's, all else root's.
fn pack(folder: &Path, to: &Path) -> Result<()> {
    process::run(tar("--create", folder, to, "0").args(["--sort=name", "--exclude", DATA, "."]))?;
    if folder.join(DATA).exists() {
        process::run(tar("--append", folder, to, USER).args(["--mode=0700", DATA]))?;
    }
    Ok(())
}

fn tar(verb: &str, folder: &Path, to: &Path, owner: &str) -> Command {
    let mut tar = Command::new("tar");
    tar.args([verb, "--mtime=@0", "--numeric-owner", "--file"])
        .arg(to)
        .args([format!("--owner={owner}"), format!("--group={owner}")])
        .arg("--directory")
        .arg(folder);
    tar
}

/// How the image starts: as somebody without rights, listening to its own network alone until it is told otherwise.
fn config(layer: &Value) -> Value {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    json!({
        "architecture": architecture, "os": "linux",
        "config": {
            "User": USER, "Entrypoint": ["/usr/bin/weft"], "Cmd": ["serve"], "StopSignal": "SIGTERM",
            "Env": ["PATH=/usr/bin", "WEFT_DATA=/var/lib/weft"],
            "Volumes": {"/var/lib/weft": {}}, "ExposedPorts": {"8080/tcp": {}, "8081/tcp": {}},
        },
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
    })
}

fn described(layout: &Path, content: &Value, kind: &str) -> Result<Value> {
    let file = layout.with_extension("json");
    fs::write(&file, content.to_string())?;
    blob(layout, &file, kind)
}

/// Moves a file to where its hash names it, and answers what refers to it.
fn blob(layout: &Path, file: &Path, kind: &str) -> Result<Value> {
    let told = process::output(Command::new("sha256sum").arg(file))?;
    let hash = told.split_whitespace().next().context("sha256sum told nothing")?;
    let size = fs::metadata(file)?.len();
    fs::rename(file, layout.join("blobs/sha256").join(hash))?;
    Ok(json!({"mediaType": kind, "digest": format!("sha256:{hash}"), "size": size}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_read_from_what_the_loader_tells() {
        let told =
            "\tlinux-vdso.so.1 (0x7f)\n\tlibm.so.6 => /lib/x/libm.so.6 (0x7f)\n\t/lib64/ld.so.2 (0x7f)\n";
        let expected = ["/lib/x/libm.so.6", "/lib64/ld.so.2"].map(PathBuf::from);
        assert_eq!(mapped(told), BTreeSet::from(expected));
        assert_eq!(mapped("\tstatically linked\n"), BTreeSet::new());
    }
}
