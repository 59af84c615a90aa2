//! A user of its own.

use rustix::process::{DumpableBehavior, Gid, Uid};

use super::{Layer, LayerError};

/// The user and group that a process becomes. No file and no other process should belong to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user's number, which the group's is too; not 0.
    pub id: u32,
}

impl Identity {
    /// Whether this process may become somebody else at all: only root may.
    #[must_use]
    pub fn can_change() -> bool {
        rustix::process::geteuid().is_root()
    }

    pub(super) fn enter(self) -> Result<(), LayerError> {
        let failed = |step| move |error: rustix::io::Errno| Layer::Identity.error(step, error);
        if self.id == 0 {
            return Err(Layer::Identity.error("choosing a user", "0 is root"));
        }
        let (user, group) = (Uid::from_raw(self.id), Gid::from_raw(self.id));
        rustix::thread::set_thread_groups(&[]).map_err(failed("leaving groups"))?;
        rustix::thread::set_thread_res_gid(group, group, group).map_err(failed("changing the group"))?;
        rustix::thread::set_thread_res_uid(user, user, user).map_err(failed("changing the user"))?;
        // The change made this process's own entries in /proc root's, through which a user namespace is set up.
        rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable)
            .map_err(failed("owning its entries in /proc"))
    }
}
