//! The server: what the other crates offer, put together, from the first socket to the last call.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use weft_access::Access;
use weft_api::serve::{Cores, Listeners, Tls};
use weft_api::shutdown::{self, Draining, Shutdown};
use weft_api::{Api, Hosts, Origins};
use weft_function_engine::{Engine, Ports};
use weft_process::server::Processes;
use weft_quotas::Quotas;
use weft_secrets::Vault;
use weft_store::Store;
use weft_types::Digest;

use crate::config;
use crate::failure::Failure;
use crate::output::Output;
use crate::telemetry::{self, Telemetry};

mod access;
mod backups;
mod clock;
mod collection;
mod exposure;
pub(crate) mod files;
mod log_lines;
mod observer;
pub(crate) mod profiles;
mod promptness;
mod quotas;
mod sandbox_memory;
mod secrets;
pub(crate) mod settings;
mod signals;
mod store_metrics;
mod tls;
mod webhooks;
mod workflows;

/// How long workers may take to end, at the end: they are killed, which takes milliseconds.
const WORKERS: Duration = Duration::from_secs(5);

/// Everything that is configured.
pub(crate) struct Config {
    pub(crate) serve: config::Serve,
    pub(crate) access: config::Access,
    pub(crate) compile: config::Compile,
    pub(crate) limits: config::Limits,
    pub(crate) quotas: config::Quotas,
    pub(crate) outbound: config::Outbound,
    pub(crate) logs: config::Logs,
    pub(crate) webhooks: config::Webhooks,
    pub(crate) runs: config::Runs,
    pub(crate) blobs: config::Blobs,
    pub(crate) telemetry: config::Telemetry,
}

/// Serves until a signal ends it.
pub(crate) fn run(config: &Config, output: Output) -> Result<()> {
    let data = config.serve.data_directory()?;
    let mut telemetry = telemetry::start(&config.telemetry)?;
    let background = background()?;
    let outcome = background.block_on(serve(config, data, &telemetry, output));
    if outcome.is_err() {
        telemetry.give_traces_up();
    }
    // Compiles and look-ups that nobody waits for any longer are not waited for here either.
    background.shutdown_background();
    outcome
}

/// Deploys, compiles, the store and timers run here, so that the cores have only calls to make.
fn background() -> Result<Runtime> {
    Builder::new_multi_thread()
        .thread_name("weft-background")
        .enable_all()
        .build()
        .context("the threads for background work cannot be started")
}

async fn serve(config: &Config, data: PathBuf, telemetry: &Telemetry, output: Output) -> Result<()> {
    let mut signals = signals::Signals::new().context("signals cannot be handled")?;
    let tls = tls::read(&config.access)?;
    let store = open_store(config, &data).await?;
    let access = access::open((&config.serve, &config.access), &store, &data, tls.is_some()).await?;
    let vault = secrets::open(&config.access, &store, &data).await?;
    let quotas = quotas::open(config, &store).await?;
    let (engine, processes) = open_engine(config, &store, &data, (&vault, &quotas)).await?;
    // Before anybody can deploy or delete: the sweep must know of all that was there when the store was opened.
    let referenced = engine.digests();
    engine
        .metrics()
        .register(Box::new(log_lines::LogLines(telemetry.dropped.clone())));
    engine.metrics().register(Box::new(store_metrics::StoreMetrics {
        journal: store.journal(),
        records: store.records(),
    }));
    let blobs = (data.join("blobs"), settings::blobs(config));
    let blobs = weft_blobs::LocalBlobs::open_for(blobs.0, blobs.1, quotas.accounts().clone())
        .await
        .context("the blobs cannot be opened")?;
    let workflows = workflows::open((config, &quotas), &engine, &store, &blobs).await?;
    collect_blobs(config, &engine, &workflows, &blobs);
    let backups = backups::Backups::new(
        store.copies(),
        engine.clone(),
        blobs.clone(),
        (&data, profiles::place(&config.serve.profiles, &data)),
    )?;
    let runs = workflows.runs.clone();
    let webhooks = webhooks::open(config, &engine, &store, &workflows).await?;
    let (shutdown, draining) = shutdown::channel();
    let (listeners, serving) = listen(config, tls)?;
    let addresses = (listeners.api(), listeners.functions());
    let api = Api::new(
        engine.clone(),
        Some(workflows),
        api_options(config, telemetry),
        draining.clone(),
    )
    .with_access(Arc::clone(&access))
    .with_secrets(vault)
    .with_quotas(quotas)
    .with_audit(store.access(), access::retention(&config.access))
    .with_blobs(Arc::new(blobs))
    .with_backups(Arc::new(backups))
    .with_webhooks(webhooks);
    let cores = start_cores(&serving, listeners, &draining, api)?;
    tokio::spawn(sweep(store.artifacts(), referenced));
    announce(addresses, serving.tls.is_some(), &data, output)?;

    let signal = signals.next().await;
    let notice = config.serve.drain_notice.0;
    tracing::info!(signal, ?notice, "shutting down: calls under way are finished");
    tokio::select! {
        outcome = end(shutdown, (&engine, &runs, &processes), cores, (store, &access), config) => outcome,
        signal = signals.next() => {
            tracing::warn!(signal, "ended at once: calls under way are cut off");
            Err(Failure::new(crate::failure::Exit::Error, "ended by a second signal").into())
        }
    }
}

