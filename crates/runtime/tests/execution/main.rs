//! Executing real guests, built by `cargo xtask functions`.

mod calls;
mod harness;
mod heavy;
mod http;
mod limits;
mod output;
mod repeat;
mod reuse;
