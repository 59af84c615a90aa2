//! Landlock without any right.

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreated,
    RulesetStatus, Scope,
};

use super::{Layer, LayerError};

/// Takes every right that this kernel's landlock knows of and gives none back.
pub(super) fn enter() -> Result<(), LayerError> {
    let abi = ABI::V6;
    let entered = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(RulesetCreated::restrict_self)
        .map_err(|error| Layer::Landlock.error("taking every right", error))?;
    match entered.ruleset {
        RulesetStatus::FullyEnforced => Ok(()),
        RulesetStatus::PartiallyEnforced => Err(Layer::Landlock.error(
            "taking every right",
            "this kernel is too old to take those over TCP ports, signals and abstract sockets; 6.12 does",
        )),
        RulesetStatus::NotEnforced => Err(Layer::Landlock.error(
            "taking every right",
            "this kernel was built or started without landlock; add it to `lsm=`",
        )),
    }
}