async fn open_store(config: &Config, data: &Path) -> Result<Store> {
    let options = settings::store(config);
    if config.serve.runs_database.is_empty() {
        return Ok(Store::open(data, options).await?);
    }
    let mut postgres = weft_store::PostgresOptions::new(&config.serve.runs_database);
    postgres.schema.clone_from(&config.serve.runs_schema);
    Ok(Store::open_with_postgres(data, &postgres, options).await?)
}

async fn open_engine(
    config: &Config,
    store: &Store,
    data: &Path,
    (vault, quotas): (&Arc<Vault>, &Quotas),
) -> Result<(Engine, Arc<Processes>)> {
    let secrets = Arc::new(secrets::Sent(Arc::clone(vault)));
    let runtime = weft_runtime::Runtime::with_secrets(settings::runtime(config), secrets)
        .context("the WebAssembly runtime cannot be started")?;
    let gateway = runtime.gateway();
    let memory = runtime.guest_memory();
    let processes = settings::processes(&config.serve);
    let containers = processes.containers.clone();
    tokio::task::spawn_blocking(move || Processes::sweep(&containers));
    let processes = Arc::new(Processes::new(processes, Arc::new(runtime), gateway));
    let ports = Ports {
        registry: store.registry(),
        artifacts: store.artifacts(),
        runtime: Arc::clone(&processes) as _,
        keyvalue: store.keyvalue(),
    };
    let profiles = profiles::load(&config.serve.profiles, data)?;
    let engine = Engine::open(ports, profiles, settings::engine(config, quotas))
        .await
        .context("the functions cannot be loaded")?;
    engine
        .metrics()
        .register(Box::new(sandbox_memory::SandboxMemory(memory)));
    let directory = profiles::Directory::new(profiles::place(&config.serve.profiles, data));
    engine.attach_profiles(Arc::new(directory.clone())).await?;
    let watch = profiles::Watch::new(engine.clone(), directory).context("signals cannot be handled")?;
    tokio::spawn(watch.run());
    Ok((engine, processes))
}

fn listen(config: &Config, tls: Option<Tls>) -> Result<(Listeners, weft_api::serve::Config)> {
    if let Some(tls) = tls.clone() {
        tokio::spawn(tls::renew(tls, config.access.clone()));
    }
    let serving = weft_api::serve::Config {
        tls,
        ..settings::serving(config)
    };
    let listeners =
        weft_api::serve::bind(&serving, config.serve.listen, config.serve.http_listen).map_err(|error| {
            Failure::new(crate::failure::Exit::Error, error.to_string())
                .hint("is a server running already? --listen and --http-listen choose other addresses")
        })?;
    Ok((listeners, serving))
}

