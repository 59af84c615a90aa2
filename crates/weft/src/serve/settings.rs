//! The configuration in the terms of the crates it is for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use weft_function_engine::{Bound, LogBounds};
use weft_quotas::Quotas;

use super::{Config, files};
use crate::units::{Size, Span};

/// The bounds of the engine.
pub(crate) fn engine(config: &Config, quotas: &Quotas) -> weft_function_engine::Config {
    let limits = &config.limits;
    weft_function_engine::Config {
        shards: cores(config),
        upload_bytes: config.compile.upload_size.0,
        timeout_ms: milliseconds(limits.timeout, limits.max_timeout),
        cpu_time_ms: milliseconds(limits.cpu_time, limits.max_cpu_time),
        memory_bytes: bytes(limits.memory, limits.max_memory),
        input_bytes: bytes(limits.input, limits.max_value),
        output_bytes: bytes(limits.result, limits.max_value),
        elements: limits.elements,
        max_concurrency: limits.max_concurrency,
        max_reuse: limits.max_reuse,
        call_depth: limits.call_depth,
        call_fan_out: limits.fan_out,
        idle_instances: limits.idle_instances,
        loaded: limits.loaded,
        moved_instances: limits.moved_instances.max(1),
        moves_look: limits.moves_look.0.max(Duration::from_millis(1)),
        // More permits than a semaphore has are more than there can be processes.
        warm_instances: config.runs.run_warm_instances.min(1 << 20),
        logs: logs(config),
        log_bytes: count(config.logs.log_total),
        run_log_bytes: count(config.logs.log_runs),
        metric_series: config.telemetry.metric_series,
        keep_versions: config.quotas.keep_versions,
        accounts: quotas.accounts().clone(),
        ..weft_function_engine::Config::default()
    }
}

/// The bounds of the workflow engine.
pub(crate) fn runs(config: &Config, quotas: &Quotas) -> weft_workflow_engine::Config {
    let runs = &config.runs;
    weft_workflow_engine::Config {
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        runs: runs.runs_at_once.max(1),
        waiting_runs: runs.runs_waiting,
        open_runs: runs.runs_open,
        calls: runs.run_calls.max(1),
        run_parallelism: runs.run_parallelism.max(1),
        depth: runs.run_depth,
        warm_ahead: runs.run_warm_ahead,
        inline_bytes: count(runs.run_inline),
        values: weft_types::image::Bounds {
            bytes: count(runs.run_value),
            elements: runs.run_elements,
        },
        resident_bytes: count(runs.run_resident),
        cache_bytes: count(runs.run_cache),
        outbox_bytes: count(runs.run_outbox),
        express_bytes: count(runs.run_express),
        orders: runs.run_orders,
        labels: runs.run_labels,
        keys: runs.run_keys,
        key_lifetime: runs.run_key_lifetime.0,
        key_outcome_bytes: count(runs.run_key_outcomes),
        metric_series: config.telemetry.metric_series,
        accounts: quotas.accounts().clone(),
        ..weft_workflow_engine::Config::default()
    }
}

/// How runs are kept.
pub(crate) fn store(config: &Config) -> weft_store::Options {
    let runs = &config.runs;
    let some = |bound: u64| (bound > 0).then_some(bound);
    weft_store::Options {
        retention_age: Some(runs.runs_keep_for.0).filter(|age| !age.is_zero()),
        retention_runs: some(runs.runs_keep),
        retention_bytes: some(runs.runs_keep_size.0),
        retention_interval: runs.runs_sweep_every.0,
        ..weft_store::Options::default()
    }
}

/// How blobs are kept.
pub(crate) fn blobs(config: &Config) -> weft_blobs::Options {
    let blobs = &config.blobs;
    weft_blobs::Options {
        max_bytes: blobs.blob_size.0,
        uploads: blobs.blob_uploads,
        downloads: blobs.blob_downloads,
        jobs: blobs.blob_jobs,
        maps: blobs.blob_maps,
        remembered: blobs.blob_facts,
        keep_for: blobs.blob_keep_for.0,
        ..weft_blobs::Options::default()
    }
}

