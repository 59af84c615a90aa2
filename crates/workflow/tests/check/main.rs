//! Definitions: what is told about wrong ones, what plans right ones make, and what these compute.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]

mod attaching;
mod conditions;
mod drawing;
mod evaluation;
mod golden;
mod model;
mod newer;
mod plans;
mod warnings;
mod world;
mod wrong;
