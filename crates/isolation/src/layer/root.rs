//! A mount namespace whose root is empty.

use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags};
use rustix::thread::UnshareFlags;

use super::{Layer, LayerError, namespaces};

/// A directory that every host has. What is mounted there is seen by this process alone.
const PLACE: &str = "/proc";

/// Makes an empty directory in memory the root, which nothing can be written to, and lets go of the host's.
///
/// The program itself goes on: it is mapped already, and so is all it was linked with.
pub(super) fn enter() -> Result<(), LayerError> {
    let failed = |step| move |error: rustix::io::Errno| Layer::EmptyRoot.error(step, error);
    own_mounts()?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    rustix::mount::mount(
        "weft",
        PLACE,
        "tmpfs",
        flags,
        Some(c"size=4k,nr_inodes=1,mode=0555"),
    )
    .map_err(failed("mounting an empty directory"))?;
    rustix::process::chdir(PLACE).map_err(failed("going there"))?;
    rustix::process::pivot_root(".", ".").map_err(failed("making it the root"))?;
    // The old root lies on top of the new one now.
    rustix::mount::unmount(".", UnmountFlags::DETACH).map_err(failed("letting go of the host's root"))?;
    rustix::process::chdir("/").map_err(failed("going to the new root"))?;
    rustix::mount::mount_remount("/", flags | MountFlags::RDONLY, "").map_err(failed("closing it to writing"))
}

/// Gives this process mounts of its own, which begin as those of the host. The host sees nothing of what this process mounts from now
/// on; what the host lets go of, this process does too.
///
/// # Errors
/// Where this process may not.
pub fn own_mounts() -> Result<(), LayerError> {
    namespaces::leave(Layer::EmptyRoot, UnshareFlags::NEWNS)?;
    rustix::mount::mount_change(
        "/",
        MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC,
    )
    .map_err(|error| Layer::EmptyRoot.error("keeping mounts to itself", error))
}
