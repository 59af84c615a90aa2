//! Calls made one after another in the background while a test changes things.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tokio::task::JoinSet;

use crate::{Answer, Api};

/// Clients that call until they are stopped.
pub struct Load {
    stop: Arc<AtomicBool>,
    clients: JoinSet<Vec<Answer>>,
}

impl Load {
    /// Starts `clients` clients that each call `target` again and again.
    #[must_use]
    pub fn start(api: &Api, clients: usize, target: &str, arguments: &Value) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut set = JoinSet::new();
        for _ in 0..clients {
            let (api, stop) = (api.clone(), Arc::clone(&stop));
            let (target, arguments) = (target.to_owned(), arguments.clone());
            set.spawn(async move {
                let mut answers = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    answers.push(api.call(&target, &arguments).await);
                }
                answers
            });
        }
        Self { stop, clients: set }
    }

    /// Stops the clients and answers everything they were answered.
    pub async fn stop(self) -> Vec<Answer> {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.join_all().await.into_iter().flatten().collect()
    }
}
