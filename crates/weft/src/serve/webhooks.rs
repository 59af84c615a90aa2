//! Webhooks: between the runs whose end is told, the store that remembers whom, and the network.

use std::sync::Arc;

use anyhow::{Context, Result};
use weft_function_engine::Engine;
use weft_store::Store;
use weft_webhooks::{Allowed, Config, Webhooks};

use super::config;
use crate::failure::Failure;

mod ends;
mod sender;

use ends::Ends;
use sender::HttpSender;

/// Goes on with what was to be delivered when the server ended.
pub(super) async fn open(
    config: &super::Config,
    engine: &Engine,
    store: &Store,
    workflows: &weft_api::Workflows,
) -> Result<Webhooks> {
    let config = settings(&config.webhooks)?;
    let ends = Ends {
        functions: engine.clone(),
        workflows: workflows.clone(),
    };
    let sender = HttpSender::new(config.allowed.clone());
    Webhooks::open(store.keyvalue(), Arc::new(sender), Arc::new(ends), config)
        .await
        .context("the webhooks that are to be delivered cannot be read")
}

fn settings(config: &config::Webhooks) -> Result<Config, Failure> {
    let hosts = config.webhook_hosts.iter().map(|host| {
        host.parse().map_err(|error| {
            Failure::usage(format!("`{host}` is not a host that webhooks may go to: {error}"))
                .hint("write it as hooks.example.com, *.example.com, localhost:9000 or *")
        })
    });
    Ok(Config {
        allowed: Allowed {
            hosts: hosts.collect::<Result<_, _>>()?,
            private: config.webhook_private_network,
        },
        pending: config.webhooks_pending,
        at_once: config.webhooks_at_once,
        timeout: config.webhook_timeout.0,
        attempts: config.webhook_attempts,
        backoff: config.webhook_backoff.0,
        max_backoff: config.webhook_max_backoff.0,
        kept: config.webhooks_kept.0,
    })
}
