//! The configuration of a container, as the Open Container Initiative's runtime specification says.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Allowance, WORKER, filter};

/// The user and group in a container that a worker is: the next to root, so that one mapping holds both. More than one, one runtime
/// leaves to programs that a host may not have.
const INSIDE: u32 = 1;
/// The name of every container's host.
const HOST: &str = "weft";
/// The span over which CPU time is measured out, in microseconds.
const PERIOD_US: u64 = 100_000;
/// The least that can be measured out of it.
const LEAST_US: u64 = 1_000;
/// Descriptors that may be open at least while the runtime is in the container; the worker lowers that.
const FILES: u64 = 256;

/// What one container is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Configuration {
    /// The directory that is its root.
    pub(super) root: PathBuf,
    /// The path of its control group in every hierarchy.
    pub(super) group: PathBuf,
    pub(super) users: Users,
    /// Those of the worker's program.
    pub(super) arguments: Vec<String>,
    pub(super) allowance: Allowance,
    /// Threads it may have while it is made; its own may be fewer.
    pub(super) threads: u64,
    /// Whether the host bounds swap.
    pub(super) bounds_swap: bool,
}

/// Whom a container's processes are on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Users {
    /// Two in a row, which root and the worker in a user namespace of its own are.
    OfANamespace(u32),
    /// One of the host's.
    OfTheHost(u32),
}

impl Users {
    /// Whom the worker is, as it sees itself.
    pub(super) fn worker(self) -> u32 {
        match self {
            Self::OfANamespace(_) => INSIDE,
            Self::OfTheHost(user) => user,
        }
    }

    /// Which users there are inside, and whom they are outside.
    fn mappings(self) -> Option<Value> {
        match self {
            Self::OfANamespace(first) => {
                Some(json!([{"containerID": 0, "hostID": first, "size": INSIDE + 1}]))
            }
            Self::OfTheHost(_) => None,
        }
    }
}

impl Configuration {
    /// The text of `config.json`.
    pub(super) fn to_json(&self) -> String {
        json!({
            "ociVersion": "1.0.2",
            "root": {"path": self.root, "readonly": true},
            "hostname": HOST,
            "process": self.process(),
            "mounts": mounts(),
            "linux": self.linux(),
        })
        .to_string()
    }

    fn process(&self) -> Value {
        let mut arguments = vec![format!("/{WORKER}")];
        arguments.extend(self.arguments.iter().cloned());
        let user = self.users.worker();
        let limit = |name: &str, most: u64| json!({"type": name, "soft": most, "hard": most});
        json!({
            "terminal": false,
            "user": {"uid": user, "gid": user},
            "args": arguments,
            // None else: but one runtime wants to know where programs are.
            "env": ["PATH=/"],
            "cwd": "/",
            "capabilities": {"bounding": [], "effective": [], "inheritable": [], "permitted": [], "ambient": []},
            "noNewPrivileges": true,
            "rlimits": [
                limit("RLIMIT_NOFILE", self.allowance.files.max(FILES)), limit("RLIMIT_CORE", 0), limit("RLIMIT_MEMLOCK", 0), limit("RLIMIT_MSGQUEUE", 0),
            ],
        })
    }

    fn linux(&self) -> Value {
        let mut namespaces = vec!["pid", "network", "ipc", "uts", "mount", "cgroup"];
        let mut linux = json!({
            "cgroupsPath": self.group,
            "resources": self.resources(),
            "rootfsPropagation": "private",
            "seccomp": filter::allowed(),
            "maskedPaths": [
                "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                "/proc/sched_debug", "/proc/scsi", "/proc/sysrq-trigger", "/proc/timer_list", "/proc/timer_stats",
            ],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"],
        });
        if let Some(mappings) = self.users.mappings() {
            namespaces.push("user");
            linux["uidMappings"] = mappings.clone();
            linux["gidMappings"] = mappings;
        }
        linux["namespaces"] = namespaces.into_iter().map(|name| json!({"type": name})).collect();
        linux
    }

    fn resources(&self) -> Value {
        let Allowance {
            memory, cpu_millis, ..
        } = self.allowance;
        let mut resources = json!({
            "devices": [{"allow": false, "access": "rwm"}],
            "memory": {"limit": memory},
            "pids": {"limit": self.threads},
        });
        if self.bounds_swap {
            // Of both together: none is for swap.
            resources["memory"]["swap"] = json!(memory);
        }
        if let Some(millis) = cpu_millis {
            let quota = (millis.saturating_mul(PERIOD_US) / 1000).max(LEAST_US);
            resources["cpu"] = json!({"quota": quota, "period": PERIOD_US});
        }
        resources
    }
}

fn mounts() -> Value {
    json!([
        {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev", "ro"]},
        {
            "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
            "options": ["nosuid", "noexec", "strictatime", "mode=755", "size=64k"],
        },
    ])
}

#[cfg(test)]
mod tests;
