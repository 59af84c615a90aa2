//! A world in memory.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use uuid::Uuid;
use weft_function_engine::port::{KeyValue, StorageError};
use weft_types::{ProjectName, RunId};
use weft_webhooks::port::{Boxed, Request, Runs, SendError, Sender, Untold};
use weft_webhooks::{Allowed, Config, Delivery, State, Webhooks};

pub(crate) fn project() -> ProjectName {
    "default".parse().unwrap()
}

pub(crate) fn run(number: u128) -> RunId {
    RunId(Uuid::from_u128(number))
}

pub(crate) fn config() -> Config {
    Config {
        allowed: Allowed {
            hosts: vec!["hooks.example.com".parse().unwrap()],
            private: false,
        },
        ..Config::default()
    }
}

/// An answer that does not come.
pub(crate) fn never() -> Result<u16, SendError> {
    Ok(0)
}

/// An answer that takes a second.
pub(crate) fn slow() -> Result<u16, SendError> {
    Ok(201)
}

/// What was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) body: Bytes,
}

#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Result<u16, SendError>>>,
    sent: Mutex<Vec<Sent>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Sender for Script {
    fn post<'a>(&'a self, request: &'a Request<'a>) -> Boxed<'a, Result<u16, SendError>> {
        Box::pin(async move {
            self.sent.lock().unwrap().push(Sent {
                url: request.target.to_string(),
                key: request.key.to_owned(),
                body: request.body.clone(),
            });
            let now = self.now.fetch_add(1, SeqCst) + 1;
            self.most.fetch_max(now, SeqCst);
            let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Ok(200));
            match answer {
                Ok(0) => std::future::pending().await,
                Ok(201) => tokio::time::sleep(Duration::from_secs(1)).await,
                _ => {}
            }
            self.now.fetch_sub(1, SeqCst);
            answer
        })
    }
}

type Told = HashMap<RunId, Result<Bytes, Untold>>;

struct Records(watch::Sender<Told>);

impl Records {
    async fn of(&self, run: RunId) -> Result<Bytes, Untold> {
        let mut told = self.0.subscribe();
        let told = told.wait_for(|told| told.contains_key(&run)).await.unwrap();
        told[&run].clone()
    }
}

impl Runs for Records {
    fn ended<'a>(&'a self, _: &'a ProjectName, run: RunId) -> Boxed<'a, Result<(), Untold>> {
        Box::pin(async move { self.of(run).await.map(drop) })
    }

    fn shown<'a>(&'a self, _: &'a ProjectName, run: RunId) -> Boxed<'a, Result<Bytes, Untold>> {
        Box::pin(self.of(run))
    }

    fn projects(&self) -> Vec<ProjectName> {
        vec![project()]
    }
}

type Entries = BTreeMap<(String, String, String), Bytes>;

#[derive(Default)]
struct Memory(Mutex<Entries>);

fn entry(project: &ProjectName, store: &str, key: &str) -> (String, String, String) {
    (project.to_string(), store.to_owned(), key.to_owned())
}

impl KeyValue for Memory {
    fn get<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
    ) -> Boxed<'a, Result<Option<Bytes>, StorageError>> {
        let found = self.0.lock().unwrap().get(&entry(project, store, key)).cloned();
        Box::pin(async { Ok(found) })
    }

    fn set<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
        value: Bytes,
    ) -> Boxed<'a, Result<(), StorageError>> {
        self.0.lock().unwrap().insert(entry(project, store, key), value);
        Box::pin(async { Ok(()) })
    }

    fn delete<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
    ) -> Boxed<'a, Result<(), StorageError>> {
        self.0.lock().unwrap().remove(&entry(project, store, key));
        Box::pin(async { Ok(()) })
    }

    fn keys<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> Boxed<'a, Result<Vec<String>, StorageError>> {
        let entries = self.0.lock().unwrap();
        let of_store = entries
            .keys()
            .filter(|(p, s, _)| *p == project.to_string() && s == store);
        let behind = of_store.filter(|(_, _, key)| after.is_none_or(|after| key.as_str() > after));
        let keys = behind.map(|(_, _, key)| key.clone()).take(limit).collect();
        Box::pin(async { Ok(keys) })
    }

    fn increment<'a>(
        &'a self,
        _: &'a ProjectName,
        _: &'a str,
        _: &'a str,
        _: i64,
    ) -> Boxed<'a, Result<Option<i64>, StorageError>> {
        Box::pin(async { Ok(None) })
    }
}

/// Webhooks, and what is around them.
pub(crate) struct World {
    pub(crate) webhooks: Webhooks,
    store: Arc<Memory>,
    script: Arc<Script>,
    records: Arc<Records>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::over(Arc::default(), config).await
    }

    async fn over(store: Arc<Memory>, config: Config) -> Self {
        let script = Arc::<Script>::default();
        let records = Arc::new(Records(watch::Sender::new(Told::new())));
        let webhooks = Webhooks::open(
            Arc::clone(&store) as _,
            Arc::clone(&script) as _,
            Arc::clone(&records) as _,
            config,
        );
        Self {
            webhooks: webhooks.await.unwrap(),
            store,
            script,
            records,
        }
    }

    /// The next process: what the last one has written is there, and nothing else.
    pub(crate) async fn restart(self, config: Config) -> Self {
        let left = self.store.0.lock().unwrap().clone();
        Self::over(Arc::new(Memory(Mutex::new(left))), config).await
    }

    pub(crate) async fn deliver(&self, run: RunId) {
        let reserved = self.webhooks.reserve("https://hooks.example.com/weft").unwrap();
        self.webhooks.deliver(&project(), run, reserved).await.unwrap();
    }

    /// The end of a run is committed.
    pub(crate) fn end(&self, run: RunId, shown: &'static str) {
        let shown = Ok(Bytes::from_static(shown.as_bytes()));
        self.records.0.send_modify(|told| drop(told.insert(run, shown)));
    }

    pub(crate) fn lose(&self, run: RunId, why: Untold) {
        self.records
            .0
            .send_modify(|told| drop(told.insert(run, Err(why))));
    }

    /// What the receiver answers next; afterwards always 200.
    pub(crate) fn answer(&self, answers: impl IntoIterator<Item = Result<u16, SendError>>) {
        self.script.answers.lock().unwrap().extend(answers);
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.script.sent.lock().unwrap().clone()
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.script.most.load(SeqCst)
    }

    pub(crate) async fn until(&self, holds: impl Fn(&Self) -> bool) {
        for _ in 0..100_000 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("it never happens");
    }

    pub(crate) async fn until_written(&self, run: RunId, holds: impl Fn(&Delivery) -> bool) {
        for _ in 0..1_000 {
            let written = self.webhooks.of(&project(), run).await.unwrap();
            if written.is_some_and(|delivery| holds(&delivery)) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("it is never written");
    }
}

/// A delivery behind its last attempt.
pub(crate) async fn settled(world: &World, run: RunId) -> Delivery {
    for _ in 0..100_000 {
        let delivery = world.webhooks.of(&project(), run).await.unwrap().unwrap();
        if delivery.state != State::Pending {
            return delivery;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it is never settled");
}
