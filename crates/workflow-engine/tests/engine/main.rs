//! The engine over ports kept in memory: functions are closures, the disk does what a test wants, and time stands still.
#![allow(clippy::unwrap_used)]

mod caching;
mod circles;
mod collecting;
mod commits;
mod completing;
mod controlling;
mod crashing;
mod disk;
mod draining;
mod express;
mod failing;
mod fakes;
mod going_over_lists;
mod interrupted;
mod keyed;
mod large_values;
mod left_alone;
mod nested_ends;
mod nesting;
mod on_behalf;
mod queueing;
mod repeating;
mod repeating_items;
mod stubs;
mod times;
mod unpredictable;
mod watching;
mod world;
