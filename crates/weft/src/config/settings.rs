//! The settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::section::section;
use crate::failure::Failure;
use crate::output::Format;
use crate::telemetry::LogFormat;
use crate::units::{Size, Span};

section! {
    /// What the commands that talk to a server need.
    pub(crate) struct Client, ClientLayer, "client" {
        /// Address of the server.
        server: String, "WEFT_SERVER" = "\"http://127.0.0.1:8080\"", #[arg(global = true, value_name = "ADDRESS")];
        /// Project that functions are looked for in.
        project: String, "WEFT_PROJECT" = "\"default\"", #[arg(global = true, value_name = "PROJECT")];
        /// Who asks: kept with what is deployed, started, cancelled and completed; `anonymous` where empty.
        user: String, "WEFT_USER" = "\"\"", #[arg(global = true, value_name = "WHO")];
        /// Token to be sent; better kept in the variable or the file than given as a flag, which others on the machine can see.
        token: String, "WEFT_TOKEN" = "\"\"", #[arg(global = true, value_name = "TOKEN")];
        /// File of certificates (PEM) that the server's must lead to; those that the machine trusts where empty.
        authorities: PathBuf, "WEFT_AUTHORITIES" = "\"\"", #[arg(global = true, value_name = "FILE")];
        /// How results are written: `text` for people or `json` for programs.
        output: Format, "WEFT_OUTPUT" = "\"text\"", #[arg(global = true, value_name = "FORMAT")];
    }
}

section! {
    /// Where the server listens and keeps its data.
    pub(crate) struct Serve, ServeLayer, "serve" {
        /// Address of the API; a loopback address, unless there are a certificate and tokens.
        listen: SocketAddr, "WEFT_LISTEN" = "\"127.0.0.1:8080\"";
        /// Address that HTTP functions answer on, an origin of its own; a loopback address, unless there are a certificate and tokens.
        http_listen: SocketAddr, "WEFT_HTTP_LISTEN" = "\"127.0.0.1:8081\"";
        /// Directory of everything that is kept; `$XDG_DATA_HOME/weft` or `~/.local/share/weft` where empty.
        data: PathBuf, "WEFT_DATA" = "\"\"";
        /// Database that keeps the runs of workflows, `postgres://user:password@host/database`; the data directory where empty.
        runs_database: String, "WEFT_RUNS_DATABASE" = "\"\"";
        /// Schema of that database, made where it is missing; one server has it at a time.
        runs_schema: String, "WEFT_RUNS_SCHEMA" = "\"weft\"";
        /// Directory of pool profiles (`*.toml`) beside the built-in ones; `runtime-pools` in the data directory where empty.
        profiles: PathBuf, "WEFT_PROFILES" = "\"\"";
        /// Threads that serve calls; 0 for one per core.
        threads: usize, "WEFT_THREADS" = "0";
        /// More host names that requests may be addressed to, besides the loopback ones; a list.
        allow_host: Vec<String>, "WEFT_ALLOW_HOST" = "[]", #[arg(value_delimiter = ',')];
        /// How long a client may take nothing of its answer; its connection is closed then.
        stall_timeout: Span, "WEFT_STALL_TIMEOUT" = "\"60s\"";
        /// How long it takes to be told that there is no room (503 `overloaded` and `sandbox-memory`, 429 `rate-limited`), so that who asks again at once does not keep the server busy; `0ms` for no time.
        refusal_pause: Span, "WEFT_REFUSAL_PAUSE" = "\"250ms\"";
        /// Refusals that are held back so at once; more are told without delay.
        refusals: usize, "WEFT_REFUSALS" = "4096";
        /// Memory that all functions in sandboxes may have together; one that wants more then is stopped, and told so (503 `sandbox-memory`). Half of the machine's, or of what a control group leaves the server of it, where 0.
        sandbox_memory: Size, "WEFT_SANDBOX_MEMORY" = "\"0\"";
        /// Program that executes functions at the levels `process` and `container`; `weft-worker` beside this program where empty.
        worker: PathBuf, "WEFT_WORKER" = "\"\"";
        /// How long a worker may take until it can be called; it is killed then.
        worker_start: Span, "WEFT_WORKER_START" = "\"5s\"";
        /// How long a worker may take to end a call that should have ended; it is killed then.
        worker_grace: Span, "WEFT_WORKER_GRACE" = "\"1s\"";
        /// Memory that a worker may have beside that of the calls it serves at once.
        worker_memory: Size, "WEFT_WORKER_MEMORY" = "\"32MiB\"";
        /// Memory that all workers together may use; where one more needs it, idle ones end, and calls wait for that. Three quarters of the machine's, or of what a control group leaves the server of it, where 0.
        workers_memory: Size, "WEFT_WORKERS_MEMORY" = "\"0\"";
        /// Processor time that the profiles of all workers together may promise (`cpu-millis`), in thousandths of a core; 0 for any.
        workers_cpu: u64, "WEFT_WORKERS_CPU" = "0";
        /// Program that starts and guards containers; `weft-container` beside this program where empty.
        container_starter: PathBuf, "WEFT_CONTAINER_STARTER" = "\"\"";
        /// Who makes containers: `libcontainer`, or the name or path of a program such as `runc` or `crun`; the first that works where empty.
        container_runtime: PathBuf, "WEFT_CONTAINER_RUNTIME" = "\"\"";
        /// Directory of what containers are made of while they are there.
        container_directory: PathBuf, "WEFT_CONTAINER_DIRECTORY" = "\"/run/weft\"";
        /// How long the server goes on serving once it is asked to stop, while `/readyz` is 503 `draining`, so that a load balancer sends it nothing more before it closes; `0s` for not at all.
        drain_notice: Span, "WEFT_DRAIN_NOTICE" = "\"0s\"";
        /// How long calls under way may take to end once the server is asked to stop, after `drain-notice`.
        drain: Span, "WEFT_DRAIN" = "\"30s\"";
    }
}

