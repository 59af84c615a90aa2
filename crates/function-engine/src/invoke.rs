//! Calls of typed exports: the path that has to be fast.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;
use weft_types::image::{Image, Outcome};
use weft_types::{Signature, VersionNumber, VersionRecord};

use crate::deployed::Deployed;
use crate::port::{Call, TraceContext};
use crate::{Engine, Error};

mod arguments;
mod context;
mod execute;
mod measured;

pub(crate) use context::{Terms, clock};
pub(crate) use measured::Measured;

/// A call from outside.
#[derive(Clone, Debug)]
pub struct Invocation<'a> {
    /// The namespace.
    pub project: &'a str,
    /// The function.
    pub function: &'a str,
    /// The version; none calls the active one.
    pub version: Option<VersionNumber>,
    /// `name`, `interface#name`, or `interface#name` with the interface's version left out; none is enough where only one
    /// export can be called.
    pub export: Option<&'a str>,
    /// What it is called with.
    pub arguments: Arguments,
    /// The span of this call.
    pub trace: TraceContext,
    /// The seed of an earlier answer, to repeat that call. Only for versions whose calls can be repeated.
    pub seed: Option<[u8; 32]>,
    /// The time of an earlier answer, to repeat that call. Only for versions whose calls can be repeated.
    pub time: Option<Timestamp>,
    /// How long the caller waits at most; the version's own limit applies where it is shorter.
    pub timeout: Option<Duration>,
}

/// The arguments of a call.
#[derive(Clone, Debug)]
pub enum Arguments {
    /// An object by parameter name or an array by position.
    Json(Bytes),
    /// The value of the one parameter, a `list<u8>`.
    Raw(Bytes),
}

/// What a call answered.
#[derive(Debug)]
pub struct Answer {
    /// Identifies the call in logs and traces.
    pub invocation: Uuid,
    /// The version that answered.
    pub version: VersionNumber,
    /// The result, where the signature has one.
    pub result: Option<Image>,
    /// What seeded the call, where it can be repeated: its version was granted nothing and no instance served before.
    pub seed: Option<[u8; 32]>,
    /// What its clock started at, where it can be repeated.
    pub time: Option<Timestamp>,
    /// Time waited for a place.
    pub queue: Duration,
    /// Time from the place to the first instruction of the export, loading the code included.
    pub start: Duration,
    /// Time the guest executed.
    pub execution: Duration,
    deployed: Arc<Deployed>,
    export: usize,
}

impl Engine {
    /// Calls an export of a function. Dropping the future cancels the call.
    ///
    /// # Errors
    /// Where there is no such thing to call, the arguments do not fit, no place is to be had in time, or the call fails.
    /// The function's own `err` is an answer.
    pub async fn invoke(&self, invocation: Invocation<'_>) -> Result<Answer, Error> {
        let inner = &self.0;
        let _under_way = inner.begin()?;
        let deployed = inner.resolve(invocation.project, invocation.function, invocation.version)?;
        let (export, signature) = deployed.export(invocation.export)?;
        let terms = Terms {
            seed: invocation.seed,
            time: invocation.time,
            timeout: invocation.timeout,
            ..Terms::of_outside(invocation.trace, &inner.config)
        };
        terms.check(&deployed)?;
        let bounds = inner.config.bounds(deployed.limits.input);
        let export_name = || deployed.record().inspection.exports[export].full_name();
        let arguments = arguments::read(signature, invocation.arguments, bounds, export_name)?;
        let context = deployed.context(terms);
        let (invocation, seed, time) = (context.invocation, context.seed, context.time);
        let executed = inner
            .execute(
                &deployed,
                Call {
                    export,
                    arguments,
                    context,
                },
            )
            .await?;
        let repeatable = deployed.repeatable();
        Ok(Answer {
            invocation,
            version: deployed.record().version,
            result: executed.reply.result,
            seed: repeatable.then_some(seed),
            time: repeatable.then_some(time),
            queue: executed.queue,
            start: executed.start,
            execution: executed.reply.cpu_time,
            deployed,
            export,
        })
    }
}

impl Answer {
    /// The types of the export that answered.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        // `invoke` answers with an export that it found to have one.
        self.deployed
            .signature(self.export)
            .expect("an answer comes from an export that can be called")
    }

    /// The version that answered.
    #[must_use]
    pub fn record(&self) -> &Arc<VersionRecord> {
        self.deployed.record()
    }

    /// Whether the result is the `err` of a `result<T, E>`: the function's own typed error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        is_error(self.signature(), self.result.as_ref())
    }

    /// The seed as 64 hexadecimal digits.
    #[must_use]
    pub fn seed_hex(&self) -> Option<String> {
        self.seed
            .map(|seed| blake3::Hash::from_bytes(seed).to_hex().to_string())
    }
}

/// Whether a result is the function's own error.
fn is_error(signature: &Signature, result: Option<&Image>) -> bool {
    match (&signature.result, result) {
        (Some(ty), Some(image)) => image.outcome(ty) == Outcome::Err,
        _ => false,
    }
}
