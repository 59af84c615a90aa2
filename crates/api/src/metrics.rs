//! What is counted about requests.
//!
//! Each core counts for itself, so that cores share no cache line on the way of a call; a scrape adds them up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};
use prometheus_client::collector::Collector;

mod collector;
mod series;

use series::{ByMethod, Series};

/// The label of requests that match no route.
pub(crate) const UNMATCHED: &str = "unmatched";
/// The label of calls.
pub(crate) const INVOKE: &str = "/v1/projects/{project}/functions/{function}/invoke";
/// The label of requests to functions on their own listener.
pub(crate) const FUNCTIONS: &str = "functions";

/// Counts of every core.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    cores: Arc<Mutex<Vec<Arc<Core>>>>,
}

/// Counts of one core.
#[derive(Debug, Default)]
pub(crate) struct Core {
    invoke: Series,
    functions: ByMethod,
    routes: Mutex<HashMap<Box<str>, Arc<ByMethod>>>,
    connections: AtomicI64,
}

/// Which route a request took.
#[derive(Clone, Debug, Default)]
pub(crate) enum Route {
    /// A call, matched by hand.
    Invoke,
    /// A request to a function on its own listener.
    Functions,
    /// A route of the router, by its pattern.
    Matched(axum::extract::MatchedPath),
    /// None.
    #[default]
    Unmatched,
}

impl Route {
    /// Its label.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Route::Invoke => INVOKE,
            Route::Functions => FUNCTIONS,
            Route::Matched(path) => path.as_str(),
            Route::Unmatched => UNMATCHED,
        }
    }
}

/// A connection that is open for as long as this lives.
#[derive(Debug)]
pub(crate) struct OpenConnection(Arc<Core>);

impl Metrics {
    /// The counts of one more core.
    pub(crate) fn core(&self) -> Arc<Core> {
        let core = Arc::new(Core::default());
        self.cores
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(&core));
        core
    }

    /// What adds the cores up at a scrape.
    pub(crate) fn collector(&self) -> Box<dyn Collector> {
        Box::new(collector::Http::new(Arc::clone(&self.cores)))
    }
}

impl Core {
    /// Counts a request that was answered.
    pub(crate) fn count(&self, route: &Route, method: &Method, status: StatusCode, took: Duration) {
        match route {
            Route::Invoke => self.invoke.count(status, took),
            Route::Functions => self.functions.get(method).count(status, took),
            Route::Matched(_) | Route::Unmatched => {
                self.route(route.as_str()).get(method).count(status, took)
            }
        }
    }

    /// Counts a connection until the answer is dropped.
    pub(crate) fn connect(self: &Arc<Self>) -> OpenConnection {
        self.connections.fetch_add(1, Ordering::Relaxed);
        OpenConnection(Arc::clone(self))
    }

    fn route(&self, path: &str) -> Arc<ByMethod> {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counts) = routes.get(path) {
            return Arc::clone(counts);
        }
        Arc::clone(routes.entry(path.into()).or_default())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
