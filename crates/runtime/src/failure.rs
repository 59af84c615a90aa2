//! From what ended a guest to why the call did not answer.

use std::fmt::{self, Write};

use wasmtime::component::__internal::wasmtime_environ::demangle_function_name_or_index;
use wasmtime::{Error, FrameInfo, PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;
use weft_function_engine::port::{CallContext, Failure};
use weft_types::guest::LiftError;

use crate::imports::Unanswered;
use crate::stop::Stop;

/// Longest frame or message kept, in bytes: names come from the guest.
const MAX_TEXT: usize = 300;

/// Why the call under `context` failed. `timeout` is what it had when it began.
pub(crate) fn of_error(error: &Error, context: &CallContext, timeout: std::time::Duration) -> Failure {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return of_stop(*stop, timeout);
    }
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        return Failure::Exited(exit.0);
    }
    if let Some(lift) = error.downcast_ref::<LiftError>() {
        return match lift {
            LiftError::TooLarge(_) => Failure::OutputTooLarge(context.output),
            other => Failure::InvalidResult(other.to_string()),
        };
    }
    if let Some(failure) = error.downcast_ref::<Unanswered>().and_then(Unanswered::passed_on) {
        return failure.clone();
    }
    if let Some(full) = error.downcast_ref::<PoolConcurrencyLimitError>() {
        return Failure::Unavailable(format!("no room for another instance: {full}"));
    }
    if let Some(Trap::StackOverflow) = error.downcast_ref::<Trap>() {
        return Failure::StackOverflow;
    }
    Failure::Trap {
        message: bounded(error.root_cause()),
        frames: frames(error),
    }
}

/// Why a call failed that the platform stopped.
pub(crate) fn of_stop(stop: Stop, timeout: std::time::Duration) -> Failure {
    match stop {
        Stop::Memory(limit) => Failure::OutOfMemory(limit),
        Stop::AllMemory(limit) => Failure::SandboxMemory(limit),
        Stop::CpuTime(limit) => Failure::CpuTime(limit),
        Stop::Deadline => Failure::TimedOut(timeout),
        Stop::Cancelled => Failure::Cancelled,
        Stop::Output(limit) => Failure::OutputTooLarge(limit),
        Stop::Lost => Failure::Platform("the call's thread panicked".into()),
    }
}

fn frames(error: &Error) -> Vec<String> {
    let backtrace = error.downcast_ref::<WasmBacktrace>();
    backtrace
        .map(|backtrace| backtrace.frames().iter().map(frame).collect())
        .unwrap_or_default()
}

fn frame(frame: &FrameInfo) -> String {
    let mut text = Bounded(String::new());
    if let Some(module) = frame.module().name() {
        // Writing ends where the text is full.
        let _ = write!(text, "{module}!");
    }
    let _ = demangle_function_name_or_index(&mut text, frame.func_name(), frame.func_index() as usize);
    text.0
}

fn bounded(message: impl fmt::Display) -> String {
    let mut text = Bounded(String::new());
    let _ = write!(text, "{message}");
    text.0
}

/// Text that takes no more once it is full.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_TEXT - self.0.len();
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        Err(fmt::Error)
    }
}
