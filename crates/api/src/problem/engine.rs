//! What the engine's errors are called here: the one place that decides.

use std::time::Duration;

use uuid::Uuid;
use weft_function_engine::port::Failure;
use weft_function_engine::{Error, Needed};
use weft_types::json;
use weft_types::version::Pin;

use super::{Kind, Problem};
use crate::headers;

/// How long a queue of compiles takes to be worth another look, in seconds.
const RETRY_AFTER_COMPILES: u32 = 5;
/// How long a pool that could not be replaced takes to be worth another try, in seconds.
const RETRY_AFTER_POOLS: u32 = 1;
/// How long to stay away from a server that shuts down, in seconds.
const RETRY_AFTER_DRAINING: u32 = 5;

impl From<Error> for Problem {
    // One arm a variant and no catch-all, so that a new error asks for its place.
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        let problem = |kind| Problem::new(kind, detail.clone());
        match error {
            Error::NoProject(_) => problem(Kind::NotFoundProject),
            Error::ProjectGone(_) => problem(Kind::ProjectGone),
            Error::ProjectInUse { .. } => problem(Kind::ProjectInUse),
            Error::NoFunction { .. } => problem(Kind::NotFoundFunction),
            Error::NoPool(_) => problem(Kind::NotFoundPool),
            Error::NoVersion { latest, .. } => problem(Kind::NotFoundVersion).with("latest", latest),
            Error::NoActiveVersion { missing, .. } => problem(Kind::NoActiveVersion).with("missing", missing),
            Error::NoExport { candidates, .. } => problem(Kind::NotFoundExport).with("exports", candidates),
            Error::AmbiguousExport { candidates, .. } => {
                problem(Kind::AmbiguousExport).with("exports", candidates)
            }
            Error::NotCallable { .. } => problem(Kind::NotCallable),
            Error::InvalidName(_) => problem(Kind::InvalidName),
            Error::InvalidArguments(error) => invalid_arguments(error),
            Error::ArgumentsTooLarge { limit } => problem(Kind::ArgumentsTooLarge).with("limit", limit),
            Error::RawArguments { .. } => problem(Kind::UnsupportedMediaType),
            Error::InvalidOption { option, .. } => invalid_option(option, problem),
            Error::InvalidSettings { pointer, .. } => problem(Kind::InvalidSettings).with("pointer", pointer),
            Error::UnknownProfile { known, .. } => problem(Kind::UnknownProfile).with("profiles", known),
            Error::NoProfile { known, .. } => problem(Kind::NotFoundProfile).with("profiles", known),
            Error::InvalidProfile { line, column, .. } => problem(Kind::InvalidProfile)
                .with("line", line)
                .with("column", column),
            Error::ProfileInUse { by } => problem(Kind::ProfileInUse).with("by", by),
            Error::BuiltInProfile(_) => problem(Kind::ProfileBuiltIn),
            Error::TooManyProfiles(limit) => problem(Kind::TooManyProfiles).with("limit", limit),
            Error::ProfilesFixed => problem(Kind::ProfilesFixed),
            Error::UnmetNeeds(_) => problem(Kind::UnmetNeeds),
            Error::PoolUnchanged(_) => problem(Kind::PoolUnchanged).retry_after(RETRY_AFTER_POOLS),
            Error::NoRollout(_) => problem(Kind::NoRollout),
            Error::RolloutUnderWay { version, .. } => problem(Kind::RolloutUnderWay).with("version", version),
            Error::CannotRollOut { .. } => problem(Kind::CannotRollOut),
            Error::LevelUnavailable { .. } => problem(Kind::LevelUnavailable),
            Error::NoCode(_) | Error::InvalidCode(_) => problem(Kind::InvalidCode),
            Error::OtherKind { .. } | Error::NotAWorkflow(_) => problem(Kind::OtherKind),
            Error::PinGone(_) => problem(Kind::Conflict),
            Error::UploadTooLarge { limit } => problem(Kind::UploadTooLarge).with("limit", limit),
            Error::CompileTimeout(_) => problem(Kind::CompileTimeout),
            Error::CompilersBusy(_) => problem(Kind::CompilersBusy).retry_after(RETRY_AFTER_COMPILES),
            Error::CompileFailed(_) => problem(Kind::CompileFailed),
            Error::StorageFull => problem(Kind::StorageFull),
            Error::StorageFailed(_) => fault(Kind::StorageFailed, &detail),
            Error::MissingGrant { missing, .. } => problem(Kind::MissingGrant).with("missing", missing),
            Error::Quota(exceeded) => exceeded.into(),
            Error::VersionInUse { because, .. } => version_in_use(&because, problem(Kind::VersionInUse)),
            Error::StillReferenced { by, .. } => problem(Kind::StillReferenced).with("by", pins(&by)),
            Error::OpenRuns(_) => problem(Kind::OpenRuns),
            Error::Failed {
                invocation, failure, ..
            } => failed(invocation, &failure, detail),
            Error::OutcomeUnknown { invocation, loss } => of_invocation(
                problem(Kind::OutcomeUnknown).with("loss", loss.name()),
                invocation,
            ),
            Error::Overloaded { retry_after, .. } => {
                problem(Kind::Overloaded).retry_after(whole_seconds(retry_after))
            }
            Error::QueueTimeout { retry_after, .. } => {
                problem(Kind::QueueTimeout).retry_after(whole_seconds(retry_after))
            }
            Error::Draining => problem(Kind::Draining).retry_after(RETRY_AFTER_DRAINING),
            Error::Platform(_) => fault(Kind::PlatformFault, &detail),
        }
    }
}

