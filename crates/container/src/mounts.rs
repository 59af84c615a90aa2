//! Mounts of this process and what it starts, of which the host sees nothing.

use std::path::Path;

use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags};
use weft_isolation::launch::{Order, Runtime, WORKER};

use crate::starter::Error;

/// Puts the worker's program into the container's root, whoever may enter the directory that it lies in, so that all containers
/// execute one file and it can be changed by none.
pub(crate) fn make(order: &Order) -> Result<(), Error> {
    weft_isolation::own_mounts()?;
    let failed = |step| {
        move |error: Errno| Error::System {
            step,
            error: error.into(),
        }
    };
    let place = order.root.join(WORKER);
    rustix::mount::mount_bind(&order.worker, &place).map_err(failed("mounting the worker's program"))?;
    let flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
    rustix::mount::mount_remount(&place, flags, "")
        .map_err(failed("closing the worker's program to writing"))?;
    match order.runtime {
        Runtime::Program(_) => hide_second_version().map_err(failed("hiding control groups of version 2")),
        Runtime::Library => Ok(()),
    }
}

/// `crun` refuses to work where controllers of both versions are mounted, even where it needs none of the second's.
fn hide_second_version() -> rustix::io::Result<()> {
    let unified = Path::new("/sys/fs/cgroup/unified");
    match unified.join("cgroup.controllers").exists() {
        true => rustix::mount::unmount(unified, UnmountFlags::DETACH),
        false => Ok(()),
    }
}
