//! What is around a container, so that a process within can prove that it is in one.

use std::fmt;

use rustix::fs::StatVfsMountFlags;

use crate::launch::WORKER;
use crate::layer::{Layer, LayerError, LayerSettings};

/// The layers that a container gives before its first process begins.
const GIVEN: [Layer; 7] = [
    Layer::Identity,
    Layer::UserNamespace,
    Layer::PidNamespace,
    Layer::NetworkNamespace,
    Layer::IpcNamespace,
    Layer::UtsNamespace,
    Layer::EmptyRoot,
];
/// What may be in its root: the program, and what runtimes mount.
const ROOT: [&str; 3] = [WORKER, "dev", "proc"];
/// The namespaces in `/proc/self/ns` that a container has of its own.
const NAMESPACES: [&str; 6] = ["user", "pid", "net", "ipc", "uts", "mnt"];

/// The namespaces that a container's process must not be in: those of the process that had the container made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outside(Vec<String>);

impl Outside {
    /// Those of this process; of one that cannot look, none.
    pub(super) fn of_this_process() -> Self {
        Self(
            NAMESPACES
                .into_iter()
                .filter_map(|name| namespace(name).ok())
                .collect(),
        )
    }

    /// From the form that `Display` writes.
    pub(super) fn parse(text: &str) -> Self {
        Self(text.split(',').map(str::to_owned).collect())
    }

    /// Whether a container gives the layer.
    pub(super) fn is_given(layer: Layer) -> bool {
        GIVEN.contains(&layer)
    }

    /// Proves that a layer that a container gives was given.
    ///
    /// # Errors
    /// Where it was not, or nothing can be proved.
    pub(super) fn prove(&self, layer: Layer, settings: &LayerSettings) -> Result<(), LayerError> {
        let proved = match layer {
            Layer::Identity => somebody(settings.identity.id),
            Layer::UserNamespace => self.is_not_in("user"),
            Layer::PidNamespace => self.is_not_in("pid").and_then(|()| first_process()),
            Layer::NetworkNamespace => self.is_not_in("net"),
            Layer::IpcNamespace => self.is_not_in("ipc"),
            Layer::UtsNamespace => self.is_not_in("uts"),
            Layer::EmptyRoot => self.is_not_in("mnt").and_then(|()| nothing_in_the_root()),
            Layer::Descriptors
            | Layer::Limits
            | Layer::Capabilities
            | Layer::NoNewPrivileges
            | Layer::Landlock
            | Layer::Seccomp
            | Layer::ControlGroup => Err("no container gives it".to_owned()),
        };
        proved.map_err(|why| LayerError {
            layer,
            step: "proving that the container gave it",
            why,
        })
    }

    fn is_not_in(&self, name: &str) -> Result<(), String> {
        let own = namespace(name).map_err(|error| error.to_string())?;
        match self.0.iter().find(|outside| outside.starts_with(name)) {
            None => Err("it is not known which namespace the server is in".to_owned()),
            Some(outside) if *outside == own => Err(format!("this is the server's namespace, {own}")),
            Some(_) => Ok(()),
        }
    }
}

/// A namespace of this process, such as `pid:[4026531836]`.
fn namespace(name: &str) -> std::io::Result<String> {
    let link = std::fs::read_link(format!("/proc/self/ns/{name}"))?;
    Ok(link.to_string_lossy().into_owned())
}

fn somebody(wanted: u32) -> Result<(), String> {
    let (user, group) = (
        rustix::process::geteuid().as_raw(),
        rustix::process::getegid().as_raw(),
    );
    if wanted == 0 || (user, group) != (wanted, wanted) {
        return Err(format!("user {user} and group {group} where {wanted} was wanted"));
    }
    let others = rustix::process::getgroups().map_err(|error| error.to_string())?;
    match others.iter().find(|other| other.as_raw() != wanted) {
        Some(other) => Err(format!("the process is in group {} as well", other.as_raw())),
        None => Ok(()),
    }
}

fn first_process() -> Result<(), String> {
    match std::process::id() {
        1 => Ok(()),
        id => Err(format!("it is process {id}, not the first")),
    }
}

fn nothing_in_the_root() -> Result<(), String> {
    let told = |error: std::io::Error| error.to_string();
    for entry in std::fs::read_dir("/").map_err(told)? {
        let name = entry.map_err(told)?.file_name();
        if !ROOT.iter().any(|known| name == *known) {
            return Err(format!("there is /{}", name.to_string_lossy()));
        }
    }
    let root = rustix::fs::statvfs("/").map_err(|error| error.to_string())?;
    match root.f_flag.contains(StatVfsMountFlags::RDONLY) {
        true => Ok(()),
        false => Err("it can be written to".to_owned()),
    }
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity, Limits};

    #[test]
    fn a_process_that_is_in_no_container_proves_nothing() {
        let settings = LayerSettings {
            limits: Limits {
                memory: 1 << 20,
                files: 8,
            },
            identity: Identity { id: 65_534 },
        };
        let outside = Outside::of_this_process();
        for layer in Layer::ALL {
            assert!(outside.prove(layer, &settings).is_err(), "{layer}");
        }
        let error = outside
            .prove(Layer::PidNamespace, &settings)
            .expect_err("no container");
        assert!(
            error
                .to_string()
                .contains("this is the server's namespace, pid:["),
            "{error}"
        );
        let nothing_known = Outside::parse("");
        assert!(nothing_known.prove(Layer::UtsNamespace, &settings).is_err());
    }
}
