//! What is told of runs and their nodes.

mod node;
mod run;
