//! The kinds of problems: the one place that knows their names, statuses and explanations.

/// What the table says about a kind.
#[derive(Debug)]
pub struct Entry {
    /// Its stable name, the last part of its `type`.
    pub slug: &'static str,
    /// The HTTP status it is answered with.
    pub status: u16,
    /// One line for people.
    pub title: &'static str,
    /// What it means, what its members say and what to do about it.
    pub explanation: &'static str,
}

impl Entry {
    /// Its `type`, relative to the API, where a page explains it.
    pub fn uri(&self) -> String {
        format!("/problems/{}", self.slug)
    }
}

macro_rules! problems {
    ($($kind:ident $slug:literal $status:literal $title:literal $explanation:literal)*) => {
        /// A kind of problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind {
            $(#[doc = $title] $kind,)*
        }

        impl Kind {
            /// Every kind, in the order of the documentation.
            pub const ALL: &[Kind] = &[$(Kind::$kind,)*];

            /// What the table says about it.
            pub fn entry(self) -> &'static Entry {
                match self {
                    $(Kind::$kind => const {
                        &Entry { slug: $slug, status: $status, title: $title, explanation: $explanation }
                    },)*
                }
            }
        }
    };
}

impl Kind {
    /// The kind with this name.
    pub fn from_slug(slug: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.entry().slug == slug)
    }
}

