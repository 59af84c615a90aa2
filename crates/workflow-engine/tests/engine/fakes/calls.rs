//! Functions that are closures over JSON.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value as Json;
use weft_types::image::{Attached, Image};
use weft_types::{Digest, FunctionName, NodeKey, RunId, Signature, json};
use weft_workflow::event::ErrorCode;
use weft_workflow_engine::Config;
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::calls::{CallError, Callee, Calls, NodeCall, NodeReply, Wanted};
use weft_workflow_engine::port::journal::Journal;

use super::journal::FakeJournal;

/// What a function does with its arguments, an object.
type Program = Arc<dyn Fn(Asked) -> BoxFuture<'static, Result<Json, CallError>> + Send + Sync>;

/// A call as a function sees it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) arguments: Json,
    pub(crate) attempt: u32,
    pub(crate) seed: [u8; 32],
}

/// A call as it was made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Called {
    pub(crate) function: String,
    pub(crate) node: String,
    pub(crate) item: Option<u32>,
    pub(crate) run: RunId,
    pub(crate) key: NodeKey,
    pub(crate) attempt: u32,
    pub(crate) arguments: Json,
    /// Which of them were not in their image.
    pub(crate) attached: Attached,
    /// Whether everything that was appended was on the disk when it began.
    pub(crate) committed: bool,
}

#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) signature: Arc<Signature>,
    pub(crate) effect_free: bool,
    program: Program,
    identity: Digest,
}

#[derive(Default)]
pub(crate) struct FakeCalls {
    functions: Mutex<HashMap<String, Function>>,
    /// How often one was added.
    added: AtomicUsize,
    called: Arc<Mutex<Vec<Called>>>,
    /// Calls that were begun and neither ended nor were stopped.
    under_way: Arc<AtomicUsize>,
    pub(crate) warmed: Arc<Mutex<Vec<String>>>,
    journal: Mutex<Option<Arc<FakeJournal>>>,
}

struct FakeCallee {
    name: String,
    function: Function,
    called: Arc<Mutex<Vec<Called>>>,
    under_way: Arc<AtomicUsize>,
    warmed: Arc<Mutex<Vec<String>>>,
    journal: Arc<FakeJournal>,
}

/// Counts a call as long as it is under way.
struct UnderWay(Arc<AtomicUsize>);

impl FakeCalls {
    /// Adds a function: `params` is the type of its parameters' record, `result` its result's.
    pub(crate) fn add<F>(
        &self,
        name: &str,
        params: &str,
        result: &str,
        effect_free: bool,
        program: impl Fn(Asked) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = Result<Json, CallError>> + Send + 'static,
    {
        let signature = Signature {
            params: params.parse().unwrap(),
            result: (!result.is_empty()).then(|| result.parse().unwrap()),
        };
        let program: Program = Arc::new(move |asked| Box::pin(program(asked)));
        let added = self.added.fetch_add(1, SeqCst);
        self.functions.lock().unwrap().insert(
            name.to_owned(),
            Function {
                signature: Arc::new(signature),
                effect_free,
                program,
                identity: Digest::of(&added.to_le_bytes()),
            },
        );
    }

    pub(crate) fn get(&self, name: &str) -> Option<Function> {
        self.functions.lock().unwrap().get(name).cloned()
    }

    pub(crate) fn remove(&self, name: &str) {
        self.functions.lock().unwrap().remove(name);
    }

    pub(crate) fn watch(&self, journal: &Arc<FakeJournal>) {
        *self.journal.lock().unwrap() = Some(Arc::clone(journal));
    }

    /// Every call that was made, in order.
    pub(crate) fn called(&self) -> Vec<Called> {
        self.called.lock().unwrap().clone()
    }

    /// The functions that were called, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.called().into_iter().map(|called| called.function).collect()
    }

    pub(crate) fn count(&self, function: &str) -> usize {
        let called = self.called();
        called.iter().filter(|called| called.function == function).count()
    }

    pub(crate) fn forget(&self) {
        self.called.lock().unwrap().clear();
    }

    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(SeqCst)
    }
}

impl Calls for FakeCalls {
    fn callee(&self, wanted: &Wanted<'_>) -> Result<Arc<dyn Callee>, String> {
        let name = wanted.function.to_string();
        let function = self
            .get(&name)
            .ok_or_else(|| format!("there is no function `{name}`"))?;
        let journal = self.journal.lock().unwrap();
        Ok(Arc::new(FakeCallee {
            name,
            function,
            called: Arc::clone(&self.called),
            under_way: Arc::clone(&self.under_way),
            warmed: Arc::clone(&self.warmed),
            journal: Arc::clone(journal.as_ref().unwrap()),
        }))
    }
}

impl Callee for FakeCallee {
    fn call(self: Arc<Self>, call: NodeCall) -> Boxed<'static, Result<NodeReply, CallError>> {
        Box::pin(async move {
            self.under_way.fetch_add(1, SeqCst);
            let _under_way = UnderWay(Arc::clone(&self.under_way));
            let params = &self.function.signature.params;
            let bounds = Config::default().values;
            let whole = call.attached.put_into(params, &call.arguments, bounds).unwrap();
            let arguments = printed(params, &whole);
            self.called.lock().unwrap().push(Called {
                function: self.name.clone(),
                node: call.node.to_string(),
                item: call.item,
                run: call.run,
                key: call.key,
                attempt: call.attempt,
                arguments: arguments.clone(),
                attached: call.attached,
                committed: self.journal.committed().0 == self.journal.appended().len() as u64,
            });
            let asked = Asked {
                arguments,
                attempt: call.attempt,
                seed: call.seed,
            };
            let answer = (self.function.program)(asked);
            let answer = match call.timeout {
                None => answer.await?,
                Some(timeout) => tokio::time::timeout(timeout, answer)
                    .await
                    .unwrap_or_else(|_| Err(error(ErrorCode::Timeout, "too slow")))?,
            };
            let result = self
                .function
                .signature
                .result
                .as_ref()
                .map(|ty| parsed(ty, &answer));
            Ok(NodeReply {
                result,
                cpu_time: Duration::from_micros(7),
            })
        })
    }

    fn effect_free(&self) -> bool {
        self.function.effect_free
    }

    fn identity(&self) -> Digest {
        self.function.identity
    }

    fn warm(&self) {
        self.warmed.lock().unwrap().push(self.name.clone());
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// A failure after the guest had begun.
pub(crate) fn error(code: ErrorCode, message: &str) -> CallError {
    CallError {
        code,
        message: message.into(),
        begun: true,
        cpu_time: Duration::from_micros(7),
    }
}

pub(crate) fn printed(ty: &weft_types::Type, image: &Image) -> Json {
    let mut out = Vec::new();
    json::print(ty, image, &mut out);
    serde_json::from_slice(&out).unwrap()
}

pub(crate) fn parsed(ty: &weft_types::Type, value: &Json) -> Image {
    json::parse(ty, value.to_string().as_bytes(), Config::default().values).unwrap()
}

pub(crate) fn name(text: &str) -> FunctionName {
    text.parse().unwrap()
}