/// How often blobs are collected; none for never. What was found to be referred to the last time must still be young the next time.
pub(crate) fn collect_every(config: &Config) -> Option<Duration> {
    let every = config.blobs.blob_collect_every.0;
    (!every.is_zero()).then(|| {
        every
            .min(config.blobs.blob_keep_for.0 / 2)
            .max(Duration::from_millis(1))
    })
}

/// How connections are served.
pub(crate) fn serving(config: &Config) -> weft_api::serve::Config {
    let defaults = weft_api::serve::Config::default();
    weft_api::serve::Config {
        cores: cores(config),
        connections: files::room_for(defaults.connections),
        patience: config.serve.drain.0,
        stall_timeout: config.serve.stall_timeout.0,
        ..defaults
    }
}

fn cores(config: &Config) -> usize {
    match config.serve.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    }
}

fn logs(config: &Config) -> LogBounds {
    let logs = &config.logs;
    LogBounds {
        line_bytes: count(logs.log_line),
        lines: logs.log_lines,
        bytes: count(logs.log_size),
        invocation_lines: logs.log_call_lines,
    }
}

fn milliseconds(default: Span, max: Span) -> Bound {
    let ms = |Span(duration): Span| u64::try_from(Duration::as_millis(&duration)).unwrap_or(u64::MAX);
    Bound {
        default: ms(default),
        max: ms(max),
    }
}

fn bytes(Size(default): Size, Size(max): Size) -> Bound {
    Bound { default, max }
}

fn count(Size(bytes): Size) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// How workers are started.
pub(crate) fn processes(config: &crate::config::Serve) -> weft_process::server::Settings {
    weft_process::server::Settings {
        start: config.worker_start.0,
        grace: config.worker_grace.0,
        base_memory: config.worker_memory.0,
        total: total(config),
        runtime: match config.container_runtime.as_os_str().is_empty() {
            true => weft_process::server::Choice::Best,
            false => weft_process::server::Choice::Named(config.container_runtime.clone()),
        },
        containers: std::path::absolute(&config.container_directory)
            .unwrap_or_else(|_| config.container_directory.clone()),
        ..weft_process::server::Settings::new(
            beside(&config.worker, "weft-worker"),
            beside(&config.container_starter, "weft-container"),
        )
    }
}

/// What all workers together may use.
fn total(config: &crate::config::Serve) -> weft_pool::budget::Share {
    let memory = match config.workers_memory.0 {
        0 => machine_memory() / 4 * 3,
        bytes => bytes,
    };
    let cpu = match config.workers_cpu {
        0 => u64::MAX,
        millis => millis,
    };
    weft_pool::budget::Share { memory, cpu }
}

/// The memory that there is for this server: the machine's, or what a control group leaves it of that.
fn machine_memory() -> u64 {
    let machine = rustix::system::sysinfo();
    let all = machine.totalram * u64::from(machine.mem_unit);
    weft_process::server::memory_limit().map_or(all, |limit| limit.min(all))
}

/// A program that was named, else the one of that name beside this program.
fn beside(named: &Path, name: &str) -> PathBuf {
    if !named.as_os_str().is_empty() {
        // It is started in another directory.
        return std::path::absolute(named).unwrap_or_else(|_| named.to_owned());
    }
    // A program that cannot tell where it lies finds none beside it, and says so where one is needed.
    let own = std::env::current_exe().unwrap_or_default();
    own.with_file_name(name)
}

/// The bounds of the runtime.
pub(crate) fn runtime(config: &Config) -> weft_runtime::Settings {
    let compile = &config.compile;
    let mut settings = weft_runtime::Settings::default();
    settings.compiling.at_once = compile.compiles.max(1);
    settings.compiling.waiting = compile.compiles_waiting;
    settings.compiling.wall = compile.compile_time.0;
    settings.compiling.memory = compile.compile_memory.0;
    settings.memory = match config.serve.sandbox_memory.0 {
        0 => machine_memory() / 2,
        bytes => bytes,
    };
    let outbound = &config.outbound;
    settings.outbound.keep_alive = outbound.outbound_idle.0;
    settings.outbound.kept_per_host = outbound.outbound_kept_per_host;
    settings.outbound.kept = outbound.outbound_kept;
    settings
}