section! {
    /// Who may use the server, and how they reach it.
    pub(crate) struct Access, AccessLayer, "access" {
        /// Whether a token is needed even where only this machine reaches the server and none was made yet; it does not start then.
        require_token: bool, "WEFT_REQUIRE_TOKEN" = "false", #[arg(action = clap::ArgAction::Set)];
        /// Requests a second that each token may send, and twice as many at once; 0 for any number.
        token_rate: u32, "WEFT_TOKEN_RATE" = "0";
        /// Requests a second that all tokens of a project together may send, and twice as many at once; 0 for any number.
        project_rate: u32, "WEFT_PROJECT_RATE" = "0";
        /// Requests a second that all those together may send who have no token, and twice as many at once; 0 for any number.
        anonymous_rate: u32, "WEFT_ANONYMOUS_RATE" = "100";
        /// Other origins whose pages may use the API, such as `https://console.example.com`; a list.
        allow_origin: Vec<String>, "WEFT_ALLOW_ORIGIN" = "[]", #[arg(value_delimiter = ',')];
        /// Changes that are kept in the audit log; where there are more, the oldest go.
        audit_keep: u64, "WEFT_AUDIT_KEEP" = "100000";
        /// How long a change is kept there; `0s` for whatever its age.
        audit_keep_for: Span, "WEFT_AUDIT_KEEP_FOR" = "\"400d\"";
        /// File of the keys that secrets are encrypted with, readable for the server alone: 64 hexadecimal digits a line, the key in use first; `secrets.key` in the data directory where empty, and made where it is missing.
        secrets_key_file: PathBuf, "WEFT_SECRETS_KEY_FILE" = "\"\"";
        /// File of the certificate (PEM) that connections are encrypted with, and of those that lead to its authority; not encrypted where empty.
        tls_certificate: PathBuf, "WEFT_TLS_CERTIFICATE" = "\"\"";
        /// File of its private key (PEM).
        tls_key: PathBuf, "WEFT_TLS_KEY" = "\"\"";
        /// How often it is looked whether those files have changed; new connections get what is in them then. `0s` for never.
        tls_reload_every: Span, "WEFT_TLS_RELOAD_EVERY" = "\"10s\"";
    }
}