fn version_in_use(because: &Needed, problem: Problem) -> Problem {
    let slug = match because {
        Needed::Active => "active",
        Needed::RollingOut => "rollout",
        Needed::OnlyOne => "only",
        Needed::Pinned(_) => "pinned",
        Needed::OpenRuns => "open-runs",
    };
    let problem = problem.with("because", slug);
    match because {
        Needed::Pinned(by) => problem.with("by", pins(by)),
        _ => problem,
    }
}

fn pins(pins: &[Pin]) -> Vec<String> {
    pins.iter().map(Pin::to_string).collect()
}

fn invalid_arguments(error: json::Error) -> Problem {
    let detail = error.to_string();
    match error.kind {
        json::ErrorKind::Syntax => Problem::new(Kind::InvalidJson, detail),
        json::ErrorKind::Type => Problem::new(Kind::InvalidArguments, detail).with("pointer", error.pointer),
        json::ErrorKind::TooLarge => {
            Problem::new(Kind::ArgumentsTooLarge, detail).with("pointer", error.pointer)
        }
    }
}

fn invalid_option(option: &str, problem: impl FnOnce(Kind) -> Problem) -> Problem {
    match option {
        "timeout" => problem(Kind::InvalidQuery).with("parameter", option),
        _ => problem(Kind::InvalidHeader).with("header", format!("weft-{option}")),
    }
}

fn failed(invocation: Uuid, failure: &Failure, detail: String) -> Problem {
    let problem = |kind| Problem::new(kind, detail.clone());
    let problem = match failure {
        Failure::Trap { frames, .. } => problem(Kind::FunctionTrapped).with("frames", frames),
        Failure::Exited(code) => problem(Kind::FunctionExited).with("code", code),
        Failure::TimedOut(limit) => problem(Kind::CallTimeout).with("limit", millis(*limit)),
        Failure::CpuTime(limit) => problem(Kind::CpuLimit).with("limit", millis(*limit)),
        Failure::OutOfMemory(limit) => problem(Kind::MemoryLimit).with("limit", limit),
        Failure::SandboxMemory(limit) => problem(Kind::SandboxMemory).with("limit", limit).retry_after(1),
        Failure::StackOverflow => problem(Kind::StackOverflow),
        Failure::OutputTooLarge(limit) => problem(Kind::ResultTooLarge).with("limit", limit),
        Failure::InvalidResult(_) => problem(Kind::InvalidResult),
        Failure::NoResponse => problem(Kind::NoResponse),
        Failure::CallLimit(_) => problem(Kind::CallLimit),
        Failure::Cancelled => problem(Kind::Cancelled),
        Failure::QueueTimeout(_) => problem(Kind::QueueTimeout).retry_after(1),
        Failure::Unavailable(_) => problem(Kind::Overloaded).retry_after(1),
        Failure::Lost(loss) => problem(Kind::ProcessLost).with("loss", loss.name()),
        Failure::Unstarted(loss) => problem(Kind::StartFailed)
            .with("loss", loss.name())
            .retry_after(1),
        Failure::Platform(_) => fault(Kind::PlatformFault, &detail),
    };
    of_invocation(problem, invocation)
}

fn of_invocation(problem: Problem, invocation: Uuid) -> Problem {
    let mut id = Uuid::encode_buffer();
    let id = invocation.hyphenated().encode_lower(&mut id);
    let header = headers::ascii(id.as_bytes());
    problem
        .with("invocation", id)
        .with_header(headers::INVOCATION, header)
}

/// A fault of ours: what it was goes to the log, as it may name what is no caller's business.
pub(super) fn fault(kind: Kind, detail: &str) -> Problem {
    tracing::error!(error = detail, problem = kind.entry().slug, "request failed");
    Problem::new(kind, kind.entry().explanation)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// At least one second, rounded up.
pub(super) fn whole_seconds(duration: Duration) -> u32 {
    let seconds = duration.as_millis().div_ceil(1000).max(1);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn json_mistakes_are_told_apart() {
        let error = |kind| {
            Error::InvalidArguments(json::Error {
                pointer: "/a/0".to_owned(),
                message: "expected a bool".to_owned(),
                kind,
            })
        };
        assert_eq!(
            Problem::from(error(json::ErrorKind::Syntax)).kind(),
            Kind::InvalidJson
        );
        assert_eq!(
            Problem::from(error(json::ErrorKind::TooLarge)).kind(),
            Kind::ArgumentsTooLarge
        );
        let problem = serde_json::to_value(Problem::from(error(json::ErrorKind::Type))).unwrap();
        assert_eq!(problem["type"], "/problems/invalid-arguments");
        assert_eq!(problem["pointer"], "/a/0");
    }

    #[test]
    fn failures_name_their_invocation() {
        let invocation = Uuid::from_u128(7);
        let error = Error::Failed {
            invocation,
            failure: Box::new(Failure::Exited(3)),
            cpu_time: std::time::Duration::ZERO,
        };
        let response = Problem::from(error).into_response();
        assert_eq!(response.status(), 500);
        assert_eq!(
            response.headers()[headers::INVOCATION],
            "00000000-0000-0000-0000-000000000007"
        );
    }

    #[test]
    fn faults_do_not_tell_what_they_were() {
        let problem = Problem::from(Error::Platform("secret path".to_owned()));
        assert_eq!(problem.kind(), Kind::PlatformFault);
        assert!(!problem.detail().contains("secret"));
    }

    #[test]
    fn overload_says_when_to_come_back() {
        let error = Error::Overloaded {
            queued: 9,
            retry_after: Duration::from_millis(1200),
        };
        let response = Problem::from(error).into_response();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["retry-after"]),
            (503, &HeaderValue::from(2))
        );
    }
}
