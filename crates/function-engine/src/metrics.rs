//! Counts what happens: per function by handles that calls hold on to, so that counting is a few additions on memory of
//! the core's own.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

mod export;
mod histogram;
mod pools;
mod series;

pub(crate) use pools::Pools;
pub(crate) use series::{ErrorKind, Series, SeriesList};

/// Everything that is counted, as one Prometheus registry.
///
/// Names follow OpenTelemetry's for functions as a service (`faas_…`) where those exist, else begin with `weft_`.
pub struct Metrics {
    registry: Mutex<Registry>,
    /// The series of the functions.
    pub(crate) functions: Arc<SeriesList>,
    /// Compiles that ended well, at deploys and in the background.
    pub(crate) compiles: Counter,
    /// Compiles that failed.
    pub(crate) compile_failures: Counter,
    /// Loads of compiled code.
    pub(crate) loads: Counter,
}

impl Metrics {
    pub(crate) fn new(shards: usize, most_series: usize) -> Self {
        let functions = Arc::new(SeriesList::new(shards, most_series));
        let (compiles, compile_failures, loads) =
            (Counter::default(), Counter::default(), Counter::default());
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Arc::clone(&functions)));
        registry.register("weft_compiles", "Compiles that ended well", compiles.clone());
        registry.register(
            "weft_compile_failures",
            "Compiles that failed",
            compile_failures.clone(),
        );
        registry.register("weft_loads", "Loads of compiled code", loads.clone());
        Self {
            registry: Mutex::new(registry),
            functions,
            compiles,
            compile_failures,
            loads,
        }
    }

    /// Adds what another component counts, such as the runtime or the HTTP server.
    pub fn register(&self, collector: Box<dyn Collector>) {
        self.registry
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .register_collector(collector);
    }

    /// Everything as OpenMetrics text.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a String does not fail; a collector that does leaves the text incomplete, which is worth a line.
        if let Err(error) = encode(&mut text, &registry) {
            tracing::warn!(%error, "metrics are incomplete");
        }
        text
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