section! {
    /// Bounds on compiling what is uploaded.
    pub(crate) struct Compile, CompileLayer, "compile" {
        /// Largest upload.
        upload_size: Size, "WEFT_UPLOAD_SIZE" = "\"64MiB\"";
        /// Longest compile, wall time.
        compile_time: Span, "WEFT_COMPILE_TIME" = "\"120s\"";
        /// Address space of a compiler process.
        compile_memory: Size, "WEFT_COMPILE_MEMORY" = "\"4GiB\"";
        /// Compiles at once; others wait.
        compiles: usize, "WEFT_COMPILES" = "2";
        /// Compiles that wait; further uploads are told to come back.
        compiles_waiting: usize, "WEFT_COMPILES_WAITING" = "256";
    }
}

section! {
    /// Bounds on calls: defaults of the functions' own limits, and what those may be at most.
    pub(crate) struct Limits, LimitsLayer, "limits" {
        /// Wall time of a call, waiting in the queue included, where the function sets none.
        timeout: Span, "WEFT_TIMEOUT" = "\"30s\"";
        /// The largest `timeout-ms` a function may set.
        max_timeout: Span, "WEFT_MAX_TIMEOUT" = "\"1h\"";
        /// Time a call may execute, where the function sets none.
        cpu_time: Span, "WEFT_CPU_TIME" = "\"10s\"";
        /// The largest `cpu-time-ms` a function may set.
        max_cpu_time: Span, "WEFT_MAX_CPU_TIME" = "\"1h\"";
        /// Memory of an instance, where the function sets none.
        memory: Size, "WEFT_MEMORY" = "\"256MiB\"";
        /// The largest `memory-bytes` a function may set.
        max_memory: Size, "WEFT_MAX_MEMORY" = "\"4GiB\"";
        /// Size of a call's arguments, where the function sets none.
        input: Size, "WEFT_INPUT" = "\"16MiB\"";
        /// Size of a call's result, where the function sets none.
        result: Size, "WEFT_RESULT" = "\"16MiB\"";
        /// The largest `input-bytes` and `output-bytes` a function may set.
        max_value: Size, "WEFT_MAX_VALUE" = "\"256MiB\"";
        /// How many elements the lists of a value may have altogether.
        elements: usize, "WEFT_ELEMENTS" = "4000000";
        /// The largest `concurrency` a function may set; the default is the profile's.
        max_concurrency: u32, "WEFT_MAX_CONCURRENCY" = "10000";
        /// The largest `reuse` a function may set; the default is the profile's.
        max_reuse: u32, "WEFT_MAX_REUSE" = "1000000000";
        /// How deep functions may call functions.
        call_depth: u32, "WEFT_CALL_DEPTH" = "16";
        /// How many calls of functions by functions one call from outside may lead to.
        fan_out: u32, "WEFT_FAN_OUT" = "1000";
        /// Idle instances kept ready over all functions, warm ones included; each thread that serves has its share.
        idle_instances: usize, "WEFT_IDLE_INSTANCES" = "512";
        /// Versions kept loaded; beyond, those not called for the longest time are let go of.
        loaded: usize, "WEFT_LOADED" = "4096";
        /// Processes and containers at most that are started before calls move to another version, profile or level.
        moved_instances: u32, "WEFT_MOVED_INSTANCES" = "16";
        /// How often rollouts and promotions are looked at.
        moves_look: Span, "WEFT_MOVES_LOOK" = "\"250ms\"";
    }
}

section! {
    /// What each project may have where it has no quotas of its own (`weft quotas`).
    pub(crate) struct Quotas, QuotasLayer, "quotas" {
        /// Functions and workflows of a project; 0 for any number.
        quota_functions: u64, "WEFT_QUOTA_FUNCTIONS" = "0";
        /// Versions of all of them; 0 for any number.
        quota_versions: u64, "WEFT_QUOTA_VERSIONS" = "0";
        /// Bytes of a project's code, blobs and key-values; 0 for any size.
        quota_storage: Size, "WEFT_QUOTA_STORAGE" = "0";
        /// Runs of a project that have not ended; 0 for any number.
        quota_open_runs: u64, "WEFT_QUOTA_OPEN_RUNS" = "0";
        /// Calls of a project that execute or wait for an instance; 0 for any number.
        quota_concurrent_calls: u64, "WEFT_QUOTA_CONCURRENT_CALLS" = "0";
        /// Versions that a function keeps where its settings do not say; 0 for all.
        keep_versions: u32, "WEFT_KEEP_VERSIONS" = "0";
    }
}

