//! Quotas of projects.

use std::sync::Arc;

use anyhow::{Context, Result};
use weft_quotas::{Limits, Quotas};
use weft_store::Store;

/// Opens them with the configured defaults.
pub(super) async fn open(config: &super::Config, store: &Store) -> Result<Arc<Quotas>> {
    let configured = &config.quotas;
    let defaults = Limits {
        functions: Some(configured.quota_functions),
        versions: Some(configured.quota_versions),
        storage_bytes: Some(configured.quota_storage.0),
        open_runs: Some(configured.quota_open_runs),
        concurrent_calls: Some(configured.quota_concurrent_calls),
    };
    let quotas = Quotas::open(store.access(), defaults).await;
    let quotas = quotas.context("the quotas cannot be read")?;
    store.keyvalue().count_in(quotas.accounts()).await?;
    Ok(quotas)
}
