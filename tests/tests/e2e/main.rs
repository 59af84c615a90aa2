//! The server as its users meet it: the real binary over real HTTP, with real functions.
// Helpers fail a test by panicking, as the tests themselves do.
#![allow(clippy::unwrap_used)]

mod access;
mod access_audit;
mod access_matrix;
mod approvals;
mod bounds;
mod by_address;
mod calls;
mod cancel;
mod capabilities;
mod collecting;
mod command;
mod command_runs;
mod command_workflows;
mod examples;
mod faults;
mod fetch;
mod full_disk;
mod gone_wrong;
mod handles;
mod hostile;
mod http_functions;
mod lifecycle;
mod logs;
mod moves;
mod pages;
mod placing;
mod pools;
mod pools_seen;
mod postgres;
mod processes;
mod profiles;
mod responses;
mod run_details;
mod run_logs;
mod run_values;
mod settings;
mod storage;
mod traces;
mod trying_out;
mod versions;
mod warm_ahead;
mod webhooks;
mod workflows;
mod writing;