section! {
    /// Connections that functions opened and that wait for the next request.
    pub(crate) struct Outbound, OutboundLayer, "outbound" {
        /// How long an idle connection is kept, an hour at most; shorter where the server says so, and `0s` keeps none.
        outbound_idle: Span, "WEFT_OUTBOUND_IDLE" = "\"4s\"";
        /// Idle connections that one thread keeps for a version to one scheme, host and port; at least 1.
        outbound_kept_per_host: usize, "WEFT_OUTBOUND_KEPT_PER_HOST" = "64";
        /// Idle connections kept over all versions; further ones are closed.
        outbound_kept: usize, "WEFT_OUTBOUND_KEPT" = "256";
    }
}

section! {
    /// Bounds on the lines that functions write.
    pub(crate) struct Logs, LogsLayer, "logs" {
        /// Longest line; what is longer is cut.
        log_line: Size, "WEFT_LOG_LINE" = "\"8KiB\"";
        /// Lines kept per function, and per run.
        log_lines: usize, "WEFT_LOG_LINES" = "10000";
        /// Bytes kept per function, and per run.
        log_size: Size, "WEFT_LOG_SIZE" = "\"4MiB\"";
        /// Lines one invocation may write.
        log_call_lines: u32, "WEFT_LOG_CALL_LINES" = "1000";
        /// Bytes kept over all functions; where they are full, whoever writes keeps only the newest lines.
        log_total: Size, "WEFT_LOG_TOTAL" = "\"256MiB\"";
        /// Bytes kept over all runs; where they are full, those go that wrote nothing for the longest time.
        log_runs: Size, "WEFT_LOG_RUNS" = "\"64MiB\"";
    }
}

section! {
    /// Bounds on runs of workflows, and how long they are kept.
    pub(crate) struct Runs, RunsLayer, "runs" {
        /// Runs that execute at once; others wait. Those that only sleep or wait for an event do not count.
        runs_at_once: u32, "WEFT_RUNS_AT_ONCE" = "10000";
        /// Runs that wait to be admitted; further ones are refused.
        runs_waiting: u32, "WEFT_RUNS_WAITING" = "10000";
        /// Open runs in all, nested ones and those that sleep included; further ones are refused.
        runs_open: usize, "WEFT_RUNS_OPEN" = "200000";
        /// Calls of functions by runs at once; others wait.
        run_calls: u32, "WEFT_RUN_CALLS" = "4096";
        /// How many of those one run has, with those nested in it.
        run_parallelism: usize, "WEFT_RUN_PARALLELISM" = "256";
        /// How deep runs nest.
        run_depth: u32, "WEFT_RUN_DEPTH" = "16";
        /// Functions made ready while a node executes that its end may lead to; those that no `when` may skip come first.
        run_warm_ahead: usize, "WEFT_RUN_WARM_AHEAD" = "8";
        /// Processes and containers at most, over all runs, that are started ahead of a call in this way and were not called yet.
        run_warm_instances: usize, "WEFT_RUN_WARM_INSTANCES" = "16";
        /// Values larger than this are kept as blobs.
        run_inline: Size, "WEFT_RUN_INLINE" = "\"16KiB\"";
        /// Largest value of a run.
        run_value: Size, "WEFT_RUN_VALUE" = "\"256MiB\"";
        /// How many elements the lists of such a value may have altogether.
        run_elements: usize, "WEFT_RUN_ELEMENTS" = "4000000";
        /// Values kept as blobs that are in memory as well, over all runs.
        run_resident: Size, "WEFT_RUN_RESIDENT" = "\"256MiB\"";
        /// Results kept for nodes with `cache`, over all runs.
        run_cache: Size, "WEFT_RUN_CACHE" = "\"64MiB\"";
        /// What a run gathers before it hands it to the journal; it does so earlier whenever it waits.
        run_outbox: Size, "WEFT_RUN_OUTBOX" = "\"64KiB\"";
        /// What is kept of the events of an express run.
        run_express: Size, "WEFT_RUN_EXPRESS" = "\"1MiB\"";
        /// Requests to one run (cancel, pause, complete) that wait; further ones are refused.
        run_orders: usize, "WEFT_RUN_ORDERS" = "64";
        /// Labels of a run.
        run_labels: usize, "WEFT_RUN_LABELS" = "64";
        /// Idempotency keys that are remembered; further ones are refused.
        run_keys: usize, "WEFT_RUN_KEYS" = "1000000";
        /// How long an idempotency key is remembered.
        run_key_lifetime: Span, "WEFT_RUN_KEY_LIFETIME" = "\"24h\"";
        /// Outcomes of express runs kept with their keys; what has no room is looked up in the records.
        run_key_outcomes: Size, "WEFT_RUN_KEY_OUTCOMES" = "\"16MiB\"";
        /// How long a closed run is kept; `0s` for whatever its age.
        runs_keep_for: Span, "WEFT_RUNS_KEEP_FOR" = "\"720h\"";
        /// Closed runs that are kept; where there are more, the oldest go. 0 for any number.
        runs_keep: u64, "WEFT_RUNS_KEEP" = "10000000";
        /// What closed runs may take on the disk before the oldest go; 0 for any size.
        runs_keep_size: Size, "WEFT_RUNS_KEEP_SIZE" = "\"32GiB\"";
        /// How often it is looked whether closed runs are to go.
        runs_sweep_every: Span, "WEFT_RUNS_SWEEP_EVERY" = "\"60s\"";
    }
}

