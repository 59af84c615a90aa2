//! No capability.

use rustix::io::Errno;
use rustix::thread::{CapabilitiesSecureBits, CapabilitySet, CapabilitySets};

use super::{Layer, LayerError};

/// Capabilities that a kernel may know.
const MOST: u32 = 64;

/// Lays down the one over the whole system, which a process takes up again by [`take_up`]: what is opened meanwhile can never be used with it.
pub(super) fn lay_down() -> Result<(), Errno> {
    let held = rustix::thread::capabilities(None)?;
    let effective = held.effective.difference(CapabilitySet::SYS_ADMIN);
    rustix::thread::set_capabilities(None, CapabilitySets { effective, ..held })
}

/// Takes up all that it may have.
pub(super) fn take_up() -> Result<(), Errno> {
    let held = rustix::thread::capabilities(None)?;
    let effective = held.permitted;
    rustix::thread::set_capabilities(None, CapabilitySets { effective, ..held })
}

/// Drops all of them, with every way to get one back. A process that has none is left as it is.
pub(super) fn drop_all() -> Result<(), LayerError> {
    let failed = |step| move |error: Errno| Layer::Capabilities.error(step, error);
    let held = rustix::thread::capabilities(None).map_err(failed("asking which it has"))?;
    if held.permitted.is_empty() && held.inheritable.is_empty() {
        return Ok(());
    }
    for number in 0..MOST {
        match rustix::thread::remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(
            1 << number,
        )) {
            Ok(()) => {}
            // Behind the last one that the kernel knows.
            Err(Errno::INVAL) => break,
            Err(error) => return Err(failed("lowering the bound")(error)),
        }
    }
    rustix::thread::clear_ambient_capability_set().map_err(failed("clearing those that are passed on"))?;
    let bits = CapabilitiesSecureBits::NO_ROOT
        | CapabilitiesSecureBits::NO_ROOT_LOCKED
        | CapabilitiesSecureBits::NO_SETUID_FIXUP
        | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
        | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
    rustix::thread::set_capabilities_secure_bits(bits).map_err(failed("giving root none"))?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none).map_err(failed("dropping them"))
}
