//! The engine over ports kept in memory: functions are closures, and time stands still where a test wants it to.
#![allow(clippy::unwrap_used)]

mod activation;
mod calls_between;
mod deploying;
mod draining;
mod fakes;
mod http;
mod invoking;
mod listing;
mod moving;
mod program;
mod pruning;
mod queueing;
mod replacing;
mod restarting;
mod steps;
mod upgrading;
mod world;
