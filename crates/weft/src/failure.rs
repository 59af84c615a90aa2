//! What a command ends with when it does not succeed.

use std::fmt;

use serde_json::Value;

/// The exit codes of the command, documented in `docs/command.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Anything that has no code of its own.
    Error = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// The function answered an error of its own, the `err` of its result.
    FunctionError = 3,
    /// No such project, function, version or export.
    NotFound = 4,
    /// The server cannot be reached.
    Unreachable = 5,
    /// The server refused what it was given: arguments, settings or code.
    Refused = 6,
    /// The function was ended: it trapped, exited, reached a limit or lost its process; so was the run of a workflow that was called.
    FunctionFailed = 7,
    /// The server is too busy or shutting down; trying again may help.
    Busy = 8,
    /// A run that was watched ended without success: it failed, was cancelled or took too long.
    RunFailed = 9,
    /// A run of a workflow has not ended, and nobody waits for it any longer.
    RunGoesOn = 10,
}

/// Why a command did not succeed, and what would help.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
    run: Option<String>,
    details: Option<Value>,
}

impl Failure {
    /// A failure with an exit code and one sentence.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
            run: None,
            details: None,
        }
    }

    /// A wrong use of the command.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Exits with another code.
    #[must_use]
    pub(crate) fn exiting(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Adds what the user can do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the run that it is about.
    #[must_use]
    pub(crate) fn of_run(mut self, run: impl Into<String>) -> Self {
        self.run = Some(run.into());
        self
    }

    /// Adds what programs may want to read.
    #[must_use]
    pub(crate) fn details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Tells it in other words.
    #[must_use]
    pub(crate) fn told(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Puts in front what the failure is about.
    #[must_use]
    pub(crate) fn about(mut self, subject: &str) -> Self {
        self.message = format!("{subject}: {}", self.message);
        self
    }

    /// The code the process exits with.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// What the user can do, if anything is known to help.
    pub(crate) fn as_hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The run that it is about, if any.
    pub(crate) fn as_run(&self) -> Option<&str> {
        self.run.as_deref()
    }

    /// What programs may want to read: the server's problem.
    pub(crate) fn as_details(&self) -> Option<&Value> {
        self.details.as_ref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
