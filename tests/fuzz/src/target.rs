//! The targets.

mod component;
mod definition;
mod image;
mod journal_frames;
mod json;
mod lift;
mod typed;
mod worker_frames;
mod world;

/// One way in for bytes from outside.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, that of its corpus too.
    pub name: &'static str,
    /// Takes an input; panics where a promise is broken.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Words of its language, for changes that get past the first byte.
    pub words: &'static [&'static str],
    /// Largest input, in bytes.
    pub longest: usize,
    /// Changed inputs of a usual test run: a second's worth or two.
    pub changes: usize,
}

/// All of them.
pub const TARGETS: [Target; 7] = [
    component::TARGET,
    json::TARGET,
    lift::TARGET,
    image::TARGET,
    definition::TARGET,
    worker_frames::TARGET,
    journal_frames::TARGET,
];

/// The one of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
