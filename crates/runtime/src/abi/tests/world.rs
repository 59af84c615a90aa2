//! A store's data for tests: wide limits and nothing outside.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;
use weft_function_engine::port::{
    Boxed, CallContext, Failure, FanOut, Host, KeyValue, LogSink, Stream, TraceContext,
};
use weft_types::image::Image;
use weft_types::version::{Flavor, ImportedFunction};
use weft_types::{FunctionName, ProjectName};

use crate::host::{HostState, Version};
use crate::outbound::{Access, Client, Settings as OutboundSettings};

pub(super) fn state() -> HostState {
    let grants = weft_types::Grants::default();
    let version = Version {
        project: "default".parse().unwrap(),
        flavor: Flavor::Exports,
        outbound: Access::new(
            &"default".parse().unwrap(),
            &grants,
            Arc::new(Client::new(OutboundSettings::default())),
        ),
        grants,
        repeatable: true,
        memory: None,
        env: Vec::new(),
        host: Arc::new(Nothing),
    };
    let context = CallContext {
        party: weft_function_engine::Party::OWN,
        invocation: Uuid::nil(),
        deadline: Instant::now() + Duration::from_secs(60),
        cpu_time: Duration::from_secs(60),
        memory: 64 << 20,
        output: 1 << 20,
        depth: 0,
        fan_out: FanOut::of(0),
        made: None,
        seed: [0; 32],
        time: Timestamp::UNIX_EPOCH,
        key: None,
        trace: TraceContext {
            trace_id: [1; 16],
            span_id: [1; 8],
            sampled: false,
        },
        logs: Arc::new(Nothing),
        host: None,
    };
    HostState::new(Arc::new(version), context)
}

struct Nothing;

impl LogSink for Nothing {
    fn line(&self, _: Uuid, _: Stream, _: &str) {}
}

impl Host for Nothing {
    fn call<'a>(
        &'a self,
        _: &'a ProjectName,
        _: &'a FunctionName,
        _: &'a str,
        _: &'a ImportedFunction,
        _: Image,
        _: &'a CallContext,
    ) -> Boxed<'a, Result<Option<Image>, Failure>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn keyvalue(&self) -> &dyn KeyValue {
        unreachable!("no test here has key-values")
    }
}
