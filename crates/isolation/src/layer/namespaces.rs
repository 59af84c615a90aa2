//! Namespaces.
#![allow(unsafe_code)]

use rustix::thread::UnshareFlags;

use super::{Layer, LayerError, guardian};

/// The user that exists in a user namespace, and its group: nobody.
const NOBODY: u32 = 65_534;

pub(super) fn network() -> Result<(), LayerError> {
    leave(Layer::NetworkNamespace, UnshareFlags::NEWNET)
}

pub(super) fn ipc() -> Result<(), LayerError> {
    leave(Layer::IpcNamespace, UnshareFlags::NEWIPC)
}

pub(super) fn uts() -> Result<(), LayerError> {
    leave(Layer::UtsNamespace, UnshareFlags::NEWUTS)
}

/// Leaves for a namespace whose first process is yet to be born: the caller stays outside as its guardian.
pub(super) fn pid() -> Result<(), LayerError> {
    leave(Layer::PidNamespace, UnshareFlags::NEWPID)?;
    guardian::split().map_err(|error| Layer::PidNamespace.error("starting its first process", error))
}

/// Leaves for a user namespace in which the present user is nobody and no one else exists. It gives every capability over the
/// namespaces entered next, and none over anything outside.
pub(super) fn user() -> Result<(), LayerError> {
    let user = rustix::process::geteuid().as_raw();
    let group = rustix::process::getegid().as_raw();
    leave(Layer::UserNamespace, UnshareFlags::NEWUSER)?;
    let write = |step, path, text: String| {
        std::fs::write(path, text).map_err(|error| Layer::UserNamespace.error(step, error))
    };
    write("fixing its groups", "/proc/self/setgroups", "deny".to_owned())?;
    write(
        "mapping the user",
        "/proc/self/uid_map",
        format!("{NOBODY} {user} 1"),
    )?;
    write(
        "mapping the group",
        "/proc/self/gid_map",
        format!("{NOBODY} {group} 1"),
    )
}

pub(super) fn leave(layer: Layer, flags: UnshareFlags) -> Result<(), LayerError> {
    // SAFETY: unsharing is unsafe where it takes the table of descriptors from under another thread; no flag of ours does, and
    // there is no other thread.
    unsafe { rustix::thread::unshare_unsafe(flags) }
        .map_err(|error| layer.error("leaving the host's namespace", error))
}