fn api_options(config: &Config, telemetry: &Telemetry) -> weft_api::Options {
    weft_api::Options {
        hosts: Hosts::new(config.serve.allow_host.iter().cloned()),
        origins: Origins::new(config.access.allow_origin.iter().cloned()),
        access_log: telemetry.access_log.clone().map(|log| log as _),
        observer: telemetry
            .traces
            .clone()
            .map(|traces| Arc::new(observer::Spans::new(traces)) as _),
        refusal_pause: config.serve.refusal_pause.0,
        refusals: config.serve.refusals,
        ..weft_api::Options::default()
    }
}

fn start_cores(
    serving: &weft_api::serve::Config,
    listeners: Listeners,
    draining: &Draining,
    api: Api,
) -> Result<Cores> {
    weft_api::serve::spawn_cores(serving, listeners, draining, move |core| {
        promptness::serve_promptly();
        weft_pool::enter_shard(core);
        api.core()
    })
    .context("the threads that serve cannot be started")
}

/// Begins to remove blobs that nothing refers to, if that is wanted.
fn collect_blobs(
    config: &Config,
    engine: &Engine,
    workflows: &weft_api::Workflows,
    blobs: &weft_blobs::LocalBlobs,
) {
    let removed = collection::Removed::default();
    engine.metrics().register(Box::new(removed.clone()));
    let collection = collection::Collection {
        blobs: blobs.clone(),
        runs: workflows.runs.clone(),
        definitions: workflows.definitions.clone(),
        removed,
    };
    if let Some(every) = settings::collect_every(config) {
        tokio::spawn(collection.run(every));
    }
}

/// Removes code that belongs to no version: of uploads that ended in a crash, and of functions that were deleted.
async fn sweep(artifacts: Arc<weft_store::FileArtifacts>, referenced: HashSet<Digest>) {
    match artifacts.sweep(referenced).await {
        Ok(swept) => tracing::debug!(?swept, "code that belongs to no version is removed"),
        Err(error) => tracing::warn!(%error, "code that belongs to no version could not be removed"),
    }
}

/// Says that calls are answered from now on, and where: scripts wait for this line.
fn announce(
    (api, functions): (std::net::SocketAddr, std::net::SocketAddr),
    encrypted: bool,
    data: &std::path::Path,
    output: Output,
) -> Result<()> {
    tracing::info!(%api, %functions, data = %data.display(), "ready");
    let scheme = if encrypted { "https" } else { "http" };
    let ready = json!({
        "api": format!("{scheme}://{api}"),
        "functions": format!("{scheme}://{functions}"),
        "data": data,
    });
    if output.is_json() {
        output.line(&ready)?;
    } else {
        output.line(format_args!(
            "weft is ready\n  API        {scheme}://{api} (documentation at /docs)\n  functions  {scheme}://{functions}\n  data       {}",
            data.display(),
        ))?;
    }
    Ok(())
}

/// Serves for as long as is announced, then finishes what is under way, as long as patience lasts.
async fn end(
    shutdown: Shutdown,
    (engine, runs, processes): (&Engine, &weft_workflow_engine::Engine, &Processes),
    mut cores: Cores,
    (store, access): (Store, &Arc<Access>),
    config: &Config,
) -> Result<()> {
    shutdown.announce();
    tokio::time::sleep(config.serve.drain_notice.0).await;
    shutdown.begin();
    let patience = config.serve.drain.0;
    // Runs first: their nodes call functions until the last one that is driven here ended or was left for the next start.
    runs.drain(patience).await;
    engine.drain(patience).await;
    processes.end(WORKERS).await;
    cores.stopped().await;
    cores.join()?;
    access::write_down(access).await;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}
