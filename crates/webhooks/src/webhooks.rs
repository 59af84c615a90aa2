//! The handle.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use weft_function_engine::port::{KeyValue, StorageError};
use weft_types::{ProjectName, RunId};

use crate::outbox::Outbox;
use crate::port::{Runs, Sender};
use crate::room::{Pending, Reserved, Room};
use crate::target::Refused;
use crate::{Config, Delivery, deliver};

/// Delivers webhooks. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) outbox: Outbox,
    pub(crate) sender: Arc<dyn Sender>,
    pub(crate) runs: Arc<dyn Runs>,
    /// Requests at once.
    pub(crate) turns: Semaphore,
    /// Deliveries to be made.
    pending: Pending,
    /// The runtime that deliveries are made on.
    background: Handle,
}

/// Why a webhook was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It may not go there.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// As many deliveries as may are to be made.
    #[error("{0} webhooks are to be delivered already, which is as many as may be")]
    TooMany(usize),
    /// It could not be written down, or read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// How often it is looked for what can be forgotten.
const FORGETTING: Duration = Duration::from_secs(3600);

impl Webhooks {
    /// Goes on with every delivery that was to be made when the last process ended. They are made on the runtime that this is called on.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn open(
        keyvalue: Arc<dyn KeyValue>,
        sender: Arc<dyn Sender>,
        runs: Arc<dyn Runs>,
        config: Config,
    ) -> Result<Self, Error> {
        let webhooks = Self(Arc::new(Inner {
            turns: Semaphore::new(config.at_once.clamp(1, Semaphore::MAX_PERMITS)),
            config,
            outbox: Outbox(keyvalue),
            sender,
            runs,
            pending: Pending::default(),
            background: Handle::current(),
        }));
        webhooks.take_up().await?;
        tokio::spawn(forget(Arc::downgrade(&webhooks.0)));
        Ok(webhooks)
    }

    /// An address, if webhooks may go there, and room for one more, if there is any.
    ///
    /// # Errors
    /// Why not.
    pub fn reserve(&self, url: &str) -> Result<Reserved, Error> {
        let target = self.0.config.allowed.target(url)?;
        let most = self.0.config.pending;
        let room = self.0.pending.reserve(most).ok_or(Error::TooMany(most))?;
        Ok(Reserved { target, room })
    }

    /// Has the end of a run told to an address. Durable once this returns; for a run that has one already, nothing changes.
    ///
    /// # Errors
    /// Where it cannot be written down.
    pub async fn deliver(&self, project: &ProjectName, run: RunId, reserved: Reserved) -> Result<(), Error> {
        if self.of(project, run).await?.is_some() {
            return Ok(());
        }
        let Reserved { target, room } = reserved;
        let delivery = Delivery::new(target.to_string());
        self.0.outbox.put(project, run, &delivery).await?;
        self.start(project.clone(), run, delivery, room);
        Ok(())
    }

    /// How far the delivery for a run is; none where there is none.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn of(&self, project: &ProjectName, run: RunId) -> Result<Option<Delivery>, Error> {
        Ok(self.0.outbox.get(project, run).await?)
    }

    async fn take_up(&self) -> Result<(), Error> {
        for project in self.0.runs.projects() {
            let mut after = None;
            loop {
                let runs = self.0.outbox.pending(&project, after).await?;
                let Some(last) = runs.last().copied() else {
                    break;
                };
                for run in runs {
                    self.take_up_one(&project, run).await?;
                }
                after = Some(last);
            }
        }
        Ok(())
    }

    async fn take_up_one(&self, project: &ProjectName, run: RunId) -> Result<(), Error> {
        match self.of(project, run).await? {
            Some(delivery) if delivery.state == crate::State::Pending => {
                self.start(project.clone(), run, delivery, self.0.pending.add());
            }
            // Settled, but not taken out of what is pending.
            Some(delivery) => self.0.outbox.put(project, run, &delivery).await?,
            None => {}
        }
        Ok(())
    }

    fn start(&self, project: ProjectName, run: RunId, delivery: Delivery, room: Room) {
        let inner = Arc::clone(&self.0);
        self.0.background.spawn(async move {
            deliver::deliver(&inner, &project, run, delivery).await;
            drop(room);
        });
    }
}

/// Forgets what became of deliveries long ago.
async fn forget(inner: std::sync::Weak<Inner>) {
    loop {
        tokio::time::sleep(FORGETTING).await;
        let Some(inner) = inner.upgrade() else {
            return;
        };
        let before = Timestamp::now().checked_sub(inner.config.kept);
        let before = before.unwrap_or(Timestamp::UNIX_EPOCH);
        for project in inner.runs.projects() {
            match inner.outbox.forget(&project, before).await {
                Ok(0) => {}
                Ok(forgotten) => tracing::debug!(%project, forgotten, "deliveries of webhooks are forgotten"),
                Err(error) => {
                    tracing::warn!(%project, %error, "deliveries of webhooks could not be forgotten")
                }
            }
        }
    }
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhooks")
            .field("pending", &self.0.pending)
            .finish_non_exhaustive()
    }
}
