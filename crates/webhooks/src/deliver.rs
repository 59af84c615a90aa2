//! Making one delivery, from the end of its run to the last attempt.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::{sleep, timeout};
use weft_types::{ProjectName, RunId};

use crate::delivery::{Outcome, key};
use crate::port::{Request, SendError, Untold};
use crate::webhooks::Inner;
use crate::{Delivery, State};

/// How long to wait before something is tried again that has nothing to do with the receiver.
const RETRY: Duration = Duration::from_secs(5);

pub(crate) async fn deliver(inner: &Inner, project: &ProjectName, run: RunId, mut delivery: Delivery) {
    while delivery.state == State::Pending {
        wait_for(delivery.due).await;
        match attempt(inner, project, run, &delivery).await {
            Ok(outcome) => inner.note(&mut delivery, outcome),
            Err(Untold::Gone) => delivery.given_up("the run's record was removed".to_owned()),
            Err(Untold::Unknown(why)) => {
                tracing::debug!(%run, why, "a webhook waits");
                sleep(RETRY).await;
                continue;
            }
        }
        // What is not written down is done again by the next process: never less than it should be.
        if let Err(error) = inner.outbox.put(project, run, &delivery).await {
            tracing::warn!(%run, %error, "the state of a webhook could not be written down");
        }
    }
    tracing::debug!(%run, state = ?delivery.state, attempts = delivery.attempts, "a webhook is settled");
}

async fn wait_for(due: Option<Timestamp>) {
    let left = due.map(|due| due.duration_since(Timestamp::now()));
    if let Some(left) = left.filter(|left| left.is_positive()) {
        sleep(left.unsigned_abs()).await;
    }
}

async fn attempt(
    inner: &Inner,
    project: &ProjectName,
    run: RunId,
    delivery: &Delivery,
) -> Result<Outcome, Untold> {
    inner.runs.ended(project, run).await?;
    // The semaphore is never closed; were it, there would be nothing to wait for. What is sent is in memory only from here on.
    let _turn = inner.turns.acquire().await;
    let body = inner.runs.shown(project, run).await?;
    Ok(inner.send(run, delivery, body).await)
}

impl Inner {
    async fn send(&self, run: RunId, delivery: &Delivery, body: Bytes) -> Outcome {
        let target = match self.config.allowed.target(&delivery.url) {
            Ok(target) => target,
            // Allowed when it was accepted, and not any longer.
            Err(refused) => return Outcome::Impossible(refused.to_string()),
        };
        let request = Request {
            target: &target,
            key: &key(run),
            run,
            body,
            timeout: self.config.timeout,
        };
        match timeout(self.config.timeout, self.sender.post(&request)).await {
            Ok(Ok(status)) => Outcome::Answered(status),
            Ok(Err(SendError::Refused(why))) => Outcome::Impossible(why),
            Ok(Err(SendError::Failed(why))) => Outcome::Unanswered(why),
            Err(_) => Outcome::Unanswered(format!("no answer within {:?}", self.config.timeout)),
        }
    }

    /// An attempt ended.
    fn note(&self, delivery: &mut Delivery, outcome: Outcome) {
        let now = Timestamp::now();
        let made = delivery.attempts.saturating_add(1);
        let next = (made < self.config.attempts).then(|| {
            let pause = self.config.pause(made, fastrand::f64());
            now.checked_add(pause).unwrap_or(Timestamp::MAX)
        });
        delivery.attempted(outcome, now, next);
    }
}
