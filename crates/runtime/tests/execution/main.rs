//! Executing real guests, built by `cargo xtask functions`.
#![allow(clippy::unwrap_used)]

mod calls;
mod handles;
mod harness;
mod heavy;
mod http;
mod limits;
mod memory;
mod output;
mod put_back;
mod repeat;
mod reuse;
