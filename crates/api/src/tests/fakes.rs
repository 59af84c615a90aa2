//! The engine's fakes, as its own tests have them.
#![allow(dead_code, reason = "shared with the engine's tests, which use more of it")]

#[path = "../../../function-engine/tests/engine/fakes/artifacts.rs"]
pub(crate) mod artifacts;
#[path = "../../../function-engine/tests/engine/fakes/keyvalue.rs"]
pub(crate) mod keyvalue;
#[path = "../../../function-engine/tests/engine/fakes/registry.rs"]
pub(crate) mod registry;
#[path = "../../../function-engine/tests/engine/fakes/runtime.rs"]
pub(crate) mod runtime;