section! {
    /// Values by address, and how long they are kept.
    pub(crate) struct Blobs, BlobsLayer, "blobs" {
        /// Largest blob.
        blob_size: Size, "WEFT_BLOB_SIZE" = "\"4GiB\"";
        /// How long a project sees a blob that nothing refers to, since it was last stored or asked for.
        blob_keep_for: Span, "WEFT_BLOB_KEEP_FOR" = "\"24h\"";
        /// How often such blobs are removed, and at least twice within `blob-keep-for`; `0s` for never.
        blob_collect_every: Span, "WEFT_BLOB_COLLECT_EVERY" = "\"6h\"";
        /// Blobs received at once; further ones are refused.
        blob_uploads: usize, "WEFT_BLOB_UPLOADS" = "64";
        /// Blobs sent at once; further ones are refused.
        blob_downloads: usize, "WEFT_BLOB_DOWNLOADS" = "256";
        /// Blobs stored or looked up at once by runs and calls, each on a thread; others wait.
        blob_jobs: usize, "WEFT_BLOB_JOBS" = "16";
        /// Blobs mapped into memory at once; others are read.
        blob_maps: usize, "WEFT_BLOB_MAPS" = "4096";
        /// Facts remembered of blobs, about 100 bytes each; what is forgotten is looked up again.
        blob_facts: usize, "WEFT_BLOB_FACTS" = "262144";
    }
}

section! {
    /// Who is told of the end of runs.
    pub(crate) struct Webhooks, WebhooksLayer, "webhooks" {
        /// Hosts that webhooks may go to, such as `hooks.example.com`, `*.example.com`, `localhost:9000`; a list.
        webhook_hosts: Vec<String>, "WEFT_WEBHOOK_HOSTS" = "[]", #[arg(value_delimiter = ',')];
        /// Whether those hosts may be this machine or its neighbours.
        webhook_private_network: bool, "WEFT_WEBHOOK_PRIVATE_NETWORK" = "false", #[arg(action = clap::ArgAction::Set)];
        /// Deliveries that are to be made; further ones are refused.
        webhooks_pending: usize, "WEFT_WEBHOOKS_PENDING" = "100000";
        /// Deliveries at once; others wait.
        webhooks_at_once: usize, "WEFT_WEBHOOKS_AT_ONCE" = "64";
        /// How long an attempt may take.
        webhook_timeout: Span, "WEFT_WEBHOOK_TIMEOUT" = "\"10s\"";
        /// Attempts in all.
        webhook_attempts: u32, "WEFT_WEBHOOK_ATTEMPTS" = "16";
        /// Time before the second attempt, doubled for each further one.
        webhook_backoff: Span, "WEFT_WEBHOOK_BACKOFF" = "\"1s\"";
        /// The longest such time.
        webhook_max_backoff: Span, "WEFT_WEBHOOK_MAX_BACKOFF" = "\"1h\"";
        /// How long it is kept what became of a delivery.
        webhooks_kept: Span, "WEFT_WEBHOOKS_KEPT" = "\"720h\"";
    }
}

