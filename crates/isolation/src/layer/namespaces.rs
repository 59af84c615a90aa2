//! Namespaces.
#![allow(unsafe_code)]

use rustix::thread::UnshareFlags;

use super::{Layer, LayerError, capabilities, guardian};

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
///
/// `prepare` is called in the process that goes on, whether or not that is a child, and without the capability over the whole system. What it
/// opens in `/proc` would show physical addresses otherwise, as it belongs to who opened it.
pub(super) fn pid(prepare: impl FnOnce()) -> Result<(), LayerError> {
    let failed = |step| move |error: std::io::Error| Layer::PidNamespace.error(step, error);
    let left = leave(Layer::PidNamespace, UnshareFlags::NEWPID);
    capabilities::lay_down().map_err(|error| failed("laying a capability down")(error.into()))?;
    let born = left.and_then(|()| guardian::split().map_err(failed("starting its first process")));
    prepare();
    capabilities::take_up().map_err(|error| failed("taking a capability up")(error.into()))?;
    born
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
