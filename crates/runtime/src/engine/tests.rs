use super::engines::tick;
use super::key::{compatibility, compiled_key};
use super::{Engines, Slots, Tier};
use std::sync::Arc;

const FEW: Slots = Slots {
    optimized: 4,
    other: 4,
};

#[test]
fn placement_does_not_change_the_compiled_key() {
    let engines = Engines::new(FEW).unwrap();
    for tier in [Tier::Baseline, Tier::Optimized, Tier::ExplicitBounds] {
        let placed = compatibility(&engines.tier(tier).unwrap().engine);
        assert!(compiled_key(tier).ends_with(&placed), "{tier:?}");
        assert_eq!(engines.compiled_key(tier), compiled_key(tier));
    }
}

#[test]
fn tiers_have_different_compiled_keys() {
    assert_ne!(compiled_key(Tier::Optimized), compiled_key(Tier::ExplicitBounds));
    assert_ne!(compiled_key(Tier::Optimized), compiled_key(Tier::Baseline));
}

#[test]
fn the_clock_ends_with_its_engines() {
    let engines = Engines::new(FEW).unwrap();
    let weak = Arc::downgrade(&engines);
    drop(engines);
    tick(&weak);
}

#[test]
fn a_tier_is_created_once() {
    let engines = Engines::new(FEW).unwrap();
    let first = engines.tier(Tier::ExplicitBounds).unwrap().engine.clone();
    assert!(wasmtime::Engine::same(
        &first,
        &engines.tier(Tier::ExplicitBounds).unwrap().engine
    ));
}