problems! {
    NotFound "not-found" 404 "There is nothing at this address"
        "The path is not one of the API's. `/openapi.json` and `/docs` list them all."
    MethodNotAllowed "method-not-allowed" 405 "The address does not know this method"
        "The path exists, but not with this method. The header `Allow` lists those it has."
    NotFoundProject "not-found-project" 404 "No such project"
        "No project has this name. `GET /v1/projects` lists them; `PUT /v1/projects/{project}` creates one."
    ProjectGone "project-gone" 409 "The project was deleted"
        "There was a project of this name, and its runs and blobs may still be kept, so the name is not given again. Choose another."
    ProjectInUse "project-in-use" 409 "The project cannot be deleted"
        "Only a project without functions can be deleted, and `default` never; the detail says which it is."
    NotFoundFunction "not-found-function" 404 "No such function"
        "The project has no function of this name. `GET /v1/projects/{project}/functions` lists them."
    NotFoundVersion "not-found-version" 404 "No such version"
        "The function has no version of this number. `GET …/functions/{function}/versions` lists them."
    NotFoundExport "not-found-export" 404 "No such export"
        "The version has no export of this name. The member `exports` lists those it has."
    AmbiguousExport "ambiguous-export" 400 "More than one export is meant"
        "The version has several exports that fit; name one with `?export=`, in full (`interface#name`) where its short name is shared. The member `exports` lists them."
    NotCallable "not-callable" 400 "It cannot be called this way"
        "The export has a type that is not a value (the detail names where), or the function is of a kind that is called otherwise: functions that answer HTTP requests are served at `/{project}/{function}/…` on the listener for functions, all others by `POST …/invoke`."
    NoActiveVersion "no-active-version" 409 "No version is active"
        "The function has versions, but none was activated yet, so a call must name one with `?version=`. `POST …/versions/{version}/activate` activates one; where that is refused, `GET …/functions/{function}` says what is missing."
    Unauthorized "unauthorized" 401 "A token is needed"
        "No token was sent, or one that is not taken: the detail says whether it is unknown, expired, revoked, or its holder is no member any longer. Send `Authorization: Bearer weft_…`; `weft token create` makes one."
    Forbidden "forbidden" 403 "The token may not do this"
        "The token is taken, but its role does not allow this; the detail says what is needed, the member `role` what it has."
    RateLimited "rate-limited" 429 "Too many requests"
        "The token, its project, or all those together who have no token send requests faster than they may; the detail says which. Try again after the seconds in `Retry-After`."
    NotFoundToken "not-found-token" 404 "No such token"
        "No token has this id. `GET /v1/tokens`, or `…/tokens` of a project, lists them."
    NotFoundMember "not-found-member" 404 "No such member"
        "They are no member of the project. `GET /v1/projects/{project}/members` lists its members; `PUT …/members/{user}` makes one."
    NotFoundSecret "not-found-secret" 404 "No such secret"
        "The project has no secret of this name. `GET /v1/projects/{project}/secrets` lists the names there are."
    TooManySecrets "too-many-secrets" 409 "There are too many secrets"
        "The project has as many secrets as it may. Delete some first."
    QuotaExceeded "quota-exceeded" 403 "The project's quota is used up"
        "The member `quota` names what the project has no more of (`functions`, `versions` or `storage-bytes`), `limit` how much it may have, `used` how much it has, `more` what would come on top. The detail says what makes room. `GET …/quotas` shows all of them; the platform sets them with `PUT`."
    QuotaBusy "quota-busy" 429 "The project does too much at once"
        "The member `quota` names what the project has no more of (`open-runs` or `concurrent-calls`), `limit` how much it may have, `used` how much it has. Try again after the seconds in `Retry-After`. `GET …/quotas` shows all of them; the platform sets them with `PUT`."
    AdminFirst "admin-first" 409 "The first token must be the platform's"
        "From the first token on everybody needs one, and only one of the platform can make more: create it with `POST /v1/tokens`."
    LastOwner "last-owner" 409 "A project keeps an owner"
        "They are the project's only owner. Make another member its owner first."
    TooManyTokens "too-many-tokens" 409 "There are too many tokens"
        "As many tokens are in force as may be. Revoke some first."
    TooManyMembers "too-many-members" 409 "There are too many members"
        "The project has as many members as it may. Remove some first."
    InvalidName "invalid-name" 400 "Not a name"
        "Names of projects and functions have 1 to 63 lower-case letters, digits and hyphens, start with a letter and do not end with a hyphen."
    InvalidQuery "invalid-query" 400 "The query is not valid"
        "A parameter of the query is unknown, given twice or out of range; the detail names it."
    InvalidHeader "invalid-header" 400 "A header is not valid"
        "A request header that Weft reads has a value it cannot have, or is not for what the request asks for; the detail names it."
    InvalidJson "invalid-json" 400 "The body is not JSON"
        "The body is not well-formed JSON in UTF-8, or an object in it has a key twice. The detail says where."
    InvalidArguments "invalid-arguments" 400 "The arguments do not fit the parameters"
        "The member `pointer` is a JSON pointer (RFC 6901) to the place in the body; the detail says what was found there and what would be right. `GET …/functions/{function}/schema` describes the parameters."
    ArgumentsTooLarge "arguments-too-large" 413 "The arguments are too large"
        "The body, a nesting in it or its number of elements exceeds the limit (`input-bytes` of the version's limits for the bytes)."
    UnsupportedMediaType "unsupported-media-type" 415 "The body's type is not one of those accepted"
        "The header `Content-Type` is missing or names a type that this address does not take; the detail lists those it does."
    NotAcceptable "not-acceptable" 406 "The answer cannot have the type asked for"
        "The header `Accept` names no type that the answer can have. Calls answer `application/json`, and `application/octet-stream` where the result is a `list<u8>`."
    RequestTimeout "request-timeout" 408 "The body came too slowly"
        "No part of the request's body arrived for longer than the server waits."
    InvalidSettings "invalid-settings" 400 "The settings are not valid"
        "A setting is unknown, has the wrong type or exceeds the platform's maximum; the detail names it and what would be right."
    UnknownProfile "unknown-profile" 400 "No such pool profile"
        "The settings name a profile that is not among the server's pool profiles; the detail lists those."
    LevelUnavailable "level-unavailable" 409 "The isolation level is not available"
        "The profile asks for an isolation level that this host cannot give; the detail says why. Weft never falls back to a weaker one."
    NotFoundProfile "not-found-profile" 404 "There is no such pool profile"
        "The server has no pool profile of this name. `GET /v1/profiles` lists them; the member `profiles` has their names."
    InvalidProfile "invalid-profile" 400 "The text is not a pool profile"
        "A member is unknown, has the wrong type or is out of its bounds; the members `line` and `column` say where. Nothing has changed."
    ProfileInUse "profile-in-use" 409 "The pool profile is in use"
        "The member `by` names active versions that could not execute any longer. Activate versions of those functions that use another profile, or delete the functions. Nothing has changed."
    ProfileBuiltIn "profile-built-in" 409 "The pool profile came with the server"
        "It cannot be deleted. `PUT` puts another text in its place; deleting that brings this one back."
    TooManyProfiles "too-many-profiles" 409 "There are too many pool profiles"
        "As many pool profiles are kept as may be. Delete some first."
    ProfilesFixed "profiles-fixed" 409 "Pool profiles cannot be changed here"
        "This server keeps its pool profiles as they are."
    UnmetNeeds "unmet-needs" 409 "No pool profile has what is needed"
        "The detail says what each profile lacks, and which labels there are. Ask for less, or add a profile by `PUT /v1/profiles/{profile}`."
    PoolUnchanged "pool-unchanged" 503 "The pool could not be replaced"
        "A new pool could not serve, so the old one serves on; the detail says why. Try again after the seconds in `Retry-After`."
    NoRollout "no-rollout" 404 "No rollout is under way"
        "Either none was begun, or it has ended: `GET …/functions/{function}/moves` tells how. `POST …/versions/{version}/activate` with a `rollout` begins one."
    RolloutUnderWay "rollout-under-way" 409 "Another rollout is under way"
        "The member `version` is the version that takes over. End that rollout first, by `POST …/rollout/promote` or `POST …/rollout/cancel`; activating a version without a `rollout` ends it, too."
    CannotRollOut "cannot-roll-out" 409 "The version cannot take over step by step"
        "Half of the calls would be answered by a version that cannot answer them, or both would be one version. The detail says why; without a `rollout` the version is activated all at once."
    InvalidCode "invalid-code" 400 "The upload is not code that can run here"
        "Accepted are WebAssembly components (WASI 0.2) with typed exports or `wasi:http/incoming-handler`, and core WASI command modules. The detail says what was found and what would work."
    UploadTooLarge "upload-too-large" 413 "The upload is too large"
        "The member `limit` is the largest upload the server takes, in bytes."
    UploadIncomplete "upload-incomplete" 400 "The upload broke off"
        "The body ended before its announced end, or its parts are not well-formed. Nothing was stored."
    CompileTimeout "compile-timeout" 400 "The code takes too long to compile"
        "Compiling was stopped at the limit. Nothing was stored."
    CompilersBusy "compilers-busy" 503 "Too many uploads wait to be compiled"
        "As many uploads wait for a compiler as may. Nothing was stored. Try again after the seconds in `Retry-After`."
    CompileFailed "compile-failed" 500 "The code could not be compiled"
        "The compiler's process ran out of memory or ended unexpectedly. Nothing was stored."
    StorageFull "storage-full" 507 "The server's disk is full"
        "Nothing was stored."
    RunsPaused "runs-paused" 503 "Runs are paused: the disk is full, or their database does not answer"
        "Runs hold where they are, nothing that was acknowledged is lost, and no new one is taken. They go on by themselves once what the detail names has passed. Try again after the seconds in `Retry-After`."
    RecordsBehind "records-behind" 503 "The records of runs are behind"
        "What is committed is not in the records yet, so that what became of the run cannot be told. Nothing is lost. Try again after the seconds in `Retry-After`."
    StorageFailed "storage-failed" 500 "The server's storage failed"
        "The server could not read or write its data; nothing was acknowledged that is not stored."
    BackupUnderWay "backup-under-way" 409 "Another backup is under way"
        "There is one backup at a time. Try again once it has ended; closing its connection ends it."
    RunsElsewhere "runs-elsewhere" 409 "The runs are not with the server"
        "The server keeps its runs in PostgreSQL, so an archive of what it keeps itself would lack them, and none is made. `docs/operations.md` tells how both are backed up."
    MissingGrant "missing-grant" 409 "A capability was not granted"
        "The version imports capabilities that it was not granted, so it cannot be activated. The member `missing` lists them; grant them with `PATCH …/functions/{function}` (`{\"grants\": …}`)."
    StillReferenced "still-referenced" 409 "It is still in use"
        "Other functions are granted calls to this one; the detail names them. Take back those grants first."
    VersionInUse "version-in-use" 409 "The version is needed"
        "The member `because` says what for: it is `active`, about to take over (`rollout`), the `only` version, `pinned` by the versions of workflows in the member `by`, or has `open-runs`. The detail says what to do first."
    OpenRuns "open-runs" 409 "Open runs need it"
        "Runs are open that execute a version of this function or may come to call one; the member `by` names their workflows. Wait for them, or cancel them: `GET …/runs?workflow=…&status=waiting,running,paused` lists them."
    Conflict "conflict" 409 "Somebody else changed it meanwhile"
        "Two requests changed the same thing at once and this one lost. Look at the state and try again."
    InvalidDefinition "invalid-definition" 400 "The definition is not valid"
        "The member `problems` has everything that is wrong with the workflow's definition, each with its line, column, path and a stable code; nothing was stored."
    Unplannable "unplannable" 409 "The workflow cannot run any longer"
        "The stored definition no longer fits what it calls. Save it anew, or `POST …/repin`."
    NotFoundRun "not-found-run" 404 "No such run"
        "The project has no run of this id, or its record was removed. `GET /v1/projects/{project}/runs` lists runs."
    NotFoundNode "not-found-node" 404 "No such node"
        "The run's workflow has no node of this name. `GET …/runs/{run}` lists them."
    NotFoundPool "not-found-pool" 404 "No such pool"
        "The server has no pool of this id: it has ended, or the server was started anew. `GET /v1/pools` lists those there are."
    NotFoundBlob "not-found-blob" 404 "No such blob"
        "The project has no blob of this digest. `POST /v1/projects/{project}/blobs` stores one."
    BlobTooLarge "blob-too-large" 413 "The blob is too large"
        "The member `limit` is the largest blob the server takes, in bytes. Nothing was stored."
    BlobDamaged "blob-damaged" 500 "The blob is damaged"
        "The stored bytes are not those that were put, so they are not answered. Putting them again mends the blob."
    TooManyTransfers "too-many-transfers" 503 "Too many blobs are on their way"
        "As many blobs are being received or sent as may be at once. Try again after the seconds in `Retry-After`."
    RangeNotSatisfiable "range-not-satisfiable" 416 "The range lies beyond the end"
        "The header `Range` asks for bytes that the blob does not have. The header `Content-Range` and the member `length` say how many it has."
    RunOver "run-over" 409 "The run is over"
        "The run has ended, or is being ended, and nothing more can be asked of it. The member `run-status` says how it ended."
    RunOpen "run-open" 409 "The run has not ended"
        "Only a run that has ended can be deleted or run again. Wait for it (`?wait=`), or cancel it."
    RunState "run-state" 409 "The run stands otherwise"
        "The run is paused already, or is not paused, or its node awaits nothing (any longer); the detail says how it stands. `GET …/runs/{run}` shows it."
    RunFailed "run-failed" 500 "The run failed"
        "A node of the workflow failed for good, and nothing caught it. The members `node`, `item` and `code` say which and how; `run` names the run, whose record has more."
    RunCancelled "run-cancelled" 409 "The run was cancelled"
        "Somebody cancelled the run before it ended. The member `run` names it."
    RunTimedOut "run-timed-out" 504 "The run took too long"
        "The run did not end within its timeout and was stopped. The member `run` names it."
    InvalidRequest "invalid-request" 400 "The request is not valid"
        "A member of the request is out of its bounds; the detail names it and says what would be right."
    KeyReused "key-reused" 422 "The idempotency key stands for another request"
        "The header `Idempotency-Key` was used before, with other arguments or options: a new one is needed for each request that is no repetition."
    KeyInFlight "key-in-flight" 409 "The request with this key is under way"
        "The first request with this `Idempotency-Key` has not ended yet. The member `run` names its run, once that is accepted: `GET …/runs/{run}?wait=30s` waits for it."
    KeyOutlived "key-outlived" 410 "The run that the key stands for was removed"
        "The request with this `Idempotency-Key` was executed, and the run that did has been deleted since: what it answered is not known any longer. It is not executed again; choose a new key to have it executed. The member `run` names the run."
    OtherKind "other-kind" 409 "The function is of another kind"
        "A component was uploaded where a workflow is, or the other way round: those who call a function rely on what it is. Save under another name, or delete the function first."
    FunctionError "function-error" 422 "The function answered an error"
        "The function ran and answered the error of its `result` type: the member `error` holds its value. Of a workflow it may be that of a function in it, which nothing caught: then `node` and `run` say where."
    FunctionTrapped "function-trapped" 500 "The function trapped"
        "The function's code crashed: the detail says how, the member `frames` where, and its log may tell more."
    FunctionExited "function-exited" 500 "The function exited"
        "The function ended itself with an exit code other than 0, which the member `code` holds."
    CallTimeout "call-timeout" 504 "The call took too long"
        "The call did not end within its timeout, waiting included; the function was stopped. The limit is the version's `timeout-ms`, or `?timeout=` where shorter."
    CpuLimit "cpu-limit" 504 "The function executed too long"
        "The function executed longer than the version's `cpu-time-ms` and was stopped."
    MemoryLimit "memory-limit" 500 "The function wanted too much memory"
        "The function wanted more than the version's `memory-bytes` and was stopped."
    SandboxMemory "sandbox-memory" 503 "Functions use all memory there is for them"
        "All functions that execute in sandboxes together have as much memory as the server gives them (`--sandbox-memory`), so this one was stopped when it wanted more; its own limit was not reached. The member `limit` is what they may have together, in bytes. Of a function with effects some may have happened. Try again after the seconds in `Retry-After`."
    StackOverflow "stack-overflow" 500 "The function's stack overflowed"
        "The function's calls nested too deeply and it was stopped."
    ResultTooLarge "result-too-large" 500 "The result is too large"
        "The result is larger than the version's `output-bytes`."
    InvalidResult "invalid-result" 500 "The result is not a value of its type"
        "What the function answered breaks the rules of its own type; the function's code is at fault."
    NoResponse "no-response" 502 "The function did not respond"
        "The function ended without answering the HTTP request."
    CallLimit "call-limit" 500 "Too many calls between functions"
        "Functions that call functions went too deep, or made too many calls in one tree."
    StartFailed "start-failed" 503 "The function's process did not start"
        "No process could be started to execute the call, and nothing of it was executed; the detail says why, and `loss` by one word. Where processes crash again and again, the next start waits. Try again after the seconds in `Retry-After`."
    ProcessLost "process-lost" 502 "The function's process was lost"
        "The process that executed the call ran out of memory, crashed, did not answer or misbehaved; `loss` says which: `memory`, `crash`, `hang`, `protocol` or `start`. The call has no effects, so it was made again before this was answered, as long as it had time."
    OutcomeUnknown "outcome-unknown" 502 "Whether the call had its effects is not known"
        "The process that executed the call was lost under it; the detail says how, and `loss` by one word: `memory`, `crash`, `hang` or `protocol`. The function has effects, so the call was not made again, and they may have happened or not."
    Overloaded "overloaded" 503 "Too many calls wait already"
        "The function's queue is full. Try again after the seconds in `Retry-After`."
    QueueTimeout "queue-timeout" 503 "The call waited too long"
        "No instance became free within the queue's time. Try again after the seconds in `Retry-After`."
    Draining "draining" 503 "The server is shutting down"
        "Calls under way are finished; new ones are not taken. Try again after the seconds in `Retry-After`."
    Cancelled "cancelled" 499 "The call was cancelled"
        "Nobody waited for the answer any longer."
    HostNotAllowed "host-not-allowed" 421 "The host is not one of this server's"
        "The header `Host` names a host that is not on the server's list (`--allow-host`). This keeps web pages from reaching the server under a name of their own."
    OriginNotAllowed "origin-not-allowed" 403 "Requests from other web pages are refused"
        "The request was made by a page of another origin (headers `Origin`, `Sec-Fetch-Site`)."
    WebhookNotAllowed "webhook-not-allowed" 403 "The webhook may not go there"
        "Webhooks go to the hosts that the server's configuration lists (`webhook-hosts`), and to this machine or its neighbours only where that is allowed too (`webhook-private-network`). The run was not started."
    HeaderTooLarge "header-too-large" 431 "The request's header is too large"
        "The request line and header fields exceed the server's limit; the detail says by what."
    PlatformFault "platform-fault" 500 "The platform failed"
        "The fault is Weft's, not the caller's or the function's. The server's log has more under the trace id of the response's `traceparent`."
}
