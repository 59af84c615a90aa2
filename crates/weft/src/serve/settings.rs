//! The configuration in the terms of the crates it is for.

use std::time::Duration;

use weft_function_engine::{Bound, LogBounds};

use super::{Config, files};
use crate::units::{Size, Span};

/// The bounds of the engine.
pub(crate) fn engine(config: &Config) -> weft_function_engine::Config {
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
        logs: logs(config),
        log_bytes: count(config.logs.log_total),
        run_log_bytes: count(config.logs.log_runs),
        metric_series: config.telemetry.metric_series,
        ..weft_function_engine::Config::default()
    }
}

/// How connections are served.
pub(crate) fn serving(config: &Config) -> weft_api::serve::Config {
    let defaults = weft_api::serve::Config::default();
    weft_api::serve::Config {
        cores: cores(config),
        connections: files::room_for(defaults.connections),
        patience: config.serve.drain.0,
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

/// The bounds of the runtime.
pub(crate) fn runtime(config: &Config) -> weft_runtime::Settings {
    let compile = &config.compile;
    let mut settings = weft_runtime::Settings::default();
    settings.compiling.at_once = compile.compiles.max(1);
    settings.compiling.waiting = compile.compiles_waiting;
    settings.compiling.wall = compile.compile_time.0;
    settings.compiling.memory = compile.compile_memory.0;
    let outbound = &config.outbound;
    settings.outbound.keep_alive = outbound.outbound_idle.0;
    settings.outbound.kept_per_host = outbound.outbound_kept_per_host;
    settings.outbound.kept = outbound.outbound_kept;
    settings
}
