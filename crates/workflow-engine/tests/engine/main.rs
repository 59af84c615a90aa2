//! The engine over ports kept in memory: functions are closures, the disk does what a test wants, and time stands still.
#![allow(clippy::unwrap_used)]

mod commits;
mod crashing;
mod disk;
mod draining;
mod fakes;
mod unpredictable;
mod world;