section! {
    /// What the server says about itself.
    pub(crate) struct Telemetry, TelemetryLayer, "telemetry" {
        /// How log lines are written: `text` or `json`.
        log_format: LogFormat, "WEFT_LOG_FORMAT" = "\"text\"";
        /// What is logged, as `tracing` directives such as `info,weft_api=debug`.
        log: String, "WEFT_LOG" = "\"info\"";
        /// Whether every request is logged.
        access_log: bool, "WEFT_ACCESS_LOG" = "true", #[arg(action = clap::ArgAction::Set)];
        /// Lines that may wait to be written; further ones are dropped and counted.
        log_queue: usize, "WEFT_LOG_QUEUE" = "65536";
        /// Functions with metrics of their own; further ones share one series.
        metric_series: usize, "WEFT_METRIC_SERIES" = "10000";
        /// Where traces are sent by OTLP over HTTP, such as `http://127.0.0.1:4318`; nowhere where empty.
        otlp_endpoint: String, "OTEL_EXPORTER_OTLP_ENDPOINT" = "\"\"";
    }
}

/// Everything that `weft serve` takes, as flags or tables of the file.
#[derive(Clone, Debug, Default, clap::Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ServeLayers {
    #[command(flatten, next_help_heading = "Listening and data")]
    pub(crate) serve: ServeLayer,
    #[command(flatten, next_help_heading = "Access")]
    pub(crate) access: AccessLayer,
    #[command(flatten, next_help_heading = "Uploads")]
    pub(crate) compile: CompileLayer,
    #[command(flatten, next_help_heading = "Limits of calls")]
    pub(crate) limits: LimitsLayer,
    #[command(flatten, next_help_heading = "Quotas of projects")]
    pub(crate) quotas: QuotasLayer,
    #[command(flatten, next_help_heading = "Outbound HTTP")]
    pub(crate) outbound: OutboundLayer,
    #[command(flatten, next_help_heading = "Lines written by functions")]
    pub(crate) logs: LogsLayer,
    #[command(flatten, next_help_heading = "Webhooks")]
    pub(crate) webhooks: WebhooksLayer,
    #[command(flatten, next_help_heading = "Runs of workflows")]
    pub(crate) runs: RunsLayer,
    #[command(flatten, next_help_heading = "Blobs")]
    pub(crate) blobs: BlobsLayer,
    #[command(flatten, next_help_heading = "Telemetry")]
    pub(crate) telemetry: TelemetryLayer,
}

impl ServeLayers {
    /// Takes from the file what is not given here.
    #[must_use]
    pub(crate) fn over(self, file: super::File) -> Self {
        Self {
            serve: self.serve.over(file.serve),
            access: self.access.over(file.access),
            compile: self.compile.over(file.compile),
            limits: self.limits.over(file.limits),
            quotas: self.quotas.over(file.quotas),
            outbound: self.outbound.over(file.outbound),
            logs: self.logs.over(file.logs),
            webhooks: self.webhooks.over(file.webhooks),
            runs: self.runs.over(file.runs),
            blobs: self.blobs.over(file.blobs),
            telemetry: self.telemetry.over(file.telemetry),
        }
    }
}

impl Serve {
    /// Where data is kept: as configured, else in the user's directory for data.
    pub(crate) fn data_directory(&self) -> Result<PathBuf, Failure> {
        if !self.data.as_os_str().is_empty() {
            return Ok(self.data.clone());
        }
        super::file::data_home()
            .map(|home| home.join("weft"))
            .ok_or_else(|| {
                Failure::usage("there is no home directory to keep data in").hint("name one with --data")
            })
    }
}
