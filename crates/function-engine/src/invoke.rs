//! Calls of typed exports: the path that has to be fast.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;
use weft_pool::Party;
use weft_types::image::{Attached, Image, Outcome};
use weft_types::{Signature, VersionNumber, VersionRecord};

use crate::deployed::Deployed;
use crate::port::{Call, TraceContext};
use crate::{Callee, Error};

mod arguments;
mod context;
mod execute;
mod measured;

pub(crate) use context::{Terms, clock};
pub(crate) use execute::AGAIN;
pub(crate) use measured::Measured;

/// A call from outside.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Index of the export, as [`Callee::export`] finds it.
    pub export: usize,
    /// What it is called with.
    pub arguments: Arguments,
    /// Whose turn it takes where calls wait for instances.
    pub party: Party,
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
    /// An image of the signature's parameter record. Keeping it within [`Callee::input_limit`] is the caller's part.
    Image(Image),
    /// The same, beside large arguments that are not in the image, where an empty list stands for each.
    Attached(Image, Attached),
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

impl Callee {
    /// Calls an export for a caller outside. Dropping the future cancels the call.
    ///
    /// # Errors
    /// Where the export cannot be called, the arguments do not fit, no place is to be had in time, or the call fails.
    /// The function's own `err` is an answer.
    pub async fn invoke(&self, invocation: Invocation) -> Result<Answer, Error> {
        let (inner, deployed) = (&self.engine, &self.deployed);
        let _under_way = inner.begin()?;
        let export = invocation.export;
        let signature = deployed.callable(export)?;
        let terms = Terms {
            seed: invocation.seed,
            time: invocation.time,
            timeout: invocation.timeout,
            ..Terms::of_outside(invocation.trace, invocation.party, &inner.config)
        };
        terms.check(deployed)?;
        let bounds = inner.config.bounds(deployed.limits.input);
        let export_name = || deployed.record().inspection.exports[export].full_name();
        let (arguments, attached) = arguments::read(signature, invocation.arguments, bounds, export_name)?;
        let timeout = deployed.timeout(&terms);
        let context = deployed.context(terms);
        let (invocation, seed, time) = (context.invocation, context.seed, context.time);
        let call = Call {
            export,
            arguments,
            attached,
            context,
        };
        let executed = inner.execute(deployed, call).await;
        let executed = executed.map_err(|error| error.with_timeout(timeout))?;
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
            deployed: Arc::clone(deployed),
            export,
        })
    }
}

impl Answer {
    /// The types of the export that answered.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        // `invoke` calls no export that has none.
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
}

/// Whether a result is the function's own error.
fn is_error(signature: &Signature, result: Option<&Image>) -> bool {
    match (&signature.result, result) {
        (Some(ty), Some(image)) => image.outcome(ty) == Outcome::Err,
        _ => false,
    }
}
