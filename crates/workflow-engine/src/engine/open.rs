//! Opening the engine.

use std::sync::Arc;

use tokio::runtime::Handle;
use weft_types::image::{Bounds, Image};
use weft_types::json;

use super::drivers::Drivers;
use super::{Inner, Ports};
use crate::admission::{Levels, Waits};
use crate::alarm::Alarm;
use crate::damaged::DamagedRuns;
use crate::driver::Driver;
use crate::ends::Ends;
use crate::flow::Flows;
use crate::keys::Keys;
use crate::metrics::{SeriesList, Totals};
use crate::registry::Registry;
use crate::results::Results;
use crate::values::Residents;
use crate::{Config, Error, random, recovery};

pub(super) async fn open(ports: Ports, config: Config) -> Result<(Arc<Inner>, Vec<Driver>), Error> {
    let recovered = ports.journal.recover().await;
    let recovered = recovered.map_err(|error| Error::journal(error, config.retry_after))?;
    let inner = Arc::new(Inner {
        registry: Registry::default(),
        ends: Ends::default(),
        damaged: DamagedRuns::default(),
        drivers: Drivers::default(),
        runs: Levels::new(config.depth, config.runs, config.waiting_runs),
        calls: Levels::new(config.depth, config.calls, u32::MAX),
        flows: Flows::default(),
        waits: Waits::new(),
        series: SeriesList::new(config.metric_series),
        totals: Totals::default(),
        keys: Keys::new(config.keys, config.key_outcome_bytes),
        residents: Residents::new(config.resident_bytes),
        results: Results::new(config.cache_bytes),
        alarm: Arc::new(Alarm::new()),
        background: Handle::current(),
        opened_at: ports.clock.now(),
        secret: random::bytes(),
        nothing: nothing()?,
        ports,
        config,
    });
    inner.keys.restore(recovered.keys);
    let drivers = recovery::find(&inner, recovered.runs).await?;
    inner.ends.opened_at(inner.ports.journal.committed());
    Ok((inner, drivers))
}

/// An image of an empty tuple's worth: no node, input or list has its type.
fn nothing() -> Result<Image, Error> {
    let platform = |error: &dyn std::fmt::Display| Error::Platform(error.to_string());
    let ty: weft_types::Type = "enum { nothing }".parse().map_err(|error| platform(&error))?;
    let bounds = Bounds {
        bytes: 1,
        elements: 0,
    };
    json::parse(&ty, b"\"nothing\"", bounds).map_err(|error| platform(&error))
}
