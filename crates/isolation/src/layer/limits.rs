//! Resource limits of the process.

use rustix::process::{Resource, Rlimit};

use super::{Layer, LayerError};

/// What a process may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Private memory that can be written, in bytes: what it shares with nobody and cannot get back from a file.
    pub memory: u64,
    /// Descriptors open at once.
    pub files: u64,
}

impl Limits {
    pub(super) fn enter(self) -> Result<(), LayerError> {
        let limits = [
            (Resource::Data, self.memory),
            (Resource::Nofile, self.files),
            (Resource::Fsize, 0),
            (Resource::Core, 0),
            (Resource::Memlock, 0),
            (Resource::Msgqueue, 0),
        ];
        for (resource, most) in limits {
            set(resource, most).map_err(|error| {
                Layer::Limits.error(step(resource), format!("{error}, where {most} was wanted"))
            })?;
        }
        Ok(())
    }
}

/// Lowers a limit for good. One that is lower already stays: nobody without privileges could raise it.
fn set(resource: Resource, most: u64) -> rustix::io::Result<()> {
    let hard = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let most = Some(most.min(hard));
    rustix::process::setrlimit(
        resource,
        Rlimit {
            current: most,
            maximum: most,
        },
    )
}

fn step(resource: Resource) -> &'static str {
    match resource {
        Resource::Data => "bounding memory",
        Resource::Nofile => "bounding open files",
        Resource::Fsize => "bounding files",
        Resource::Core => "forbidding cores",
        Resource::Memlock => "bounding locked memory",
        _ => "bounding message queues",
    }
}
